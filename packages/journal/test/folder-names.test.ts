import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { folderDisk } from '../src/index.ts';
import { temporaryFolder } from './small-journal.ts';

afterEach(() => vi.restoreAllMocks());

/** Locks a folder and says which others had their names synced meanwhile. */
async function syncedBy(folder: string): Promise<Set<string>> {
  const synced = new Set<string>();
  const open = fs.promises.open.bind(fs.promises);
  vi.spyOn(fs.promises, 'open').mockImplementation(async (file, ...rest) => {
    const handle = await open(file, ...rest);
    const sync = handle.sync.bind(handle);
    handle.sync = async () => {
      await sync();
      synced.add(String(file));
    };
    return handle;
  });
  const lock = await folderDisk(folder).lock();
  vi.restoreAllMocks();
  await lock[Symbol.asyncDispose]();
  synced.delete(folder);
  return synced;
}

describe('the names that lead to a folder', () => {
  beforeEach(context => context.skip(process.platform === 'win32', 'Windows has no handle of a folder'));

  test('are durable where it is made', async () => {
    const top = temporaryFolder();
    const synced = await syncedBy(path.join(top, 'a', 'b'));
    expect([...synced].sort()).toEqual([top, path.join(top, 'a')]);
  });

  test('are durable where a run made it and ended before they were', async () => {
    const top = temporaryFolder();
    const folder = path.join(top, 'a', 'b');
    fs.mkdirSync(folder, { recursive: true });
    const synced = await syncedBy(folder);
    expect(synced).toContain(top);
    expect(synced).toContain(path.join(top, 'a'));
  });

  test('are not synced again each time', async () => {
    const top = temporaryFolder();
    await syncedBy(path.join(top, 'a'));
    expect([...(await syncedBy(path.join(top, 'a')))]).toEqual([]);
  });
});
