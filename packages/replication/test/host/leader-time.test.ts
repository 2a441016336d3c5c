import { describe, expect, test } from 'vitest';
import { Group, type Member } from './group.ts';
import { bytes } from './tally-machine.ts';

/** Writes at a leader whose wall clock is behind by now: the time goes on from what the log says. */
async function expectNoStepBack(group: Group, leader: Member): Promise<void> {
  await group.settled(leader.replica.write(bytes('add x 1')));
  const { leaderTimes } = leader.machine;
  expect(leaderTimes).toHaveLength(2);
  expect(leaderTimes[0]).toBeGreaterThanOrEqual(1_000_000);
  expect(leaderTimes[1]).toBeGreaterThanOrEqual(leaderTimes[0]!);
}

async function restarted(group: Group, name: string): Promise<Member> {
  await group.crash(name);
  const again = await group.start(name);
  again.clock.stepWall(-500_000);
  return again;
}

describe('the time of a leader whose clock was set back goes on from the last entry', () => {
  test('where that is committed and was applied after a restart', async () => {
    await using group = await Group.start(['a']);
    const { clock, events, replica } = await group.leader();
    await group.settled(replica.write(bytes('add x 1')));
    // With the first entry of another term the journal knows that the write is committed: the start looks at what follows.
    const monotonicMs = clock.monotonicMs.bind(clock);
    clock.monotonicMs = () => monotonicMs() + 150;
    await group.until(() => events.some(({ type }) => type === 'stalled'));
    await group.leader();
    const again = await restarted(group, 'a');
    await group.until(() => again.machine.leaderTimes.length === 1);
    expect(again.replica.status().role).toBe('follower');
    await group.leader();
    await expectNoStepBack(group, again);
  });

  test('where a restart finds it without knowing whether it is committed', async () => {
    await using group = await Group.start(['a']);
    await group.settled((await group.leader()).replica.write(bytes('add x 1'), { ack: 'leader' }));
    const again = await restarted(group, 'a');
    await group.until(() => again.replica.status().role === 'leader');
    expect(again.machine.leaderTimes).toEqual([]);
    await expectNoStepBack(group, again);
  });

  test('where another leader wrote it and did not live to commit it', async () => {
    await using group = await Group.start();
    const first = await group.leader();
    const [next, other] = await group.followers();
    group.isolate(other!.id);
    next!.clock.stepWall(-500_000);
    first.journal.hang();
    const { last } = first.replica.status();
    const write = first.replica.write(bytes('add x 1')).catch(() => {});
    await group.until(() => next!.replica.status().durable > last);
    await group.crash(first.id);
    await write;
    expect(next!.machine.leaderTimes).toEqual([]);
    group.rejoin(other!.id);
    await group.until(() => next!.replica.status().role === 'leader');
    await expectNoStepBack(group, next!);
  });
});
