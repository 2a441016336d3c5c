import { groupId, nodeId } from '@quorate/core';
import { createInProcessNetwork } from '@quorate/transport';
import { expect, test } from 'vitest';
import { createReplica } from '../../src/replica/create-replica.ts';
import type { Replica } from '../../src/replica/replica.ts';
import { shareTransport } from '../../src/replica/share-transport.ts';
import { Group, settle } from './group.ts';
import { MemoryJournal } from './memory-journal.ts';
import { bytes, TallyMachine, text } from './tally-machine.ts';

test('a learner catches up, is promoted, and takes the place of a voter that is removed', async () => {
  await using group = await Group.start();
  const leader = await group.leader();
  await group.settled(leader.replica.write(bytes('add x 1')));
  await group.start('d');
  const d = nodeId('d');
  const added = await group.settled(leader.replica.reconfigure({ learners: [d] }));
  expect(added.membership).toMatchObject({ voters: ['a', 'b', 'c'], learners: ['d'] });
  await group.until(() => group.get('d').machine.totals.get('x') === 1);
  const [leaves] = await group.followers();
  const swapped = await group.settled(leader.replica.reconfigure({ voters: [d], remove: [leaves!.id] }));
  expect(swapped.membership.votersOutgoing).toEqual([]);
  expect(swapped.membership.voters).toEqual(['a', 'b', 'c', 'd'].filter(id => id !== leaves!.id));
  await group.crash(leaves!.id);
  const receipt = await group.settled(leader.replica.write(bytes('add x 1'), { ack: 'all' }));
  expect(receipt.replicas).toBe(3);
  await group.crash(leader.id);
  const next = await group.leader();
  expect(text(await group.settled(next.replica.read(bytes('x'))))).toBe('2');
});

test('a member that joins after compaction is sent a snapshot that names it', async () => {
  await using group = await Group.start(['a', 'b', 'c'], { trailingBytes: 0, catchUpBytes: 0, tailBytes: 0 });
  const leader = await group.leader();
  await group.settled(leader.replica.write(bytes('add x 1')));
  await group.settled(leader.replica.snapshot());
  await group.start('d');
  await group.settled(leader.replica.reconfigure({ learners: [nodeId('d')] }));
  await group.until(() => group.get('d').machine.totals.get('x') === 1);
  const { membership } = await group.settled(leader.replica.reconfigure({ voters: [nodeId('d')] }));
  expect(membership.learners).toEqual([]);
  await group.until(() => group.get('d').replica.status().membership.voters.includes(nodeId('d')));
});

test('a leader that removes itself is followed by another', async () => {
  await using group = await Group.start();
  const first = await group.leader();
  await group.settled(first.replica.reconfigure({ remove: [first.id] }));
  const second = await group.until(() =>
    group.running.find(({ id, replica }) => id !== first.id && replica.status().role === 'leader'),
  );
  expect(second.replica.status().membership.voters).toHaveLength(2);
  await group.settled(second.replica.write(bytes('add x 1'), { ack: 'all' }));
  expect(first.replica.status().role).not.toBe('leader');
});

test('a leader that has removed itself may be ended: who is left leads alone', async () => {
  await using group = await Group.start(['a', 'b']);
  const first = await group.leader();
  await group.settled(first.replica.reconfigure({ remove: [first.id] }));
  await group.crash(first.id);
  const [second] = group.running;
  // It is on disk there, too.
  await group.crash(second!.id);
  await group.start(second!.id);
  await group.until(() => group.get(second!.id).replica.status().role === 'leader');
  const { replica } = group.get(second!.id);
  expect(await group.settled(replica.write(bytes('add x 1'), { ack: 'all' }))).toMatchObject({ replicas: 1 });
});

test('changes that cannot be are refused', async () => {
  await using group = await Group.start();
  const leader = await group.leader();
  const refused = { code: 'MEMBERSHIP_REFUSED', outcome: 'not-applied' };
  await expect(group.settled(leader.replica.reconfigure({}))).rejects.toMatchObject(refused);
  const all = leader.replica.reconfigure({ remove: [nodeId('a'), nodeId('b'), nodeId('c')] });
  await expect(group.settled(all)).rejects.toMatchObject(refused);
  const first = leader.replica.reconfigure({ learners: [nodeId('d')] });
  await expect(leader.replica.reconfigure({ learners: [nodeId('e')] })).rejects.toMatchObject({
    ...refused,
    retryable: true,
  });
  await group.settled(first);
  const twice = leader.replica.reconfigure({ voters: [nodeId('e')], remove: [nodeId('e')] });
  await expect(twice).rejects.toThrow(RangeError);
  const [follower] = await group.followers();
  await expect(follower!.replica.reconfigure({ remove: [leader.id] })).rejects.toMatchObject({
    code: 'NOT_LEADER',
  });
});

test('an explicit joint configuration stays until it is left', async () => {
  await using group = await Group.start();
  const leader = await group.leader();
  await group.start('d');
  const change = { voters: [nodeId('d')] };
  const joint = await group.settled(leader.replica.reconfigure(change, { transition: 'explicit' }));
  expect(joint.membership.votersOutgoing).toEqual(['a', 'b', 'c']);
  await group.pass(200);
  expect(leader.replica.status().membership.votersOutgoing).toEqual(['a', 'b', 'c']);
  const left = await group.settled(leader.replica.reconfigure({}));
  expect(left.membership).toMatchObject({ voters: ['a', 'b', 'c', 'd'], votersOutgoing: [] });
});

