import { nodeId } from '@quorate/core';
import { expect, test } from 'vitest';
import { EarlyAcks } from '../../src/replica/early-acks.ts';
import { Group } from './group.ts';
import { MemoryJournal } from './memory-journal.ts';
import { bytes } from './tally-machine.ts';

test('ack leader waits for the own disk alone, and a read does not show it before it is committed', async () => {
  await using group = await Group.start();
  const leader = await group.leader();
  for (const { journal } of await group.followers()) journal.hang();
  const receipt = await group.settled(leader.replica.write(bytes('add x 1'), { ack: 'leader' }));
  expect(receipt).toMatchObject({ replicas: 1, degraded: false, reply: undefined });
  expect(leader.machine.totals.get('x')).toBeUndefined();
  expect(leader.replica.status()).toMatchObject({ loss: 'none', early: [{ from: receipt.index, count: 1 }] });
  for (const { journal } of await group.followers()) journal.resume();
  await group.until(() => leader.machine.totals.get('x') === 1);
  expect(leader.replica.status().early).toEqual([]);
});

test('ack semiSync waits for so many others, and all for everybody', async () => {
  await using group = await Group.start();
  const leader = await group.leader();
  const [one, two] = await group.followers();
  one!.journal.hang();
  two!.journal.hang();
  const semi = leader.replica.write(bytes('add x 1'), { ack: { semiSync: 1, timeoutMs: 1000 } });
  const both = leader.replica.write(bytes('add x 1'), { ack: { semiSync: 2, timeoutMs: 1000 } });
  const all = leader.replica.write(bytes('add x 1'), { ack: 'all' });
  const settled: string[] = [];
  void semi.then(() => settled.push('semi'));
  void both.then(() => settled.push('both'));
  void all.then(() => settled.push('all'));
  await group.pass(20);
  expect(settled).toEqual([]);
  one!.journal.resume();
  await group.pass(20);
  expect(settled).toEqual(['semi']);
  expect(await semi).toMatchObject({ replicas: 2, degraded: false });
  two!.journal.resume();
  expect(await group.settled(all)).toMatchObject({ replicas: 3, degraded: false });
  expect(settled).toEqual(['semi', 'both', 'all']);
});

test.each(['memory', 'os', 'fsync'] as const)(
  'a receipt says %s where that is what the journal keeps',
  async durability => {
    const journal = new MemoryJournal();
    Object.assign(journal, { capabilities: { ...journal.capabilities, durability } });
    await using group = await Group.start(['a'], { journal });
    const { replica } = await group.leader();
    for (const ack of ['leader', 'quorum', 'all'] as const) {
      expect(await group.settled(replica.write(bytes('add x 1'), { ack }))).toMatchObject({ durability });
    }
  },
);

test('what was committed before it was acknowledged is at no risk', async () => {
  await using group = await Group.start();
  const leader = await group.leader();
  const [one] = await group.followers();
  one!.journal.hang();
  const both = leader.replica.write(bytes('add x 1'), { ack: { semiSync: 2, timeoutMs: 1000 } });
  await group.until(() => leader.machine.totals.get('x') === 1);
  one!.journal.resume();
  await group.settled(both);
  expect(leader.replica.status().early).toEqual([]);
  await group.crash(leader.id);
  await group.settled((await group.leader()).replica.write(bytes('add x 1')));
  expect(leader.events.filter(({ type }) => type === 'lost')).toEqual([]);
});

test('a listener that writes and hands over within an event keeps the order of what is under way', async () => {
  await using group = await Group.start();
  const first = await group.leader();
  const write = first.replica.write(bytes('add x 1'));
  let handOver: Promise<unknown> | undefined;
  first.replica.subscribe(({ type }) => {
    if (type === 'membership') handOver ??= first.replica.transferLeadership();
  });
  await group.settled(first.replica.reconfigure({ learners: [nodeId('d')] }));
  expect(await group.settled(handOver!)).not.toBe(first.id);
  await group.settled(write);
  const second = await group.leader();
  await group.settled(second.replica.write(bytes('add x 1'), { ack: 'all' }));
  expect(second.machine.totals.get('x')).toBe(2);
});

test('semiSync without enough others fails as unknown, or degrades where that is asked for', async () => {
  await using group = await Group.start();
  const leader = await group.leader();
  for (const { journal } of await group.followers()) journal.hang();
  const fails = leader.replica.write(bytes('add x 1'), { ack: { semiSync: 1, timeoutMs: 30 } });
  const degrades = leader.replica.write(bytes('add x 1'), {
    ack: { semiSync: 1, timeoutMs: 30, onTimeout: 'degrade' },
  });
  await expect(group.settled(fails)).rejects.toMatchObject({ code: 'SEMI_SYNC_TIMEOUT', outcome: 'unknown' });
  expect(await group.settled(degrades)).toMatchObject({ degraded: true, replicas: 1 });
});

test('a semiSync write that is applied already is not called superseded when leadership ends', async () => {
  await using group = await Group.start();
  const first = await group.leader();
  const [one, two] = await group.followers();
  await group.crash(two!.id);
  const write = first.replica.write(bytes('add x 1'), { ack: { semiSync: 2, timeoutMs: 5000 } });
  const end = write.catch(({ code, outcome }) => `${code} ${outcome}`);
  await group.until(() => first.machine.totals.get('x') === 1);
  await group.settled(first.replica.transferLeadership(one!.id));
  expect(await group.settled(end)).toBe('LEADERSHIP_LOST applied');
});

