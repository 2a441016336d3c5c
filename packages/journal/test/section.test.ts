import { errorCode, groupId, type LogEntry, logIndex, ManualClock, seededRandom, term } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { openJournal } from '../src/index.ts';
import { CrashDisk } from './crash-disk.ts';

const group = groupId(1);
const name = 'segment-00000001.log';
const first = 64 + 64; // behind the headers of the segment and of its first batch
const sizes = [100, 3000, 0, 7, 5000, 20_000, 8, 8148, 8149, 1, 12_000, 3000, 3000, 3000];
const entries: LogEntry[] = sizes.map((size, at) => ({
  index: logIndex(at + 1),
  term: term(at + 5),
  kind: at,
  payload: seededRandom(at + 1).bytes(size),
}));

/** A journal that has one batch and remembers nothing, so that every read is one of the disk. */
async function written() {
  const disk = new CrashDisk();
  const options = { disk, segmentBytes: 262_144, clock: new ManualClock(), random: seededRandom(1) };
  const journal = await openJournal({ ...options, cacheBytes: 0 });
  await journal.write({ group, entries });
  return { disk, journal };
}

/** Where sections begin, as their headers say. */
function sectionsOf(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = first + view.getUint32(64 + 40, true);
  const starts: number[] = [];
  for (let at = first; at < end; at += 16 + view.getUint32(at + 8, true)) starts.push(at);
  return [...starts, end];
}

describe('sections', () => {
  test('are of at most 8 KiB, or of one record', async () => {
    const { disk } = await written();
    const bytes = disk.bytes(name);
    const starts = sectionsOf(bytes);
    expect(starts.length).toBeGreaterThan(6);
    for (const [at, start] of starts.slice(0, -1).entries()) {
      const length = (starts[at + 1] as number) - start;
      if (length > 8192) expect(bytes[start + 12]).toBe(1);
    }
  });

  test('any entry is read from disk, alone or from there to the end', async () => {
    const { journal } = await written();
    for (const [at, entry] of entries.entries()) {
      expect(await journal.read(group, entry.index, logIndex(at + 2))).toEqual([entry]);
      expect(await journal.read(group, entry.index, logIndex(entries.length + 1))).toEqual(entries.slice(at));
    }
  });

  test('rot anywhere in one is found by a read of any of its entries, and of no other', async () => {
    const { disk, journal } = await written();
    const bytes = disk.bytes(name);
    const starts = sectionsOf(bytes);
    const readable = async (): Promise<boolean[]> => {
      const results: boolean[] = [];
      for (const { index } of entries) {
        const code = await journal.read(group, index, logIndex(index + 1)).then(() => undefined, errorCode);
        if (code !== undefined) expect(code).toBe('JOURNAL_CORRUPT');
        results.push(code === undefined);
      }
      return results;
    };
    let at = 0;
    for (const [section, start] of starts.slice(0, -1).entries()) {
      const count = bytes[start + 12] as number;
      const expected = entries.map((_, entry) => entry < at || entry >= at + count);
      const end = starts[section + 1] as number;
      // Sum, sum before, length, count, and of the first record: length, group, term, version, index, type, back.
      const places = [0, 5, 8, 12, 16, 20, 24, 31, 32, 39, 40].map(place => start + place);
      for (const place of [...places, end - 1]) {
        bytes[place] = (bytes[place] as number) ^ 0x10;
        expect(await readable(), `offset ${place}`).toEqual(expected);
        bytes[place] = (bytes[place] as number) ^ 0x10;
      }
      at += count;
    }
    expect(at).toBe(entries.length);
  });
});
