import { expect, test } from 'vitest';
import { Group, settle } from './group.ts';
import { bytes, text } from './tally-machine.ts';

test('linearizable reads show what was acknowledged, and many share a round', async () => {
  await using group = await Group.start();
  const leader = await group.leader();
  await group.settled(leader.replica.write(bytes('add x 3')));
  const reads = Array.from({ length: 50 }, () => leader.replica.read(bytes('x')));
  const answers = await group.settled(Promise.all(reads));
  expect(answers.map(text)).toEqual(answers.map(() => '3'));
  const [follower] = await group.followers();
  await expect(follower!.replica.read(bytes('x'))).rejects.toMatchObject({ code: 'NOT_LEADER' });
});

test('a leader that is cut off answers no linearizable read with old state', async () => {
  await using group = await Group.start();
  const first = await group.leader();
  await group.settled(first.replica.write(bytes('add x 1')));
  group.isolate(first.id);
  const read = first.replica.read(bytes('x'));
  await expect(group.settled(read)).rejects.toMatchObject({ code: 'NOT_LEADER', outcome: 'not-applied' });
});

test('a lease answers at once, and not after the quorum is gone for its time', async () => {
  await using group = await Group.start();
  const first = await group.leader();
  await group.settled(first.replica.write(bytes('add x 1')));
  await group.pass(30);
  expect(first.replica.status().leaseHeld).toBe(true);
  let answer: string | undefined;
  void first.replica.read(bytes('x'), { mode: 'lease' }).then(bytes => (answer = text(bytes)));
  await Promise.resolve();
  expect(answer).toBe('1');
  group.isolate(first.id);
  await group.pass(95);
  expect(first.replica.status().leaseHeld).toBe(false);
  await expect(group.settled(first.replica.read(bytes('x'), { mode: 'lease' }))).rejects.toMatchObject({
    code: 'NOT_LEADER',
  });
});

test.each(['monotonicMs', 'bootMs'] as const)(
  'no lease is believed after a pause that %s shows, though no timer has run yet',
  async shows => {
    await using group = await Group.start();
    const first = await group.leader();
    await group.settled(first.replica.write(bytes('add x 1')));
    await group.pass(30);
    // The process stands still while others elect and write; its first act afterwards is a read.
    group.isolate(first.id);
    const others = group.running.filter(({ id }) => id !== first.id).map(({ id }) => id);
    await group.pass(400, ...others);
    const second = group.running.find(
      ({ id, replica }) => id !== first.id && replica.status().role === 'leader',
    );
    const write = second!.replica.write(bytes('add x 1'));
    await settle();
    await write;
    Object.assign(first.clock, { [shows]: shifted(first.clock[shows].bind(first.clock), 400) });
    const read = first.replica.read(bytes('x'), { mode: 'lease' }).then(text, ({ code }) => code as string);
    expect(await group.settled(read)).not.toBe('1');
  },
);

test('a follower reads at an index of the leader’s', async () => {
  await using group = await Group.start();
  const leader = await group.leader();
  const [follower, other] = await group.followers();
  other!.journal.hang();
  const write = leader.replica.write(bytes('add x 4'));
  await group.settled(write);
  const reads = [1, 2].map(() => follower!.replica.read(bytes('x'), { mode: 'follower' }));
  expect((await group.settled(Promise.all(reads))).map(text)).toEqual(['4', '4']);
});

test('a follower without a leader says so', async () => {
  await using group = await Group.start();
  const [follower] = await group.followers();
  group.isolate(follower!.id);
  await expect(group.settled(follower!.replica.read(bytes('x'), { mode: 'follower' }))).rejects.toMatchObject(
    {
      code: 'NO_LEADER',
      outcome: 'not-applied',
    },
  );
});

test('a local read answers at once, and within a bound asks the leader when it must', async () => {
  await using group = await Group.start();
  const leader = await group.leader();
  const [follower] = await group.followers();
  await group.settled(leader.replica.write(bytes('add x 1')));
  await group.until(() => follower!.machine.totals.get('x') === 1);
  const bounded = follower!.replica.read(bytes('x'), { mode: 'local', maxStalenessMs: 50 });
  expect(text(await group.settled(bounded))).toBe('1');
  group.isolate(follower!.id);
  const fresh = await follower!.replica.read(bytes('x'), { mode: 'local', maxStalenessMs: 50 });
  expect(text(fresh)).toBe('1');
  await group.pass(60);
  const stale = follower!.replica.read(bytes('x'), { mode: 'local', maxStalenessMs: 50, deadlineMs: 20 });
  await expect(group.settled(stale)).rejects.toMatchObject({
    code: 'DEADLINE_EXCEEDED',
    outcome: 'not-applied',
  });
  expect(text(await follower!.replica.read(bytes('x'), { mode: 'local' }))).toBe('1');
});

test('how old a local state is counts from when it was asked for, not from when that was answered', async () => {
  await using group = await Group.start();
  const leader = await group.leader();
  const [follower] = await group.followers();
  follower!.journal.hang();
  await group.settled(leader.replica.write(bytes('add x 1')));
  const options = { mode: 'local', maxStalenessMs: 50 } as const;
  const asked = follower!.replica.read(bytes('x'), options);
  await group.pass(60);
  group.isolate(follower!.id);
  follower!.journal.resume();
  expect(text(await group.settled(asked))).toBe('1');
  const stale = follower!.replica.read(bytes('x'), { ...options, deadlineMs: 20 });
  await expect(group.settled(stale)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
});

function shifted(read: () => number, byMs: number): () => number {
  return () => read() + byMs;
}