test('the old leader reports exactly what it had acknowledged early and a failover lost', async () => {
  await using group = await Group.start();
  const first = await group.leader();
  const kept = await group.settled(first.replica.write(bytes('add x 1')));
  group.isolate(first.id);
  const early = [];
  for (let number = 0; number < 3; number++) {
    early.push(await group.settled(first.replica.write(bytes('add x 10'), { ack: 'leader' })));
  }
  const second = await group.until(() => {
    return group.running.find(
      ({ replica }) => replica.status().role === 'leader' && replica.status().term > 1,
    );
  });
  await group.until(() => first.replica.status().role !== 'leader');
  expect(first.replica.status()).toMatchObject({ loss: 'unknown', early: [{ count: 3, exact: true }] });
  await group.settled(second.replica.write(bytes('add x 100')));
  expect(first.events.some(({ type }) => type === 'lost')).toBe(false);
  group.rejoin(first.id);
  const lost = await group.until(() => first.events.find(({ type }) => type === 'lost'));
  expect(lost).toEqual({
    type: 'lost',
    from: early[0]!.index,
    to: early[2]!.index,
    term: kept.term,
    count: 3,
    exact: true,
  });
  expect(first.replica.status()).toMatchObject({ loss: 'none', early: [] });
});

test('after a restart the old leader reports what its log says that it may have acknowledged', async () => {
  await using group = await Group.start();
  const first = await group.leader();
  group.isolate(first.id);
  const { index } = await group.settled(first.replica.write(bytes('add x 10'), { ack: 'leader' }));
  await group.crash(first.id);
  const second = await group.leader();
  await group.settled(second.replica.write(bytes('add x 100')));
  const again = await group.start(first.id);
  const lost = await group.until(() => again.events.find(({ type }) => type === 'lost'));
  expect(lost).toMatchObject({ from: index, to: index, term: 1, count: 1, exact: false });
});

test('who leads again does not know yet what became of what it acknowledged in an earlier term', async () => {
  await using group = await Group.start(['a']);
  const { replica } = await group.leader();
  await group.settled(replica.write(bytes('add x 10'), { ack: 'leader' }));
  await group.crash('a');
  const again = await group.start('a');
  const told: unknown[] = [];
  again.replica.subscribe(event => {
    const { loss, early } = again.replica.status();
    if (event.type === 'role' && event.role === 'leader') told.push({ loss, count: early[0]?.count });
  });
  await group.leader();
  expect(told).toEqual([{ loss: 'unknown', count: 1 }]);
  await group.until(() => again.replica.status().loss === 'none');
});

test('what survived the failover is not reported', async () => {
  await using group = await Group.start();
  const first = await group.leader();
  await group.settled(first.replica.write(bytes('add x 10'), { ack: { semiSync: 1 } }));
  await group.crash(first.id);
  const second = await group.leader();
  await group.until(() => second.machine.totals.get('x') === 10);
  const again = await group.start(first.id);
  await group.until(() => again.machine.totals.get('x') === 10);
  expect(again.events.filter(({ type }) => type === 'lost')).toEqual([]);
  expect(again.replica.status().loss).toBe('none');
});

test('ranges that were acknowledged early are settled by what is committed in their place', () => {
  const early = new EarlyAcks();
  for (const index of [3, 4, 6]) early.note(index, 2, true);
  early.note(9, 5, true);
  expect(early.committed(3, 2)).toEqual([]);
  expect(early.ranges()).toMatchObject([
    { from: 4, to: 6, term: 2, count: 2 },
    { from: 9, to: 9, term: 5, count: 1 },
  ]);
  // Another term stands at 5: 6 is lost, 4 was committed before.
  expect(early.committed(4, 2)).toEqual([]);
  expect(early.committed(5, 3)).toEqual([{ from: 6, to: 6, term: 2, count: 1, exact: true }]);
  expect(early.committed(6, 3)).toEqual([]);
  expect(early.committed(9, 5)).toEqual([]);
  expect(early.from).toBe(Number.POSITIVE_INFINITY);
  // Levels that wait for different things are acknowledged out of order.
  for (const index of [22, 24, 23, 20]) early.note(index, 6, true);
  expect(early.ranges()).toMatchObject([{ from: 20, to: 24, term: 6, count: 4 }]);
  expect(early.committed(20, 6)).toEqual([]);
  expect(early.committed(21, 7)).toEqual([{ from: 22, to: 24, term: 6, count: 3, exact: true }]);
  early.settledTo = 30;
  early.note(30, 6, true);
  expect(early.ranges()).toEqual([]);
  early.settledTo = 0;
  early.note(12, 5, true);
  expect(early.replaced(20)).toEqual([{ from: 12, to: 12, term: 5, count: 1, exact: false }]);
});

test('what a later term is committed before is lost, though nothing is committed in its place yet', () => {
  const early = new EarlyAcks();
  early.note(5, 2, true);
  early.note(7, 2, true);
  early.note(9, 4, true);
  // Not of a later term than what stands at 9.
  expect(early.committed(3, 2)).toEqual([]);
  expect(early.committed(4, 3)).toEqual([{ from: 5, to: 7, term: 2, count: 2, exact: true }]);
  expect(early.ranges()).toMatchObject([{ from: 9, to: 9, term: 4 }]);
  expect(early.committed(5, 5)).toEqual([{ from: 9, to: 9, term: 4, count: 1, exact: true }]);
  expect([early.from, early.fromTerm]).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
});
