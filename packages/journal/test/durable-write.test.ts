import fs from 'node:fs';
import path from 'node:path';
import { QuorateError } from '@quorate/core';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { folderDisk } from '../src/index.ts';
import { withFiles } from './changed-files.ts';
import { CrashDisk } from './crash-disk.ts';
import { codeOf, entry, group, open, reopen, temporaryFolder, turns } from './small-journal.ts';

const modes = ['blocking', 'pool'] as const;
const linux = process.platform === 'linux';

afterEach(() => vi.restoreAllMocks());

describe('a disk with durable writes', () => {
  test('is called once for a batch', async () => {
    const disk = new CrashDisk({ durably: true });
    const journal = await open(disk);
    const before = disk.calls;
    await Promise.all([1, 2, 3].map(index => journal.write({ group, entries: [entry(index)] })));
    expect(disk.calls - before).toBe(1);
  });

  test.each([true, false])('ends the journal where one fails; done at once: %s', async atOnce => {
    const disk = new CrashDisk({ atOnce, durably: true });
    const journal = await open(disk);
    await journal.write({ group, entries: [entry(1)] });
    disk.failAt = disk.calls + 1;
    const failing = journal.write({ group, entries: [entry(2)] });
    await expect(failing).rejects.toMatchObject({ code: 'JOURNAL_FAILED', outcome: 'unknown' });
    await expect(journal.write({ group, entries: [entry(2)] })).rejects.toMatchObject({
      code: 'JOURNAL_FAILED',
      outcome: 'not-applied',
    });
    expect((await reopen(disk)).recover(group).last).toBe(1);
  });

  test.each([true, false])(
    'is full for a while: what it refused can be written; done at once: %s',
    async atOnce => {
      const base = new CrashDisk({ atOnce, durably: true });
      let isFull = false;
      const disk = withFiles(base, file => ({
        writeDurably: (chunks, offset) => {
          if (!isFull) return file.writeDurably?.(chunks, offset);
          throw new QuorateError('STORAGE_FULL', 'No room', { outcome: 'not-applied', retryable: true });
        },
      }));
      const journal = await open(disk);
      await journal.write({ group, entries: [entry(1)] });
      isFull = true;
      expect(await codeOf(journal.write({ group, entries: [entry(2)] }))).toBe('STORAGE_FULL');
      isFull = false;
      await journal.write({ group, entries: [entry(2)] });
      expect((await reopen(base)).recover(group).last).toBe(2);
    },
  );
});

test('what a killed process left in the page cache is made durable before anything is written behind it', async () => {
  const base = new CrashDisk({ durably: true });
  let isKilled = false;
  const lock = async (): Promise<AsyncDisposable> => ({ [Symbol.asyncDispose]: async () => {} });
  const dying = withFiles(base, file => ({
    writeDurably: (chunks, offset) => {
      if (!isKilled) return file.writeDurably?.(chunks, offset);
      return Promise.resolve(file.write(chunks, offset)).then(() => new Promise(() => {}));
    },
  }));
  const killed = await open({ ...dying, lock });
  await killed.write({ group, entries: [entry(1)] });
  isKilled = true;
  void killed.write({ group, entries: [entry(2)] });
  await turns(20);
  const next = await open({ ...withFiles(base, () => ({})), lock });
  expect(next.recover(group).last).toBe(2);
  await next.write({ group, entries: [entry(3)] });
  expect((await reopen(base)).recover(group).last).toBe(3);
});

/** The flags of all handles that this process has of a file, as Linux knows them. */
function flagsOf(file: string): number[] {
  const flags: number[] = [];
  for (const fd of fs.readdirSync('/proc/self/fd')) {
    try {
      if (fs.readlinkSync(`/proc/self/fd/${fd}`) !== file) continue;
      const [, octal] = /flags:\s*([0-7]+)/.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')) ?? [];
      flags.push(Number.parseInt(octal as string, 8));
    } catch {
      // Closed meanwhile, as the one that lists them.
    }
  }
  return flags;
}

