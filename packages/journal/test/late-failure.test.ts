import fs from 'node:fs';
import {
  type Disk,
  type DiskFile,
  errorCode,
  logIndex,
  QuorateError,
  seededRandom,
  term,
} from '@quorate/core';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { folderDisk } from '../src/index.ts';
import { Segments } from '../src/segments.ts';
import { withFiles } from './changed-files.ts';
import { CrashDisk } from './crash-disk.ts';
import { codeOf, entry, group, open, other, save, temporaryFolder, turns } from './small-journal.ts';

/** A disk whose files may fail, and which counts those that are open. */
function watched(
  disk: Disk,
  change: (file: DiskFile) => Partial<DiskFile>,
): { disk: Disk; open: Set<DiskFile> } {
  const opened = new Set<DiskFile>();
  const wrapped = withFiles(disk, file => {
    const changed = change(file);
    opened.add(file);
    return {
      ...changed,
      async [Symbol.asyncDispose]() {
        opened.delete(file);
        await file[Symbol.asyncDispose]();
      },
    };
  });
  return { disk: wrapped, open: opened };
}

afterEach(() => vi.restoreAllMocks());

describe('an opening that fails', () => {
  /** A journal that has to drop its entries for a snapshot when it is opened: the process ended in between. */
  async function unsettled(): Promise<CrashDisk> {
    const disk = new CrashDisk();
    const journal = await open(disk);
    for (let index = 1; index <= 20; index++) await journal.write({ group, entries: [entry(index, 4000)] });
    await journal[Symbol.asyncDispose]();
    const donor = new CrashDisk();
    const other = await open(donor);
    await save(other, 50, 2);
    await other[Symbol.asyncDispose]();
    const name = donor.names.find(file => file.endsWith('.snap')) as string;
    const copy = await disk.open(name, { create: true });
    await copy.write([donor.bytes(name)], 0);
    await copy.sync();
    await disk.syncNames();
    return disk;
  }

  test('at whatever call of a file, leaves no file open and lets the lock go', async () => {
    let failures = 0;
    for (let failAt = 1; ; failAt++) {
      const base = await unsettled();
      let calls = 0;
      const fail = <T>(run: () => T): T => {
        if (++calls === failAt) throw new QuorateError('IO_FAILED', 'The device is gone');
        return run();
      };
      const { disk, open: opened } = watched(base, file => {
        // So that the opening of a file fails at times, too.
        fail(() => undefined);
        return {
          write: (chunks, offset) => fail(() => file.write(chunks, offset)),
          sync: () => fail(() => file.sync()),
          read: async (into, offset) => await fail(() => file.read(into, offset)),
        };
      });
      const journal = await open(disk).catch((error: unknown) => errorCode(error));
      if (typeof journal === 'object') {
        expect(journal.recover(group)).toMatchObject({ first: 51, last: 50 });
        break;
      }
      failures++;
      expect([failAt, [...opened].map(({ name }) => name)]).toEqual([failAt, []]);
      const again = await open(base);
      expect(again.recover(group)).toMatchObject({ first: 51, last: 50 });
    }
    expect(failures).toBeGreaterThanOrEqual(12);
  });
});

describe('a sync that finds no room', () => {
  test.each([true, false])(
    'ends the journal, since it may all be there; a disk that is done at once: %s',
    async atOnce => {
      const base = new CrashDisk({ atOnce });
      let isFull = false;
      const { disk } = watched(base, file => ({
        sync: () => {
          if (!isFull) return file.sync();
          const error = new QuorateError('STORAGE_FULL', 'No room', { outcome: 'not-applied' });
          if (atOnce) throw error;
          return Promise.reject(error);
        },
      }));
      const journal = await open(disk);
      await journal.write({ group, entries: [entry(1)] });
      isFull = true;
      await expect(journal.write({ group, entries: [entry(2)] })).rejects.toMatchObject({
        code: 'JOURNAL_FAILED',
        outcome: 'unknown',
      });
      isFull = false;
      await expect(journal.write({ group, entries: [entry(2)] })).rejects.toMatchObject({
        code: 'JOURNAL_FAILED',
        outcome: 'not-applied',
      });
      // What nobody may call "not applied" is there.
      const next = await open(base.after('all', seededRandom(1)));
      expect(next.recover(group).last).toBe(2);
    },
  );
});

describe('a write that finds no room when the journal has failed meanwhile', () => {
  test('hangs nobody, neither its callers nor whoever closes the journal', async () => {
    const base = new CrashDisk();
    const writing = Promise.withResolvers<void>();
    const written = Promise.withResolvers<void>();
    let isFull = false;
    const disk = withFiles(base, file => ({
      write: (chunks, offset) => {
        if (!isFull || !file.name.endsWith('.log')) return file.write(chunks, offset);
        writing.resolve();
        return written.promise;
      },
    }));
    const journal = await open(disk);
    await journal.write({ group, entries: [entry(1)] });
    isFull = true;
    const hardState = { term: term(2), votedFor: undefined, committed: logIndex(0) };
    const calls = [
      journal.write({ group, entries: [entry(2)] }),
      // Where the journal goes on, this is tried again: it adds nothing.
      journal.write({ group: other, hardState }),
    ].map(codeOf);
    await writing.promise;
    vi.spyOn(base, 'syncNames').mockRejectedValue(new QuorateError('IO_FAILED', 'No names'));
    expect(await codeOf(save(journal, 1))).toBe('JOURNAL_FAILED');
    written.reject(new QuorateError('STORAGE_FULL', 'No room', { outcome: 'not-applied' }));
    const closing = journal[Symbol.asyncDispose]();
    await turns(50);
    const ends = await Promise.race([Promise.all([...calls, closing]), turns(200)]);
    expect(ends).toEqual(['JOURNAL_FAILED', 'JOURNAL_FAILED', undefined]);
  });
});

describe('a fault of the code itself', () => {
  test.each([true, false])(
    'after a sync ends the journal and hangs nobody; a disk that is done at once: %s',
    async atOnce => {
      const journal = await open(new CrashDisk({ atOnce }));
      vi.spyOn(Segments.prototype, 'prepareEarly').mockImplementation(() => {
        throw new Error('A fault');
      });
      await journal.write({ group, entries: [entry(1)] }); // durable, and its caller knows before the fault
      await expect(journal.write({ group, entries: [entry(2)] })).rejects.toMatchObject({
        code: 'JOURNAL_FAILED',
      });
      await journal[Symbol.asyncDispose]();
    },
  );
});

describe('an error of a file', () => {
  test('names it as it is named now', async () => {
    const journal = await open(folderDisk(temporaryFolder()));
    await journal.write({ group, entries: [entry(1)] });
    vi.spyOn(fs, 'write').mockImplementation(((...given: unknown[]) => {
      (given.at(-1) as (error: Error) => void)(Object.assign(new Error('gone'), { code: 'EIO' }));
    }) as never);
    const failure = await journal.write({ group, entries: [entry(2)] }).catch((error: unknown) => error);
    expect((failure as Error).cause).toMatchObject({
      message: 'The file system failed at a write to "segment-00000001.log": EIO',
    });
    vi.restoreAllMocks();
    await journal[Symbol.asyncDispose]();
  });
});
