import { type HardState, logIndex, nodeId, term } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { CrashDisk } from './crash-disk.ts';
import { entry, group, open, reopen } from './small-journal.ts';

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
    const again = await reopen(disk);
    expect(again.recover(group).hardState).toEqual(hardState(3000));
  });

  test('gives back the room of entries that were truncated', async () => {
    const disk = new CrashDisk({ atOnce: true });
    const journal = await open(disk);
    await journal.write({ group, entries: [entry(1, 4000)] });
    for (let n = 2; n <= 200; n++) {
      await journal.write({ group, truncateFrom: logIndex(1), entries: [entry(1, 4000, n)] });
      if (n % 10 === 0) await journal.compact(group, logIndex(0));
    }
    expect(segments(disk)).toBeLessThanOrEqual(4);
    const again = await reopen(disk);
    expect(await again.read(group, logIndex(1), logIndex(2))).toEqual([entry(1, 4000, 200)]);
  });
});
