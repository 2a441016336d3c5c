import { groupId, type Journal, logIndex, ManualClock, seededRandom, term } from '@quorate/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openJournal } from '../src/index.ts';
import { CrashDisk } from './crash-disk.ts';

const group = groupId(1);
const name = 'segment-00000001.log';
/** A batch of one entry: its header, that of its section, and the record, filled up to a multiple of 8. */
const batchBytes = (payloadLength: number): number => 64 + 16 + Math.ceil((28 + payloadLength) / 8) * 8;
const open = (disk: CrashDisk): Promise<Journal> =>
  openJournal({
    disk,
    segmentBytes: 65_536,
    cacheBytes: 0,
    clock: new ManualClock(),
    random: seededRandom(1),
  });

/** Twenty batches of one entry each; a clean end adds another batch. Where each batch begins, and where all end. */
async function written(ends: 'clean' | 'crash'): Promise<{ disk: CrashDisk; starts: number[] }> {
  const disk = new CrashDisk();
  const journal = await open(disk);
  const starts: number[] = [];
  let at = 64;
  for (let index = 1; index <= 20; index++) {
    const payload = new Uint8Array(index * 8).fill(index);
    await journal.write({ group, entries: [{ index: logIndex(index), term: term(1), kind: 0, payload }] });
    starts.push(at);
    at += batchBytes(payload.length);
  }
  starts.push(at);
  if (ends === 'clean') await journal[Symbol.asyncDispose]();
  return { disk: disk.after('none', seededRandom(1)), starts };
}

async function outcome(disk: CrashDisk): Promise<number | string> {
  try {
    const journal = await open(disk);
    return journal.recover(group).last;
  } catch (error) {
    return (error as Error).message;
  }
}

const flip = (disk: CrashDisk, at: number, bit = 0): void => {
  const bytes = disk.bytes(name);
  bytes[at] = (bytes[at] as number) ^ (1 << bit);
};

describe('rot', () => {
  test('anywhere after a clean end is refused with its place, or has cost nothing', async () => {
    const { starts } = await written('clean');
    const end = starts.at(-1) as number;
    await fc.assert(
      fc.asyncProperty(fc.nat(end + 200), fc.nat(7), async (at, bit) => {
        const { disk } = await written('clean');
        flip(disk, at, bit);
        const found = await outcome(disk);
        if (at >= end) expect(found).toBe(20);
        else expect(found).toMatch(/^File "segment-00000001.log" is damaged at offset \d+: expected /);
      }),
      { numRuns: 150 },
    );
  });

  test('in the last batch after a crash is taken for a torn tail; anywhere below it is refused', async () => {
    const { disk, starts } = await written('crash');
    const last = starts[19] as number;
    for (let at = 64; at < (starts[20] as number); at += 7) {
      const { disk: damaged } = await written('crash');
      flip(damaged, at);
      if (at >= last) expect(await outcome(damaged)).toBe(19);
      else expect(await outcome(damaged)).toContain('a batch in file "segment-00000001.log" at offset');
    }
    expect(await outcome(disk)).toBe(20);
  });

  test('names file, offset and what was expected', async () => {
    const { disk, starts } = await written('clean');
    flip(disk, (starts[4] as number) + 64 + 16 + 28);
    await expect(open(disk)).rejects.toMatchObject({
      code: 'JOURNAL_CORRUPT',
      outcome: 'not-applied',
      message: expect.stringMatching(
        `"${name}" is damaged at offset ${(starts[4] as number) + 64}: expected checksum \\d+, not`,
      ),
    });
  });

  test('found by a read is an error of that read', async () => {
    const { disk } = await written('clean');
    const journal = await open(disk);
    flip(disk, 64 + 64 + 16 + 28 + 3);
    await expect(journal.read(group, logIndex(1), logIndex(3))).rejects.toMatchObject({
      code: 'JOURNAL_CORRUPT',
    });
    await expect(journal.read(group, logIndex(2), logIndex(4))).resolves.toHaveLength(2);
  });
});

