import fs from 'node:fs';
import { type LogEntry, logIndex, ManualClock, term } from '@quorate/core';
import { describe, expect, test, vi } from 'vitest';
import { EntryIndex } from '../src/entry-index.ts';
import { folderDisk } from '../src/index.ts';
import { readHandlesMax } from '../src/read-handles.ts';
import { CrashDisk } from './crash-disk.ts';
import { codeOf, entry, group, open, range, temporaryFolder } from './small-journal.ts';

describe('a read with a limit', () => {
  test.each([0, 1 << 20])(
    'stops before what is above it, never before the first; cache of %s bytes',
    async cacheBytes => {
      const journal = await open(new CrashDisk(), { cacheBytes });
      for (let at = 1; at <= 600; at += 50) await journal.write({ group, entries: range(at, at + 49) });
      const read = (from: number, to: number, bytesMax?: number): Promise<readonly LogEntry[]> =>
        journal.read(group, logIndex(from), logIndex(to), bytesMax === undefined ? {} : { bytesMax });
      expect(await read(1, 601, 0)).toEqual(range(1, 1));
      expect(await read(1, 601, 199)).toEqual(range(1, 1));
      expect(await read(1, 601, 200)).toEqual(range(1, 2));
      expect(await read(3, 601, 50_000)).toEqual(range(3, 502));
      expect(await read(3, 601, 1_000_000)).toEqual(range(3, 600));
      expect(await read(3, 601)).toEqual(range(3, 600));
      expect(await read(3, 4, 1)).toEqual(range(3, 3));
    },
  );

  test('looks up no more than it may answer', async () => {
    const journal = await open(new CrashDisk({ atOnce: true }));
    for (let at = 1; at <= 10_000; at += 200)
      await journal.write({ group, entries: range(at, at + 199, 10) });
    const lookUps = vi.spyOn(EntryIndex.prototype, 'position');
    try {
      const read = await journal.read(group, logIndex(1), logIndex(10_001), { bytesMax: 10 });
      expect(read).toEqual(range(1, 1, 10));
      expect(lookUps.mock.calls.length).toBeLessThan(1000);
    } finally {
      lookUps.mockRestore();
    }
  });

  test('never joins entries of before a truncation with entries of after it', async () => {
    for (let delay = 0; delay < 60; delay++) {
      const journal = await open(new CrashDisk(), { cacheBytes: 0 });
      await journal.write({ group, entries: range(1, 256, 10) });
      await journal.write({ group, entries: range(257, 300, 10) });
      const reading = journal.read(group, logIndex(1), logIndex(301), { bytesMax: 1_000_000 });
      for (let turn = 0; turn < delay; turn++) await Promise.resolve();
      await journal.write({ group, truncateFrom: logIndex(200), entries: range(200, 300, 10, 2) });
      const read = await reading;
      const before = range(1, 300, 10);
      const after = [...range(1, 199, 10), ...range(200, 300, 10, 2)];
      expect([before, after].map(all => all.slice(0, read.length))).toContainEqual(read);
      expect(read.length).toBeGreaterThanOrEqual(256);
    }
  });
});

describe('the wait for a read', () => {
  test('ends in time though the disk hangs', async () => {
    const disk = new CrashDisk();
    const clock = new ManualClock();
    const journal = await open(disk, { cacheBytes: 0, clock });
    await journal.write({ group, entries: range(1, 3) });
    const real = disk.open.bind(disk);
    disk.open = async (name, options) =>
      Object.assign(await real(name, options), { read: () => new Promise<never>(() => {}) });
    const read = codeOf(journal.read(group, logIndex(1), logIndex(4), { deadlineMs: 1000 }));
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    clock.advance(1000);
    expect(await read).toBe('DEADLINE_EXCEEDED');
    const controller = new AbortController();
    const second = codeOf(journal.read(group, logIndex(1), logIndex(4), { signal: controller.signal }));
    controller.abort();
    expect(await second).toBe('ABORTED');
  });

  test('is ABORTED where its signal was, and so is an opening', async () => {
    const disk = new CrashDisk();
    const signal = AbortSignal.abort();
    expect(await codeOf(open(disk, { signal }))).toBe('ABORTED');
    const journal = await open(disk);
    await journal.write({ group, entries: range(1, 3) });
    expect(await codeOf(journal.read(group, logIndex(1), logIndex(4), { signal }))).toBe('ABORTED');
    const snapshot = { index: logIndex(3), term: term(1), membership: new Uint8Array(0) };
    expect(await codeOf(journal.saveSnapshot(group, snapshot, (async function* () {})(), { signal }))).toBe(
      'ABORTED',
    );
  });
});

