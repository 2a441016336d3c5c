import { expect, test } from 'vitest';
import { Group } from './group.ts';
import { bytes, TallyMachine, text } from './tally-machine.ts';

test('a retry is applied once, and gets the reply of the first time', async () => {
  await using group = await Group.start();
  const leader = await group.leader();
  const session = await group.settled(leader.replica.openSession());
  const operation = session.begin();
  const first = await group.settled(leader.replica.write(bytes('add x 5'), { session: operation }));
  const again = await group.settled(leader.replica.write(bytes('add x 5'), { session: operation }));
  expect([text(first.reply), text(again.reply)]).toEqual(['5', '5']);
  expect(again.index).toBeGreaterThan(first.index);
  expect(leader.machine.totals.get('x')).toBe(5);
});

test('two attempts in one batch are applied once', async () => {
  await using group = await Group.start();
  const leader = await group.leader();
  const session = await group.settled(leader.replica.openSession());
  const operation = session.begin();
  const attempts = [1, 2, 3].map(() => leader.replica.write(bytes('add x 5'), { session: operation }));
  const receipts = await group.settled(Promise.all(attempts));
  expect(receipts.map(({ reply }) => text(reply))).toEqual(['5', '5', '5']);
  expect(leader.machine.totals.get('x')).toBe(5);
});

test('a retry at the next leader finds what the last one had done', async () => {
  await using group = await Group.start();
  const first = await group.leader();
  const session = await group.settled(first.replica.openSession());
  const operation = session.begin();
  const write = first.replica.write(bytes('add x 5'), { session: operation, ack: 'leader' });
  await group.settled(write);
  await group.until(() => group.running.every(({ machine }) => machine.totals.get('x') === 5));
  await group.crash(first.id);
  const second = await group.leader();
  const retry = await group.settled(second.replica.write(bytes('add x 5'), { session: operation }));
  expect(text(retry.reply)).toBe('5');
  session.settle(operation);
  const next = await group.settled(second.replica.write(bytes('add x 1'), { session: session.begin() }));
  expect(text(next.reply)).toBe('6');
});

test('sessions are in snapshots: a follower that was sent one answers a retry', async () => {
  await using group = await Group.start(['a', 'b', 'c'], { trailingBytes: 0, catchUpBytes: 0, tailBytes: 0 });
  const first = await group.leader();
  const session = await group.settled(first.replica.openSession());
  const operation = session.begin();
  const [behind, other] = await group.followers();
  await group.crash(behind!.id);
  await group.settled(first.replica.write(bytes('add x 5'), { session: operation }));
  await group.settled(first.replica.snapshot());
  const again = await group.start(behind!.id);
  await group.until(() => again.machine.totals.get('x') === 5);
  expect(again.events).toContainEqual(expect.objectContaining({ type: 'snapshot', how: 'installed' }));
  expect(again.replica.status().sessionCount).toBe(1);
  await group.until(() =>
    first.replica.status().members.every(({ match }) => match === first.replica.status().last),
  );
  expect(await group.settled(first.replica.transferLeadership(again.id))).toBe(again.id);
  await group.until(() => again.replica.status().role === 'leader');
  const retry = await group.settled(again.replica.write(bytes('add x 5'), { session: operation }));
  expect(text(retry.reply)).toBe('5');
  expect(other!.machine.totals.get('x')).toBe(5);
});

test('an operation that overtakes another is refused, and goes through after it', async () => {
  await using group = await Group.start();
  const leader = await group.leader();
  const session = await group.settled(leader.replica.openSession());
  const [one, two] = [session.begin(), session.begin()];
  await expect(group.settled(leader.replica.write(bytes('add x 2'), { session: two }))).rejects.toMatchObject(
    {
      code: 'SEQUENCE_GAP',
      outcome: 'not-applied',
    },
  );
  await group.settled(leader.replica.write(bytes('add x 1'), { session: one }));
  const receipt = await group.settled(leader.replica.write(bytes('add x 2'), { session: two }));
  expect(text(receipt.reply)).toBe('3');
});

