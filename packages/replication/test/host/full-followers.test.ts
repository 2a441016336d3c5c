import { type NodeId, QuorateError } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { TransferAttempts } from '../../src/replica/transfer-attempts.ts';
import { Group, type Member } from './group.ts';
import type { MemoryJournal } from './memory-journal.ts';
import { bytes } from './tally-machine.ts';

const electionTimeoutMs = 100;

/** A follower without its log, and a leader without the log that it lacks. How often a snapshot was opened for it is counted. */
async function behind(
  group: Group,
): Promise<{ readonly leader: Member; readonly id: NodeId; readonly begun: () => number }> {
  const leader = await group.leader();
  const { id } = (await group.followers())[0]!;
  await group.crash(id);
  const pad = '-'.repeat(200);
  const writes = Array.from({ length: 500 }, (_, at) => leader.replica.write(bytes(`add ${at}${pad} 1`)));
  await group.settled(Promise.all(writes));
  await group.pass(300);
  await group.settled(leader.replica.snapshot());
  let begun = 0;
  const open = leader.journal.openSnapshot.bind(leader.journal);
  leader.journal.openSnapshot = () => {
    begun++;
    return open();
  };
  return { leader, id, begun: () => begun };
}

/** What takes a snapshot no further than so, until there is room. */
function roomFor(journal: MemoryJournal, chunkCount: number): { isFull: boolean } {
  const disk = { isFull: true };
  const save = journal.saveSnapshot.bind(journal);
  journal.saveSnapshot = async (group, metadata, chunks) => {
    if (!disk.isFull) return await save(group, metadata, chunks);
    let count = 0;
    for await (const _ of chunks) {
      if (++count > chunkCount) break;
    }
    throw new QuorateError('STORAGE_FULL', 'No room', { outcome: 'not-applied' });
  };
  return disk;
}

const small = { trailingBytes: 0, tailBytes: 0, catchUpBytes: 0, messageMaxBytes: 1024 };

describe('a follower whose disk is full', () => {
  test.each([
    ['in the middle', 10],
    ['at the end', Number.POSITIVE_INFINITY],
  ])('is sent its snapshot ever more seldom, and soon once there is room: %s', async (_, chunkCount) => {
    await using group = await Group.start(['a', 'b', 'c'], { ...small, electionTimeoutMs });
    const { leader, id, begun } = await behind(group);
    const full = await group.start(id);
    const disk = roomFor(full.journal, chunkCount);
    await group.pass(30 * electionTimeoutMs);
    // At once, and after 0.5, 1, 2, 4, 8 and 8 election timeouts; one more where it came further at first.
    expect(begun()).toBeGreaterThan(4);
    expect(begun()).toBeLessThanOrEqual(8);
    expect(leader.replica.status().transfers).toMatchObject([{ peer: id, retryInMs: expect.any(Number) }]);
    expect(leader.replica.status().transfers[0]?.failedCount).toBeGreaterThan(3);
    disk.isFull = false;
    await group.until(
      () => full.events.some(event => event.type === 'snapshot' && event.how === 'installed'),
      10 * electionTimeoutMs,
    );
    await group.until(() => leader.replica.status().transfers.length === 0);
  });
});

describe('attempts to send a snapshot', () => {
  const index = 7 as never;

  function failed(attempts: TransferAttempts, acknowledged: number): number {
    attempts.begun(index);
    attempts.ended(acknowledged, false);
    return attempts.again(0);
  }

  test('wait for twice as long each, up to a limit, and not after one that came further', () => {
    const attempts = new TransferAttempts(50, 800);
    expect(attempts.again(0)).toBe(0);
    expect([1, 2, 3, 4, 5, 6, 7].map(() => failed(attempts, 0))).toEqual([50, 100, 200, 400, 800, 800, 800]);
    expect([attempts.failures, attempts.last?.acknowledged]).toEqual([7, 0]);
    expect([10, 10, 9, 20].map(acknowledged => failed(attempts, acknowledged))).toEqual([0, 50, 100, 0]);
  });

  test('have failed when the follower took all of it and does not hold it, and have not when it does', () => {
    const attempts = new TransferAttempts(50, 800);
    for (const [match, waitMs] of [
      [6, 50],
      [6, 100],
      [7, 0],
      [6, 50],
    ] as const) {
      attempts.begun(index);
      attempts.ended(10, true);
      expect(attempts.again(match)).toBe(waitMs);
    }
  });

  test('that another took the place of say nothing', () => {
    const attempts = new TransferAttempts(50, 800);
    failed(attempts, 0);
    attempts.begun(index);
    expect(attempts.again(0)).toBe(0);
    expect(attempts.failures).toBe(1);
  });
});
