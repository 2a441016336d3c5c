import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  type Disk,
  type DiskFile,
  errorCode,
  groupId,
  type Journal,
  type LogEntry,
  logIndex,
  ManualClock,
  QuorateError,
  seededRandom,
  term,
} from '@quorate/core';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { folderDisk, openJournal } from '../src/index.ts';
import { Segments } from '../src/segments.ts';
import { CrashDisk } from './crash-disk.ts';

const group = groupId(1);
const entry = (index: number, size = 100): LogEntry => ({
  index: logIndex(index),
  term: term(1),
  kind: 0,
  payload: new Uint8Array(size).fill(index),
});
async function* nothing(): AsyncGenerator<Uint8Array> {}
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
  vi.restoreAllMocks();
});

function temporary(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quorate-journal-'));
  cleanups.push(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A disk whose files may fail, and which counts those that are open. */
function watched(
  disk: Disk,
  change: (file: DiskFile) => Partial<DiskFile>,
): { disk: Disk; open: Set<string> } {
  const open = new Set<string>();
  let count = 0;
  const wrapped: Disk = {
    capabilities: disk.capabilities,
    open: async (name, options) => {
      const file = await disk.open(name, options);
      const changed = change(file);
      const label = `${name} ${++count}`;
      open.add(label);
      return {
        name: file.name,
        get size() {
          return file.size;
        },
        write: (chunks, offset) => file.write(chunks, offset),
        sync: () => file.sync(),
        read: (into, offset) => file.read(into, offset),
        allocate: size => file.allocate(size),
        truncate: size => file.truncate(size),
        async [Symbol.asyncDispose]() {
          open.delete(label);
          await file[Symbol.asyncDispose]();
        },
        ...changed,
      };
    },
    list: () => disk.list(),
    rename: (from, to) => disk.rename(from, to),
    remove: name => disk.remove(name),
    syncNames: () => disk.syncNames(),
    lock: () => disk.lock(),
  };
  return { disk: wrapped, open };
}

const openOn = (disk: Disk): Promise<Journal> =>
  openJournal({ disk, segmentBytes: 65_536, clock: new ManualClock(), random: seededRandom(1) });
const save = (journal: Journal, index: number, ofTerm: number): Promise<void> =>
  journal.saveSnapshot(
    group,
    { index: logIndex(index), term: term(ofTerm), membership: new Uint8Array(0) },
    nothing(),
  );

describe('an opening that fails', () => {
  /** A journal that has to drop its entries for a snapshot when it is opened: the process ended in between. */
  async function unsettled(): Promise<CrashDisk> {
    const disk = new CrashDisk();
    const journal = await openOn(disk);
    for (let index = 1; index <= 20; index++) await journal.write({ group, entries: [entry(index, 4000)] });
    await journal[Symbol.asyncDispose]();
    const donor = new CrashDisk();
    const other = await openOn(donor);
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
      const { disk, open } = watched(base, file => {
        // So that the opening of a file fails at times, too.
        fail(() => undefined);
        return {
          write: (chunks, offset) => fail(() => file.write(chunks, offset)),
          sync: () => fail(() => file.sync()),
          read: async (into, offset) => await fail(() => file.read(into, offset)),
        };
      });
      const opened = await openOn(disk).catch((error: unknown) => errorCode(error));
      if (typeof opened === 'object') {
        expect(opened.recover(group)).toMatchObject({ first: 51, last: 50 });
        break;
      }
      failures++;
      expect([failAt, [...open]]).toEqual([failAt, []]);
      const again = await openOn(base);
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
      const journal = await openOn(disk);
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
      const next = await openOn(base.after('all', seededRandom(1)));
      expect(next.recover(group).last).toBe(2);
    },
  );
});

describe('a fault of the code itself', () => {
  test.each([true, false])(
    'after a sync ends the journal and hangs nobody; a disk that is done at once: %s',
    async atOnce => {
      const journal = await openOn(new CrashDisk({ atOnce }));
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
    const journal = await openJournal({ disk: folderDisk(temporary()), segmentBytes: 65_536 });
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
