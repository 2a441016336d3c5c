import fs from 'node:fs';
import path from 'node:path';
import { logIndex, ManualClock, QuorateError } from '@quorate/core';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { diskError } from '../src/host/disk-error.ts';
import { folderDisk, openJournal } from '../src/index.ts';
import { CrashDisk } from './crash-disk.ts';
import { group, open, range, temporaryFolder } from './small-journal.ts';

afterEach(() => vi.restoreAllMocks());

test('files of others are left alone, whatever they are called', async () => {
  const folder = temporaryFolder();
  const foreign = ['my notes.tmp', '.x.tmp', 'theirs.tmp', 'segment-1.log', 'segment-00000001.log.tmp.tmp'];
  const own = ['segment-00000007.log.tmp', 'snapshot-00000001-00000002.snap.tmp', 'spare.tmp'];
  for (const name of [...foreign, ...own]) fs.writeFileSync(path.join(folder, name), 'x');
  const journal = await open(folderDisk(folder));
  await journal.write({ group, entries: range(1, 1) });
  await journal[Symbol.asyncDispose]();
  const found = fs.readdirSync(folder);
  expect(found).toEqual(expect.arrayContaining(foreign));
  for (const name of own) expect(found).not.toContain(name);
});

test('a segment that is a link to a file elsewhere is read', async () => {
  const folder = temporaryFolder();
  const elsewhere = temporaryFolder();
  const journal = await open(folderDisk(folder));
  await journal.write({ group, entries: range(1, 1) });
  await journal[Symbol.asyncDispose]();
  const name = 'segment-00000001.log';
  fs.renameSync(path.join(folder, name), path.join(elsewhere, name));
  fs.symlinkSync(path.join(elsewhere, name), path.join(folder, name));
  const next = await open(folderDisk(folder));
  expect(next.recover(group).last).toBe(1);
  await next[Symbol.asyncDispose]();
  fs.unlinkSync(path.join(elsewhere, name));
  // Where the file is gone, it is no new journal either.
  await expect(open(folderDisk(folder))).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('an owner that cannot be written down does not keep the folder shut, now or later', async () => {
  const folder = temporaryFolder();
  fs.mkdirSync(path.join(folder, 'owner.lock'));
  const journal = await open(folderDisk(folder));
  await expect(open(folderDisk(folder))).rejects.toMatchObject({
    code: 'ALREADY_OPEN',
    message: expect.stringContaining('another process or thread'),
  });
  await journal[Symbol.asyncDispose]();
  await (await open(folderDisk(folder)))[Symbol.asyncDispose]();
});

describe.each(['blocking', 'pool'] as const)(
  'a platform that writes and reads less than it was asked, mode %s',
  mode => {
    test('is asked again', async () => {
      const { write, writev, writeSync, writevSync, read, readSync } = fs;
      const most = 1000;
      let short = 0;
      const some = (length: number): number => {
        if (length > most) short++;
        return Math.min(length, most);
      };
      const onlyFirst = (chunks: readonly NodeJS.ArrayBufferView[]): Uint8Array => {
        const first = chunks.find(({ byteLength }) => byteLength > 0) as Uint8Array;
        return first.subarray(0, some(first.length));
      };
      type Call = (...args: never[]) => unknown;
      const mock = (
        name: 'write' | 'writev' | 'writeSync' | 'writevSync' | 'read' | 'readSync',
        call: Call,
      ): void => {
        vi.spyOn(fs, name).mockImplementation(call as never);
      };
      mock(
        'write',
        (fd: number, bytes: Uint8Array, at: number, length: number, offset: number, done: never) =>
          write(fd, bytes, at, some(length), offset, done),
      );
      mock('writev', (fd: number, chunks: Uint8Array[], offset: number, done: never) =>
        writev(fd, [onlyFirst(chunks)], offset, done),
      );
      mock('writeSync', (fd: number, bytes: Uint8Array, at: number, length: number, offset: number) =>
        typeof bytes === 'string' ? writeSync(fd, bytes) : writeSync(fd, bytes, at, some(length), offset),
      );
      mock('writevSync', (fd: number, chunks: Uint8Array[], offset: number) =>
        writevSync(fd, [onlyFirst(chunks)], offset),
      );
      mock('read', (fd: number, into: Uint8Array, at: number, length: number, offset: number, done: never) =>
        read(fd, into, at, some(length), offset, done),
      );
      mock('readSync', (fd: number, into: Uint8Array, at: number, length: number, offset: number) =>
        readSync(fd, into, at, some(length), offset),
      );
      const folder = temporaryFolder();
      const options = { disk: folderDisk(folder, { mode }), segmentBytes: 1 << 20, cacheBytes: 0 };
      const journal = await openJournal(options);
      for (let at = 1; at <= 60; at += 20) await journal.write({ group, entries: range(at, at + 19, 700) });
      await journal.write({ group, entries: [...range(61, 61, 60_000), ...range(62, 62, 5000)] });
      await journal[Symbol.asyncDispose]();
      expect(short).toBeGreaterThan(50);
      const next = await openJournal(options);
      const expected = [...range(1, 60, 700), ...range(61, 61, 60_000), ...range(62, 62, 5000)];
      expect(await next.read(group, logIndex(1), logIndex(63))).toEqual(expected);
      await next[Symbol.asyncDispose]();
    });
  },
);

describe('a process that has no file left to open', () => {
  test('is told so as of something that passes', () => {
    for (const code of ['EMFILE', 'ENFILE']) {
      expect(diskError(Object.assign(new Error(code), { code }), 'it')).toMatchObject({
        code: 'IO_FAILED',
        outcome: 'not-applied',
        retryable: true,
      });
    }
    expect(diskError(Object.assign(new Error('EIO'), { code: 'EIO' }), 'it')).toMatchObject({
      outcome: 'unknown',
      retryable: false,
    });
  });

  test('refuses writes until a segment can be made, and the journal goes on', async () => {
    const disk = new CrashDisk();
    const clock = new ManualClock();
    const journal = await open(disk, { clock });
    const real = disk.open.bind(disk);
    disk.open = async (name, options) => {
      if (options?.create !== true) return real(name, options);
      throw new QuorateError('IO_FAILED', 'Too many files', { outcome: 'not-applied', retryable: true });
    };
    let last = 0;
    const fill = async (): Promise<void> => {
      for (;;) {
        await journal.write({ group, entries: range(last + 1, last + 1, 4000) });
        last++;
      }
    };
    await expect(fill()).rejects.toMatchObject({
      code: 'STORAGE_FULL',
      outcome: 'not-applied',
      cause: { cause: { code: 'IO_FAILED' } },
    });
    expect(await journal.read(group, logIndex(1), logIndex(last + 1))).toHaveLength(last);
    disk.open = real;
    clock.advance(100);
    await journal.write({ group, entries: range(last + 1, last + 1, 4000) });
    expect(journal.recover(group).last).toBe(last + 1);
  });
});

test('a journal that is forgotten without being closed leaves nothing that errs when it is collected', async () => {
  const opened = vi.spyOn(fs.promises, 'open');
  await (await open(folderDisk(temporaryFolder()))).write({ group, entries: range(1, 1) });
  const results = opened.mock.results.map(({ value }) => value as Promise<fs.promises.FileHandle>);
  const handles = await Promise.all(results);
  expect(handles.map(({ fd }) => fd)).toEqual(handles.map(() => -1));
});
