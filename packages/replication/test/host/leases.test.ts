import { expect, test } from 'vitest';
import { Group, type Member } from './group.ts';
import { bytes } from './tally-machine.ts';

/** A leader that holds its lease, and hears from nobody any more. */
async function cutOff(group: Group): Promise<Member> {
  const leader = await group.leader();
  await group.settled(leader.replica.write(bytes('add x 1')));
  await group.pass(30);
  expect(leader.replica.status().leaseHeld).toBe(true);
  group.isolate(leader.id);
  return leader;
}

/** For how long a leader that is cut off goes on believing in its lease. */
async function heldMs(leaseMarginMs: number): Promise<number> {
  await using group = await Group.start(['a', 'b', 'c'], { leaseMarginMs });
  const { replica } = await cutOff(group);
  let ms = 0;
  for (; replica.status().leaseHeld; ms++) await group.pass(1);
  return ms;
}

test('a lease ends by so much earlier as its margin says', async () => {
  const [none, half] = [await heldMs(0), await heldMs(50)];
  expect(none).toBeLessThan(100);
  expect(none - half).toBe(50);
});

test('a pause that is much shorter than a lease ends it: what comes after it may be old', async () => {
  await using group = await Group.start();
  const { clock, replica } = await cutOff(group);
  const read = clock.monotonicMs.bind(clock);
  clock.monotonicMs = () => read() + 25;
  await group.pass(5);
  expect(replica.status()).toMatchObject({ role: 'leader', leaseHeld: false });
});
