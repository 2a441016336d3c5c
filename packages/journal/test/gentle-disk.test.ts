import { type DiskFile, logIndex } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { CrashDisk } from './crash-disk.ts';
import { withFiles } from './changed-files.ts';
import { entry, group, metadataAt, nothing, open, range } from './small-journal.ts';

const mebi = 1024 * 1024;
/** Segments of the test: each takes as many steps to be made as it has mebibytes. */
const segmentBytes = 8 * mebi;

/** A disk that tells how much room was asked for in each file. */
function metered(): { readonly disk: CrashDisk; readonly rooms: Map<string, number[]>; syncs: string[] } {
  return { disk: new CrashDisk(), rooms: new Map(), syncs: [] };
}

function watched({ disk, rooms, syncs }: ReturnType<typeof metered>) {
  return withFiles(disk, (file): Partial<DiskFile> => {
    const { name } = file;
    return {
      async allocate(size) {
        rooms.set(name, [...(rooms.get(name) ?? []), size]);
        await file.allocate(size);
      },
      sync() {
        syncs.push(name);
        return file.sync();
      },
    };
  });
}

describe('the next segment', () => {
  test('is made as the second half of the active one is used, and is there when that is full', async () => {
    const meter = metered();
    const options = { segmentBytes, firstSegmentBytes: segmentBytes, recordMaxBytes: mebi };
    await using journal = await open(watched(meter), options);
    meter.rooms.clear();
    const made = (): number => Math.max(0, ...[...meter.rooms.values()].flat());
    const size = 256 * 1024;
    const steps: number[] = [];
    for (let index = 1; index * size < segmentBytes - mebi; index++) {
      await journal.write({ group, entries: [entry(index, size)] });
      for (let turn = 0; turn < 50; turn++) await Promise.resolve();
      steps.push(made());
    }
    const half = segmentBytes / 2 / size;
    expect(steps.slice(0, half - 1).every(step => step === 0)).toBe(true);
    // No more than two steps with one write, and all of them before there is need.
    const leaps = steps.map((step, at) => step - (steps[at - 1] ?? 0));
    expect(Math.max(...leaps)).toBeLessThanOrEqual(2 * mebi);
    expect(steps.at(-1)).toBe(segmentBytes);
  });

  test('is made at once where somebody waits for it', async () => {
    const options = { segmentBytes, firstSegmentBytes: segmentBytes };
    await using journal = await open(watched(metered()), options);
    const all = range(1, 90, 100_000);
    // Each write is half of a segment.
    for (let at = 0; at < all.length; at += 30)
      await journal.write({ group, entries: all.slice(at, at + 30) });
    expect(await journal.read(group, logIndex(1), logIndex(91))).toEqual(all);
  });

  test('is given up, and made anew by the next opening, where the journal is closed in the middle', async () => {
    const meter = metered();
    const options = { segmentBytes, firstSegmentBytes: segmentBytes };
    const journal = await open(watched(meter), options);
    const entries = range(1, 45, 100_000);
    for (const one of entries) await journal.write({ group, entries: [one] });
    meter.rooms.clear();
    await journal[Symbol.asyncDispose]();
    expect([...meter.rooms.values()].flat()).toEqual([]);
    expect((await meter.disk.list()).filter(name => name.endsWith('.tmp'))).toEqual([]);
    await using again = await open(meter.disk, options);
    expect(await again.read(group, logIndex(1), logIndex(46))).toEqual(entries);
    const more = range(46, 120, 100_000);
    for (const one of more) await again.write({ group, entries: [one] });
    const read = await again.read(group, logIndex(46), logIndex(121));
    expect(read.map(({ index }) => index)).toEqual(more.map(({ index }) => index));
  });
});

test('a snapshot is synced as it is written, not all of it at its end', async () => {
  const meter = metered();
  await using journal = await open(watched(meter));
  await journal.write({ group, entries: range(1, 3) });
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let count = 0; count < 64; count++) yield new Uint8Array(65_536);
  }
  meter.syncs.length = 0;
  await journal.saveSnapshot(group, metadataAt(2), chunks());
  const own = meter.syncs.filter(name => name.includes('snapshot'));
  expect(own.length).toBeGreaterThanOrEqual(4);
  meter.syncs.length = 0;
  await journal.saveSnapshot(group, metadataAt(3), nothing());
  expect(meter.syncs.filter(name => name.includes('snapshot')).length).toBe(1);
});

describe('payloads of one answer', () => {
  test.each([0, 1 << 20])('are apart, whatever memory they share; cache of %s bytes', async cacheBytes => {
    await using journal = await open(new CrashDisk(), { cacheBytes, segmentBytes: 2 * mebi });
    const sizes = [0, 1, 7, 100, 4095, 4096, 4097, 9000, 16_384, 20_000, 3, 0, 5000, 50];
    const entries = Array.from({ length: 140 }, (_, at) => entry(at + 1, sizes[at % sizes.length]));
    await journal.write({ group, entries });
    const read = await journal.read(group, logIndex(1), logIndex(141));
    expect(read).toEqual(entries);
    for (const { payload } of read.filter((_, at) => at % 2 === 0)) payload.fill(255);
    const odd = (_: unknown, at: number): boolean => at % 2 === 1;
    expect(read.filter(odd)).toEqual(entries.filter(odd));
    // Nor are they the journal's: who changes one changes nothing that is read later.
    expect(await journal.read(group, logIndex(1), logIndex(141))).toEqual(entries);
  });

  test('share slabs, of which one that is kept keeps no more', async () => {
    await using journal = await open(new CrashDisk(), { segmentBytes: mebi });
    await journal.write({ group, entries: range(1, 2000, 100) });
    const read = await journal.read(group, logIndex(1), logIndex(2001));
    const buffers = new Set(read.map(({ payload }) => payload.buffer));
    expect(buffers.size).toBeLessThan(20);
    expect(Math.max(...Array.from(buffers, ({ byteLength }) => byteLength))).toBe(16_384);
    const [only] = await journal.read(group, logIndex(1), logIndex(2));
    expect(only?.payload.buffer.byteLength).toBe(100);
  });
});
