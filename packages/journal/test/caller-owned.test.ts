import {
  groupId,
  type Journal,
  type LogEntry,
  logIndex,
  ManualClock,
  nodeId,
  seededRandom,
  term,
} from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { openJournal } from '../src/index.ts';
import { CrashDisk } from './crash-disk.ts';

const group = groupId(1);
const entries = (): LogEntry[] =>
  [1, 2, 3].map(index => ({
    index: logIndex(index),
    term: term(1),
    kind: 0,
    payload: new Uint8Array(100).fill(index),
  }));
const open = (disk: CrashDisk): Promise<Journal> =>
  openJournal({
    disk,
    segmentBytes: 65_536,
    cacheBytes: 0,
    clock: new ManualClock(),
    random: seededRandom(1),
  });
const readAll = (journal: Journal): Promise<readonly LogEntry[]> =>
  journal.read(group, logIndex(1), logIndex(4));

describe('what a caller does after the call changes nothing:', () => {
  test.each<[string, (given: LogEntry[]) => void]>([
    ['emptying the array', given => given.splice(0)],
    ['adding to the array', given => given.push(...entries())],
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
    const journal = await open(disk);
    const given = entries();
    const written = journal.write({ group, entries: given });
    change(given);
    await written;
    expect(journal.recover(group).last).toBe(3);
    expect(journal.termAt(group, logIndex(3))).toBe(1);
    expect(await readAll(journal)).toEqual(entries());
    await journal.write({ group, truncateFrom: logIndex(4) });
    const again = await open(disk.after('none', seededRandom(1)));
    expect(await readAll(again)).toEqual(entries());
  });

  test('another hard state', async () => {
    const journal = await open(new CrashDisk());
    const hardState = { term: term(3), votedFor: nodeId('a'), committed: logIndex(0) };
    const written = journal.write({ group, hardState });
    Object.assign(hardState, { term: 9, votedFor: 'b' });
    await written;
    expect(journal.recover(group).hardState).toEqual({ term: 3, votedFor: 'a', committed: 0 });
  });

  test('filling the array of a write that is tried again on a full disk', async () => {
    const disk = new CrashDisk();
    disk.capacity = 200_000;
    const journal = await open(disk);
    const long = (index: number): LogEntry => ({
      index: logIndex(index),
      term: term(1),
      kind: 0,
      payload: new Uint8Array(3000),
    });
    let last = 0;
    const write = (): Promise<boolean> =>
      journal.write({ group, entries: [long(last + 1)] }).then(
        () => true,
        () => false,
      );
    while (await write()) last++;
    const other = groupId(2);
    const given: LogEntry[] = [];
    const refused = write();
    const hardState = { term: term(2), votedFor: undefined, committed: logIndex(0) };
    const written = journal.write({ group: other, entries: given, hardState });
    given.push(...entries());
    expect(await refused).toBe(false);
    await written;
    expect(journal.recover(other)).toMatchObject({ last: 0, hardState });
  });
});
