import {
  groupId,
  type HardState,
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
const open = (disk: CrashDisk): Promise<Journal> =>
  openJournal({ disk, segmentBytes: 65_536, clock: new ManualClock(), random: seededRandom(1) });
const segments = (disk: CrashDisk): number => disk.names.filter(name => name.startsWith('segment')).length;

describe('a group without a snapshot', () => {
  test('gives back the room of hard states that were written over', async () => {
    const disk = new CrashDisk({ atOnce: true });
    const journal = await open(disk);
    const hardState = (n: number): HardState => ({
      term: term(n),
      votedFor: nodeId('node-1'),
      committed: logIndex(0),
    });
    for (let n = 1; n <= 3000; n++) {
      await journal.write({ group, hardState: hardState(n) });
      if (n % 100 === 0) await journal.compact(group, logIndex(0));
    }
    expect(segments(disk)).toBeLessThanOrEqual(3);
    const again = await open(disk.after('none', seededRandom(1)));
    expect(again.recover(group).hardState).toEqual(hardState(3000));
  });

  test('gives back the room of entries that were truncated', async () => {
    const disk = new CrashDisk({ atOnce: true });
    const journal = await open(disk);
    const entry = (n: number): LogEntry => ({
      index: logIndex(1),
      term: term(n),
      kind: 0,
      payload: new Uint8Array(4000).fill(n),
    });
    await journal.write({ group, entries: [entry(1)] });
    for (let n = 2; n <= 200; n++) {
      await journal.write({ group, truncateFrom: logIndex(1), entries: [entry(n)] });
      if (n % 10 === 0) await journal.compact(group, logIndex(0));
    }
    expect(segments(disk)).toBeLessThanOrEqual(4);
    const again = await open(disk.after('none', seededRandom(1)));
    expect(await again.read(group, logIndex(1), logIndex(2))).toEqual([entry(200)]);
  });
});
