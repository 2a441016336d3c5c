import { QuorateError } from '@quorate/core';
import { expect, test } from 'vitest';
import { Group, settle } from './group.ts';
import { bytes } from './tally-machine.ts';

test('a leader whose disk is full steps down, refuses writes as not applied, and goes on when there is room', async () => {
  await using group = await Group.start();
  const first = await group.leader();
  await group.settled(first.replica.write(bytes('add x 1')));
  first.journal.isFull = true;
  const write = first.replica.write(bytes('add x 10')).then(
    () => 'acknowledged',
    ({ outcome }) => outcome as string,
  );
  await group.until(() => first.replica.status().role !== 'leader');
  expect(first.replica.status().storage).toBe('full');
  await expect(first.replica.write(bytes('add x 1000'))).rejects.toMatchObject({
    code: 'STORAGE_FULL',
    outcome: 'not-applied',
  });
  const second = await group.leader();
  expect(second.id).not.toBe(first.id);
  await group.settled(second.replica.write(bytes('add x 100')));
  // The others may have had it already.
  const outcome = await group.settled(write);
  const total = second.machine.totals.get('x');
  if (outcome === 'acknowledged') expect(total).toBe(111);
  if (outcome === 'not-applied') expect(total).toBe(101);
  first.journal.isFull = false;
  await group.until(() => first.machine.totals.get('x') === total);
  expect(first.events.filter(({ type }) => type === 'storage')).toMatchObject([
    { state: 'full' },
    { state: 'room' },
  ]);
  expect(first.replica.status().storage).toBe('room');
  const receipt = await group.settled(second.replica.write(bytes('add x 1'), { ack: 'all' }));
  expect(receipt.replicas).toBe(3);
});

test('a follower whose disk is full holds up nobody, and catches up when there is room', async () => {
  await using group = await Group.start();
  const leader = await group.leader();
  const [follower] = await group.followers();
  follower!.journal.isFull = true;
  for (let number = 0; number < 20; number++) {
    await group.settled(leader.replica.write(bytes('add x 1')));
    await group.pass(20);
  }
  expect(follower!.replica.status().storage).toBe('full');
  expect((await group.leader()).id).toBe(leader.id);
  follower!.journal.isFull = false;
  await group.until(() => follower!.machine.totals.get('x') === 20);
});

test('where every disk is full the group waits, and goes on when there is room', async () => {
  await using group = await Group.start();
  const first = await group.leader();
  await group.settled(first.replica.write(bytes('add x 1')));
  for (const { journal } of group.running) journal.isFull = true;
  const write = first.replica.write(bytes('add x 10')).catch(({ outcome }) => outcome as string);
  await group.pass(3000);
  expect(['not-applied', 'unknown']).toContain(await write);
  // Looking again costs an election, so it is done less and less often: in forty election timeouts a few times.
  const { term } = first.replica.status();
  await group.pass(4000);
  expect(first.replica.status().term - term).toBeLessThan(12);
  for (const { journal } of group.running) journal.isFull = false;
  const leader = await group.leader();
  await group.until(() => leader.replica.status().storage === 'room');
  await group.settled(leader.replica.write(bytes('add x 100')));
  await group.until(() => group.running.every(({ machine }) => (machine.totals.get('x') ?? 0) >= 101));
});

test('a full disk while a snapshot is received: it is sent again once there is room', async () => {
  await using group = await Group.start(['a', 'b', 'c'], { trailingBytes: 0, tailBytes: 0 });
  const leader = await group.leader();
  const [behind] = await group.followers();
  await group.crash(behind!.id);
  for (let number = 0; number < 200; number++) void leader.replica.write(bytes(`add key-${number} 1`));
  await group.settled(leader.replica.write(bytes('add x 1')));
  await group.pass(300);
  await group.settled(leader.replica.snapshot());
  const again = await group.start(behind!.id);
  again.journal.isFull = true;
  await group.pass(1000);
  expect(again.replica.status().state).toBe('running');
  expect(again.machine.totals.size).toBe(0);
  again.journal.isFull = false;
  await group.until(() => again.machine.totals.get('x') === 1, 20_000);
});