describe.each(modes)('a file of a folder, mode %s', mode => {
  test('is written through a handle that syncs each write, and closes that, too', async context => {
    context.skip(!linux, 'only Linux is known to mean fdatasync by it');
    const folder = fs.realpathSync(temporaryFolder());
    const disk = folderDisk(folder, { mode });
    const file = await disk.open('a', { create: true });
    await file.allocate(4096);
    await file.writeDurably?.([Uint8Array.of(1, 2), Uint8Array.of(3)], 10);
    const synced = flagsOf(path.join(folder, 'a')).filter(flags => (flags & fs.constants.O_DSYNC) !== 0);
    expect(synced).toHaveLength(1);
    const into = new Uint8Array(4);
    expect(await file.read(into, 9)).toBe(4);
    expect([...into]).toEqual([0, 1, 2, 3]);
    expect(file.size).toBe(4096);
    await file[Symbol.asyncDispose]();
    expect(flagsOf(path.join(folder, 'a'))).toEqual([]);
  });

  test('is written itself though another has its name now', async () => {
    const folder = temporaryFolder();
    const disk = folderDisk(folder, { mode });
    await using file = await disk.open('a', { create: true });
    await disk.rename('a', 'b');
    await using other = await disk.open('a', { create: true });
    await file.writeDurably?.([Uint8Array.of(7)], 0);
    expect([...fs.readFileSync(path.join(folder, 'b'))]).toEqual([7]);
    expect(other.size).toBe(0);
    expect(fs.statSync(path.join(folder, 'a')).size).toBe(0);
  });

  test('is written and synced where no more files may be opened', async () => {
    const disk = folderDisk(temporaryFolder(), { mode });
    await using file = await disk.open('a', { create: true });
    vi.spyOn(fs, 'openSync').mockImplementation(() => {
      throw Object.assign(new Error('no more'), { code: 'EMFILE' });
    });
    const sync = mode === 'pool' ? vi.spyOn(fs, 'fdatasync') : vi.spyOn(fs, 'fdatasyncSync');
    await file.writeDurably?.([Uint8Array.of(7)], 0);
    await file.writeDurably?.([Uint8Array.of(8)], 1);
    expect(sync).toHaveBeenCalledTimes(2);
    expect(file.size).toBe(2);
  });

  test.each([true, false])(
    'is closed after a durable write that is under way; in one call: %s',
    async isOne => {
      const disk = folderDisk(temporaryFolder(), { mode });
      const file = await disk.open('a', { create: true });
      const { openSync } = fs;
      vi.spyOn(fs, 'openSync').mockImplementation(((...call: Parameters<typeof openSync>) => {
        if (isOne) return openSync(...call);
        throw Object.assign(new Error('no more'), { code: 'EMFILE' });
      }) as never);
      const writing = Promise.resolve(file.writeDurably?.([Uint8Array.of(7)], 0));
      const closing = file[Symbol.asyncDispose]();
      await expect(writing).resolves.toBeUndefined();
      await closing;
    },
  );

  test.each([
    ['before all of it was written: nothing has happened', 1, 'STORAGE_FULL'],
    ['after all of it was written: it may be there yet', 3, 'IO_FAILED'],
  ])('finds no room %s', async (_when, byteCount, code) => {
    const disk = folderDisk(temporaryFolder(), { mode });
    await using file = await disk.open('a', { create: true });
    await file.allocate(64);
    await file.writeDurably?.([Uint8Array.of(9)], 0);
    const { writeSync } = fs;
    const full = Object.assign(new Error('full'), { code: 'ENOSPC' });
    const fail = (fd: number, bytes: Uint8Array, offset: number): Error => {
      writeSync(fd, bytes, 0, byteCount, offset);
      return full;
    };
    vi.spyOn(fs, 'writeSync').mockImplementation(((fd: number, bytes: Uint8Array, ...at: number[]) => {
      throw fail(fd, bytes, at[2] as number);
    }) as never);
    vi.spyOn(fs, 'write').mockImplementation(((fd: number, bytes: Uint8Array, ...rest: unknown[]) => {
      const done = rest.at(-1) as (error: Error) => void;
      done(fail(fd, bytes, rest[2] as number));
    }) as never);
    const writing = async (): Promise<void> => await file.writeDurably?.([Uint8Array.of(1, 2, 3)], 8);
    await expect(writing()).rejects.toMatchObject({ code });
  });
});

test('a journal in a folder goes on where its files cannot be opened twice', async () => {
  const folder = temporaryFolder();
  const journal = await open(folderDisk(folder));
  const { openSync } = fs;
  vi.spyOn(fs, 'openSync').mockImplementation(((file: string, flags: string | number) => {
    if (typeof flags === 'number') throw Object.assign(new Error('no more'), { code: 'EMFILE' });
    return openSync(file, flags);
  }) as never);
  for (let index = 1; index <= 40; index++) await journal.write({ group, entries: [entry(index, 4000)] });
  await journal[Symbol.asyncDispose]();
  vi.restoreAllMocks();
  await using again = await open(folderDisk(folder));
  expect(again.recover(group).last).toBe(40);
});
