import { errorCode, groupId, type Journal, logIndex, nodeId, seededRandom, term } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { CrashDisk } from './crash-disk.ts';
import { entry, group, open, save } from './small-journal.ts';

/** Hundreds of groups that voted in the first segment, and one whose entries, all in a snapshot, fill the rest of the disk. */
async function crowded(
  groups: number,
  capacity: number = Number.POSITIVE_INFINITY,
): Promise<{ disk: CrashDisk; journal: Journal; last: number }> {
  const disk = new CrashDisk();
  disk.capacity = capacity;
  const journal = await open(disk);
  for (let id = 2; id <= groups; id++) {
    const hardState = { term: term(5), votedFor: nodeId('n1'), committed: logIndex(0) };
    void journal.write({ group: groupId(id), hardState });
  }
  let last = 0;
  const write = (): Promise<boolean> =>
    journal.write({ group: group, entries: [entry(last + 1, 3000)] }).then(
      () => true,
      (error: unknown) => {
        expect(errorCode(error)).toBe('STORAGE_FULL');
        return false;
      },
    );
  while (last < 60 && (await write())) last++;
  await save(journal, last);
  return { disk, journal, last };
}

describe('the oldest segment', () => {
  test('is still needed where its states could not be repeated for want of room', async () => {
    const { disk, journal, last } = await crowded(300, 140_000);
    await journal.compact(group, logIndex(last));
    await journal[Symbol.asyncDispose]();
    const left = disk.after('none', seededRandom(1));
    await left.remove('segment-00000001.log');
    await expect(open(left)).rejects.toThrow('a segment that is still needed');
  });

  test('is still needed until its states are durable elsewhere, at whatever call the machine ends', async () => {
    // Their states take more than one batch.
    const many = 900;
    const whole = await crowded(many);
    const before = whole.disk.calls;
    await whole.journal.compact(group, logIndex(whole.last));
    const { calls } = whole.disk;
    expect(calls).toBeGreaterThan(before);
    let refused = 0;
    for (let call = before + 1; call <= calls; call++) {
      const { disk, journal, last } = await crowded(many);
      disk.crashAt = call;
      await Promise.race([journal.compact(group, logIndex(last)), disk.crashed]);
      const left = disk.after('all', seededRandom(1));
      if (left.names.includes('segment-00000001.log')) await left.remove('segment-00000001.log');
      const next = await open(left).catch((error: Error) => error.message);
      if (typeof next === 'string') {
        expect(next).toContain('a segment that is still needed');
        refused++;
      } else {
        for (let id = 2; id <= many; id += 7) expect(next.recover(groupId(id)).hardState?.term).toBe(5);
      }
    }
    expect(refused).toBeGreaterThan(0);
  });
});