test.each([
  ['auto', [[]]],
  ['joint', [['a', 'b', 'c'], []]],
] as const)(
  'by "%s" the old voters have a say in a change of one member: %j, one after the other',
  async (transition, outgoing) => {
    await using group = await Group.start();
    const leader = await group.leader();
    await group.settled(leader.replica.reconfigure({ learners: [nodeId('d')] }, { transition }));
    const changes = leader.events.filter(event => event.type === 'membership');
    expect(changes.map(({ membership }) => membership.votersOutgoing)).toEqual(outgoing);
  },
);

test('leadership goes to whom it is handed, and not to who is none', async () => {
  await using group = await Group.start();
  const leader = await group.leader();
  const [follower] = await group.followers();
  await expect(group.settled(leader.replica.transferLeadership(nodeId('z')))).rejects.toMatchObject({
    code: 'TRANSFER_FAILED',
  });
  expect(await group.settled(leader.replica.transferLeadership(follower!.id))).toBe(follower!.id);
  await expect(leader.replica.transferLeadership()).rejects.toMatchObject({ code: 'NOT_LEADER' });
});

test('leadership that is handed to nobody in particular goes to the voter that is furthest on', async () => {
  for (const lagging of [0, 1]) {
    await using group = await Group.start();
    const leader = await group.leader();
    const followers = await group.followers();
    await group.start('d');
    await group.settled(leader.replica.reconfigure({ learners: [nodeId('d')] }));
    followers[lagging]!.journal.hang();
    await group.settled(leader.replica.write(bytes('add x 1')));
    const next = followers[1 - lagging]!.id;
    expect(await group.settled(leader.replica.transferLeadership())).toBe(next);
  }
});

test('a hand-over right behind a change of membership succeeds once the change is applied there', async () => {
  await using group = await Group.start();
  const { replica } = await group.leader();
  const [follower] = await group.followers();
  const { id, journal } = follower!;
  const write = journal.write.bind(journal);
  journal.write = call => {
    // The news that the change is committed comes without entries, and is stored before the change is applied.
    if (call.entries === undefined) journal.hang();
    return write(call);
  };
  let handOver: Promise<unknown> | undefined;
  replica.subscribe(({ type }) => {
    if (type === 'membership') handOver ??= replica.transferLeadership(id);
  });
  await group.settled(replica.reconfigure({ learners: [nodeId('d')] }));
  await group.pass(10);
  expect(follower!.replica.status().membership.learners).toEqual([]);
  journal.write = write;
  journal.resume();
  expect(await group.settled(handOver!, 50)).toBe(id);
});

test('a hand-over to one that hangs fails, and the leader leads on', async () => {
  await using group = await Group.start();
  const leader = await group.leader();
  const [follower] = await group.followers();
  follower!.journal.hang();
  await group.settled(leader.replica.write(bytes('add x 1')));
  const handOver = group.settled(leader.replica.transferLeadership(follower!.id));
  await expect(handOver).rejects.toMatchObject({ code: 'TRANSFER_FAILED' });
  await group.settled(leader.replica.write(bytes('add x 1')));
});

test('groups share a transport, and each hears of the connections', async () => {
  const network = createInProcessNetwork();
  const names = ['a', 'b'].map(nodeId);
  const replicas: { number: number; machine: TallyMachine; replica: Replica }[] = [];
  for (const id of names) {
    const shared = shareTransport(network.transport(id));
    for (const number of [1, 2]) {
      const group = groupId(number);
      const [machine, journal] = [new TallyMachine(), new MemoryJournal()];
      const transport = shared.forGroup(group);
      const options = { id, group, members: names, transport, journal, machine, electionTimeoutMs: 50 };
      replicas.push({ number, machine, replica: await createReplica(options) });
    }
    expect(() => shared.forGroup(groupId(1))).toThrow(RangeError);
  }
  const leaderOf = (number: number) =>
    replicas.find(one => one.number === number && one.replica.status().role === 'leader');
  while (leaderOf(1) === undefined || leaderOf(2) === undefined) await settle();
  await leaderOf(1)!.replica.write(bytes('add x 1'), { ack: 'all' });
  await leaderOf(2)!.replica.write(bytes('add x 2'), { ack: 'all' });
  expect(leaderOf(1)!.machine.totals.get('x')).toBe(1);
  expect(leaderOf(2)!.machine.totals.get('x')).toBe(2);
  for (const { replica } of replicas) await replica[Symbol.asyncDispose]();
});

test('a group’s transport that is disposed of twice takes nothing from the one after it', async () => {
  const shared = shareTransport(createInProcessNetwork().transport(nodeId('a')));
  const first = shared.forGroup(groupId(1));
  await first[Symbol.asyncDispose]();
  shared.forGroup(groupId(1));
  await first[Symbol.asyncDispose]();
  expect(() => shared.forGroup(groupId(1))).toThrow(RangeError);
});