test('a session ends by the leader’s time, and lives on while it is kept', async () => {
  await using group = await Group.start();
  const leader = await group.leader();
  const ends = await group.settled(leader.replica.openSession({ ttlMs: 1000 }));
  const kept = await group.settled(leader.replica.openSession({ ttlMs: 1000 }));
  await group.pass(700);
  await group.settled(leader.replica.keepSession(kept.id));
  await group.pass(700);
  await group.settled(leader.replica.write(bytes('add x 1'), { session: kept.begin() }));
  const late = leader.replica.write(bytes('add x 1'), { session: ends.begin() });
  await expect(group.settled(late)).rejects.toMatchObject({ code: 'SESSION_EXPIRED', outcome: 'unknown' });
  await group.pass(10);
  for (const { replica, machine } of group.running) {
    expect(replica.status().sessionCount).toBe(1);
    expect(machine.totals.get('x')).toBe(1);
  }
  await group.settled(leader.replica.closeSession(kept.id));
  await expect(group.settled(leader.replica.keepSession(kept.id))).rejects.toMatchObject({
    code: 'SESSION_EXPIRED',
  });
});

test('neither a wall clock that is set nor an election ends a session', async () => {
  await using group = await Group.start();
  const leader = await group.leader();
  const session = await group.settled(leader.replica.openSession({ ttlMs: 1000 }));
  leader.clock.stepWall(1e9);
  await group.settled(leader.replica.write(bytes('add x 1')));
  await group.crash(leader.id);
  const second = await group.leader();
  second.clock.stepWall(2e9);
  const receipt = await group.settled(second.replica.write(bytes('add x 1'), { session: session.begin() }));
  expect(text(receipt.reply)).toBe('2');
});

test('with a state machine that remembers, a restart applies nothing twice; a reply that is gone is said to be', async () => {
  await using group = await Group.start(['a']);
  const { replica, machine } = await group.leader();
  const session = await group.settled(replica.openSession());
  const operation = session.begin();
  await group.settled(replica.write(bytes('add x 5'), { session: operation }));
  await group.crash('a');
  const kept = new TallyMachine();
  kept.totals = new Map(machine.totals);
  kept.appliedIndex = machine.appliedIndex;
  await group.start('a', { machine: kept });
  const again = await group.leader();
  await expect(
    group.settled(again.replica.write(bytes('add x 5'), { session: operation })),
  ).rejects.toMatchObject({
    code: 'REPLY_LOST',
    outcome: 'applied',
  });
  expect(kept.totals.get('x')).toBe(5);
  session.settle(operation);
  const next = await group.settled(again.replica.write(bytes('add x 1'), { session: session.begin() }));
  expect(text(next.reply)).toBe('6');
});

test('a state machine that is ahead of its journal is refused', async () => {
  await using group = await Group.start(['a']);
  const machine = new TallyMachine();
  machine.appliedIndex = 7 as typeof machine.appliedIndex;
  await group.crash('a');
  await expect(group.start('a', { machine })).rejects.toMatchObject({ code: 'STATE_AHEAD' });
});

test('sessions that are opened at once count before they are open', async () => {
  await using group = await Group.start(['a'], { sessionsMax: 3 });
  const { replica } = await group.leader();
  const opening = Array.from({ length: 5 }, () =>
    replica.openSession().then(
      () => 'open',
      ({ code }) => code as string,
    ),
  );
  const ends = await group.settled(Promise.all(opening));
  expect(ends.sort()).toEqual(['OVERLOADED', 'OVERLOADED', 'open', 'open', 'open']);
  await group.settled(
    replica.closeSession((await group.settled(replica.openSession().catch(() => ({ id: 2 })))).id),
  );
  await group.settled(replica.openSession());
});
