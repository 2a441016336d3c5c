import { type Journal, type LogEntry, logIndex, nodeId, term } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { CrashDisk } from './crash-disk.ts';
import { codeOf, entry, fill, group, open, other, range, reopen } from './small-journal.ts';

const readAll = (journal: Journal): Promise<readonly LogEntry[]> =>
  journal.read(group, logIndex(1), logIndex(4));

describe('what a caller does after the call changes nothing:', () => {
  test.each<[string, (given: LogEntry[]) => void]>([
    ['emptying the array', given => given.splice(0)],
    ['adding to the array', given => given.push(...range(1, 3))],
    ['another order', given => given.unshift(given.pop() as LogEntry)],
    [
      'other terms',
      given => {
        for (const entry of given) Object.assign(entry, { term: 7, index: 9 });
      },
    ],
    ['other bytes', given => given[1]?.payload.fill(99)],
    [
      'giving the bytes away',
      given => structuredClone(given[0]?.payload, { transfer: [given[0]?.payload.buffer as ArrayBuffer] }),
    ],
  ])('%s', async (_what, change) => {
    const disk = new CrashDisk();
    const journal = await open(disk, { cacheBytes: 0 });
    const given = range(1, 3);
    const written = journal.write({ group, entries: given });
    change(given);
    await written;
    expect(journal.recover(group).last).toBe(3);
    expect(journal.termAt(group, logIndex(3))).toBe(1);
    expect(await readAll(journal)).toEqual(range(1, 3));
    await journal.write({ group, truncateFrom: logIndex(4) });
    const again = await reopen(disk);
    expect(await readAll(again)).toEqual(range(1, 3));
  });

  test('another hard state', async () => {
    const journal = await open(new CrashDisk(), { cacheBytes: 0 });
    const hardState = { term: term(3), votedFor: nodeId('a'), committed: logIndex(0) };
    const written = journal.write({ group, hardState });
    Object.assign(hardState, { term: 9, votedFor: 'b' });
    await written;
    expect(journal.recover(group).hardState).toEqual({ term: 3, votedFor: 'a', committed: 0 });
  });

  test('filling the array of a write that is tried again on a full disk', async () => {
    const disk = new CrashDisk();
    disk.capacity = 200_000;
    const journal = await open(disk, { cacheBytes: 0 });
    const last = await fill(journal);
    const given: LogEntry[] = [];
    const refused = codeOf(journal.write({ group, entries: [entry(last + 1, 3000)] }));
    const hardState = { term: term(2), votedFor: undefined, committed: logIndex(0) };
    const written = journal.write({ group: other, entries: given, hardState });
    given.push(...range(1, 3));
    expect(await refused).toBe('STORAGE_FULL');
    await written;
    expect(journal.recover(other)).toMatchObject({ last: 0, hardState });
  });
});