describe('a segment that cannot be opened', () => {
  test('is tried again by the next read, and the journal closes', async () => {
    const disk = new CrashDisk();
    const journal = await open(disk, { cacheBytes: 0 });
    await journal.write({ group, entries: range(1, 1) });
    await disk.rename('segment-00000001.log', 'elsewhere');
    const read = (): Promise<unknown> => codeOf(journal.read(group, logIndex(1), logIndex(2)));
    expect(await read()).toBe('NOT_FOUND');
    await disk.rename('elsewhere', 'segment-00000001.log');
    expect(await read()).toBe('ok');
    await disk.rename('segment-00000001.log', 'elsewhere');
    await journal[Symbol.asyncDispose]();
    await disk.rename('elsewhere', 'segment-00000001.log');
    expect((await open(disk)).recover(group).last).toBe(1);
  });

  test('does not keep the journal from closing', async () => {
    const disk = new CrashDisk();
    const journal = await open(disk, { cacheBytes: 0 });
    await journal.write({ group, entries: range(1, 1) });
    await disk.rename('segment-00000001.log', 'elsewhere');
    expect(await codeOf(journal.read(group, logIndex(1), logIndex(2)))).toBe('NOT_FOUND');
    await journal[Symbol.asyncDispose]();
    await disk.rename('elsewhere', 'segment-00000001.log');
    expect((await open(disk)).recover(group).last).toBe(1);
  });
});

describe('open files', () => {
  const count = (folder: string): number =>
    fs.readdirSync('/proc/self/fd').filter(fd => {
      try {
        return fs.readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder);
      } catch {
        return false;
      }
    }).length;

  test('are all closed where a journal is closed over a read', async () => {
    const disk = new CrashDisk();
    const real = disk.open.bind(disk);
    const held = Promise.withResolvers<void>();
    let isHeld = false;
    let opened = 0;
    disk.open = async (name, options) => {
      const file = await real(name, options);
      const read = file.read.bind(file);
      opened++;
      return Object.assign(file, {
        read: async (into: Uint8Array, offset: number) => {
          if (isHeld) await held.promise;
          return read(into, offset);
        },
        [Symbol.asyncDispose]: async () => {
          opened--;
        },
      });
    };
    const journal = await open(disk, { cacheBytes: 0, segmentBytes: 1024 * 1024 });
    for (let at = 1; at <= 100; at++) await journal.write({ group, entries: [entry(at, 8000)] });
    isHeld = true;
    const reading = codeOf(journal.read(group, logIndex(1), logIndex(101)));
    const closing = journal[Symbol.asyncDispose]();
    for (let turn = 0; turn < 100; turn++) await Promise.resolve();
    held.resolve();
    await closing;
    expect(await reading).toBe('JOURNAL_CLOSED');
    expect(opened).toBe(0);
  });

  test('are bounded, however many segments there are, and all closed in the end', async context => {
    context.skip(process.platform !== 'linux', 'only Linux lists the files of a process');
    const folder = temporaryFolder();
    for (let life = 1; life <= 2; life++) {
      const journal = await open(folderDisk(folder), { cacheBytes: 0 });
      for (let at = journal.recover(group).last + 1; at <= 500 * life; at++)
        await journal.write({ group, entries: [entry(at, 8000)] });
      const segments = fs.readdirSync(folder).filter(name => name.startsWith('segment')).length;
      expect(segments).toBeGreaterThan(readHandlesMax);
      // The active segment, twice, the next one, and the folder.
      expect(count(folder)).toBeLessThanOrEqual(readHandlesMax + 4);
      const last = journal.recover(group).last;
      expect(await journal.read(group, logIndex(1), logIndex(last + 1))).toHaveLength(last);
      expect(count(folder)).toBeLessThanOrEqual(readHandlesMax + 4);
      await journal[Symbol.asyncDispose]();
      expect(count(folder)).toBe(0);
    }
  });
});
