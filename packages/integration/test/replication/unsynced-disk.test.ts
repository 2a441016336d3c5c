import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@quorate/core';
import { folderDisk } from '@quorate/journal';
import { expect, test } from 'vitest';
import { UnsyncedDisk } from './unsynced-disk.ts';

test('what was not synced is read back, and is not on the medium but for some of its sectors', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-unsynced-'));
  const faults = { isFull: false, stalledUntilMs: 0 };
  const disk = new UnsyncedDisk(folderDisk(folder), seededRandom(1), faults);
  const lock = await disk.lock();
  const file = await disk.open('log', { create: true });
  const [length, count] = [2048, 40];
  await file.allocate(length * count);
  for (let at = 0; at < count; at++) await file.write([new Uint8Array(length).fill(at + 1)], at * length);
  const onMedium = (): Set<string> => {
    const bytes = readFileSync(join(folder, 'log'));
    const isThere = (at: number): number =>
      bytes.subarray(at * length, (at + 1) * length).filter(byte => byte === at + 1).length / length;
    return new Set(
      Array.from({ length: count }, (_, at) =>
        isThere(at) === 0 ? 'none' : isThere(at) === 1 ? 'all' : 'some',
      ),
    );
  };
  expect(onMedium()).toContain('none');
  expect(onMedium()).toContain('some');
  const into = new Uint8Array(length);
  expect(await file.read(into, 7 * length + 100)).toBe(length);
  expect([into[0], into[length - 101], into[length - 100]]).toEqual([8, 8, 9]);
  await file.sync();
  expect([...onMedium()]).toEqual(['all']);
  faults.isFull = true;
  await expect(file.allocate(length * count * 2)).rejects.toMatchObject({ code: 'STORAGE_FULL' });
  await file[Symbol.asyncDispose]();
  await lock[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});