test('a leader whose disk hangs for an election timeout steps down, and does not come back before it answers', async () => {
  await using group = await Group.start();
  const first = await group.leader();
  await group.settled(first.replica.write(bytes('add x 1')));
  first.journal.hang();
  const write = first.replica.write(bytes('add x 10')).catch(({ outcome }) => outcome as string);
  await group.until(() => first.events.some(event => event.type === 'stalled' && event.what === 'disk'));
  const second = await group.leader();
  expect(second.id).not.toBe(first.id);
  await group.pass(1000);
  expect((await group.leader()).id).not.toBe(first.id);
  expect(first.replica.status().stalled).toBe(true);
  first.journal.resume();
  expect(await write).toBe('unknown');
  await group.settled((await group.leader()).replica.write(bytes('add x 1'), { ack: 'all' }));
  await group.pass(500);
  expect(first.replica.status().stalled).toBe(false);
});

test('a leader whose event loop stood still steps down', async () => {
  await using group = await Group.start();
  const first = await group.leader();
  // Its clock jumps as that of a process does that was stopped.
  const read = first.clock.monotonicMs.bind(first.clock);
  let jumpMs = 0;
  first.clock.monotonicMs = () => read() + jumpMs;
  jumpMs = 150;
  await group.until(() =>
    first.events.some(event => event.type === 'stalled' && event.what === 'event-loop'),
  );
  // It leaves the others the time of an election once more.
  expect(first.replica.status()).toMatchObject({ role: 'follower', stalled: true });
  await group.settled((await group.leader()).replica.write(bytes('add x 1')));
  await group.pass(100);
  expect(first.replica.status().stalled).toBe(false);
});

test('a leader that stood still for long hears what came meanwhile before it campaigns', async () => {
  await using group = await Group.start();
  const first = await group.leader();
  const read = first.clock.monotonicMs.bind(first.clock);
  const roles: string[] = [];
  first.replica.subscribe(event => {
    if (event.type === 'role') roles.push(event.role);
  });
  first.clock.monotonicMs = () => read() + 1000;
  await group.until(() => first.events.some(({ type }) => type === 'stalled'));
  await group.pass(20);
  expect(roles).toEqual(['follower']);
});

test('what is written after a write was refused for lack of room is refused at once', async () => {
  await using group = await Group.start(['a']);
  const { journal, replica } = await group.leader();
  const full = new QuorateError('STORAGE_FULL', 'No room', { outcome: 'not-applied', retryable: true });
  const rejects: ((error: QuorateError) => void)[] = [];
  const write = journal.write.bind(journal);
  journal.write = () => new Promise((_resolve, reject) => void rejects.push(reject));
  const ends = [];
  for (let count = 0; count < 2; count++) {
    ends.push(replica.write(bytes('add x 1')).catch(({ outcome }) => outcome as string));
    await settle();
  }
  expect(rejects).toHaveLength(2);
  // The disk still owes an answer to the second.
  rejects[0]!(full);
  await settle();
  await expect(group.settled(replica.write(bytes('add x 1')), 10)).rejects.toMatchObject({
    code: 'STORAGE_FULL',
    outcome: 'not-applied',
  });
  journal.write = write;
  rejects[1]!(full);
  expect(await group.settled(Promise.all(ends))).not.toContain(undefined);
  await group.leader();
  await group.settled(replica.write(bytes('add x 1')));
});

test('a journal that has failed ends the replica, and what was under way is unknown', async () => {
  await using group = await Group.start();
  const first = await group.leader();
  first.journal.hang();
  const write = first.replica.write(bytes('add x 1'));
  const outcome = write.catch(({ code, outcome }) => `${code} ${outcome}`);
  await group.pass(2);
  first.journal.fail();
  expect(await group.settled(outcome)).toBe('JOURNAL_FAILED unknown');
  expect(first.events.at(-1)).toMatchObject({ type: 'failed', error: { code: 'JOURNAL_FAILED' } });
  expect(first.replica.status().state).toBe('failed');
  await expect(first.replica.write(bytes('add x 1'))).rejects.toMatchObject({
    code: 'JOURNAL_FAILED',
    outcome: 'not-applied',
  });
  await group.settled((await group.leader()).replica.write(bytes('add x 1')));
});

test('a state machine that throws ends the replica', async () => {
  await using group = await Group.start();
  const first = await group.leader();
  first.machine.failing = true;
  const write = first.replica.write(bytes('add x 1'));
  await expect(group.settled(write)).rejects.toMatchObject({ code: 'MACHINE_FAILED' });
  expect(first.replica.status().state).toBe('failed');
  const second = await group.leader();
  await group.settled(second.replica.write(bytes('add x 1')));
  expect(second.machine.totals.get('x')).toBe(2);
});