describe('the chain', () => {
  /** Batches of the same length, so that each would fit in the other's place. */
  async function even(): Promise<CrashDisk> {
    const disk = new CrashDisk();
    const journal = await open(disk);
    for (let index = 1; index <= 6; index++) {
      const entry = {
        index: logIndex(index),
        term: term(1),
        kind: 0,
        payload: new Uint8Array(32).fill(index),
      };
      await journal.write({ group, entries: [entry] });
    }
    return disk.after('none', seededRandom(1));
  }
  const length = batchBytes(32);
  const start = (batch: number): number => 64 + batch * length;

  test.each([
    ['lost', (bytes: Uint8Array) => bytes.fill(0, start(2), start(3))],
    ['repeated', (bytes: Uint8Array) => bytes.copyWithin(start(3), start(2), start(3))],
    ['left out', (bytes: Uint8Array) => bytes.copyWithin(start(2), start(3), start(6))],
    [
      'replaced in its records',
      (bytes: Uint8Array) => bytes.copyWithin(start(3) + 64, start(2) + 64, start(3)),
    ],
  ])('finds a batch that was %s', async (_what, change) => {
    const disk = await even();
    change(disk.bytes(name));
    expect(await outcome(disk)).toMatch(/is damaged at offset/);
  });

  test('finds a batch that stands where another was acknowledged', async () => {
    // The same journal went on from its fourth batch in two ways; each fifth batch is sound, and in its place.
    const disk = new CrashDisk();
    const write = async (on: Journal, index: number, fill: number): Promise<void> => {
      const payload = new Uint8Array(32).fill(fill);
      await on.write({ group, entries: [{ index: logIndex(index), term: term(1), kind: 0, payload }] });
    };
    const journal = await open(disk);
    for (let index = 1; index <= 4; index++) await write(journal, index, index);
    const futures = [disk.after('all', seededRandom(1)), disk.after('all', seededRandom(1))] as const;
    for (const [which, future] of futures.entries()) {
      const on = await open(future);
      for (let index = 5; index <= 7; index++) await write(on, index, index + which * 100);
    }
    const other = futures[1].bytes(name).subarray(start(4), start(5));
    futures[0].bytes(name).set(other, start(4));
    expect(await outcome(futures[0].after('all', seededRandom(1)))).toMatch(
      /is damaged at offset \d+: expected a batch that continues/,
    );
  });

  test('finds the batches of another journal in its place', async () => {
    const disk = await even();
    const other = new CrashDisk();
    const journal = await openJournal({ disk: other, segmentBytes: 65_536, random: seededRandom(2) });
    await journal.write({
      group,
      entries: [{ index: logIndex(1), term: term(9), kind: 0, payload: new Uint8Array(32) }],
    });
    await journal[Symbol.asyncDispose]();
    disk.bytes(name).set(other.bytes(name).subarray(64, 64 + length), 64);
    expect(await outcome(disk)).toMatch(/is damaged at offset 64/);
  });

  test('a segment that is missing is found', async () => {
    const disk = new CrashDisk();
    const journal = await open(disk);
    for (let index = 1; index <= 60; index++) {
      const entry = { index: logIndex(index), term: term(1), kind: 0, payload: new Uint8Array(4000) };
      await journal.write({ group, entries: [entry] });
    }
    await journal[Symbol.asyncDispose]();
    for (const lost of ['segment-00000001.log', 'segment-00000002.log']) {
      const copy = disk.after('all', seededRandom(1));
      await copy.remove(lost);
      expect(await outcome(copy)).toBe(
        `File "${lost}" is damaged at offset 0: expected a segment that is still needed`,
      );
    }
  });
});

describe('a disk that lies about syncs', () => {
  test('is found out where anything later is there', async () => {
    const disk = new CrashDisk();
    const journal = await open(disk);
    const write = (index: number): Promise<void> =>
      journal.write({
        group,
        entries: [{ index: logIndex(index), term: term(1), kind: 0, payload: new Uint8Array(2000) }],
      });
    await write(1);
    disk.lies = true;
    for (let index = 2; index <= 9; index++) await write(index);
    let refused = 0;
    for (let seed = 0; seed < 40; seed++) {
      const found = await outcome(disk.after('any', seededRandom(seed)));
      if (typeof found === 'string') refused++;
      else expect(found).toBeGreaterThanOrEqual(1);
    }
    expect(refused).toBeGreaterThan(20);
  });
});
