import { expect, test, vi } from 'vitest';
import { Raft } from '../../src/raft/raft.ts';
import { NotLeaderError } from '../../src/replica/replica-error.ts';
import { wireTypes } from '../../src/wire/wire-format.ts';
import { Group, settle } from './group.ts';
import { bytes, text } from './tally-machine.ts';

test('a group elects one leader, and a write is applied everywhere', async () => {
  await using group = await Group.start();
  const leader = await group.leader();
  const receipt = await group.settled(leader.replica.write(bytes('add x 2')));
  expect(text(receipt.reply)).toBe('2');
  expect(receipt).toMatchObject({ term: 1, durability: 'fsync', degraded: false });
  expect(receipt.replicas).toBeGreaterThanOrEqual(2);
  await group.until(() => group.running.every(({ machine }) => machine.totals.get('x') === 2));
});

test('a replica alone leads, commits and answers', async () => {
  await using group = await Group.start(['a']);
  const { replica } = await group.leader();
  const receipt = await group.settled(replica.write(bytes('add x 1'), { ack: 'all' }));
  expect(receipt).toMatchObject({ replicas: 1, degraded: false });
  expect(text(await group.settled(replica.read(bytes('x'))))).toBe('1');
});

test('a follower refuses a write and says who leads', async () => {
  await using group = await Group.start();
  const leader = await group.leader();
  const [follower] = await group.followers();
  const refused = await follower!.replica.write(bytes('add x 1')).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(NotLeaderError);
  expect(refused).toMatchObject({ code: 'NOT_LEADER', outcome: 'not-applied', leader: leader.id });
  // To be refused costs no look through the stack, and other errors keep theirs.
  expect((refused as Error).stack).not.toContain('    at ');
  expect(new Error('another').stack).toContain('    at ');
});

test('writes of one turn share a write to the journal and a message to each follower', async () => {
  await using group = await Group.start();
  const leader = await group.leader();
  await group.settled(leader.replica.write(bytes('add x 0')));
  await group.pass(20);
  const before = group.running.map(({ journal }) => journal.writeCount);
  const writes = Array.from({ length: 100 }, () => leader.replica.write(bytes('add x 1')));
  const receipts = await group.settled(Promise.all(writes));
  expect(group.running.map(({ journal }, at) => journal.writeCount - before[at]!)).toEqual([1, 1, 1]);
  expect(text(receipts.at(-1)?.reply)).toBe('100');
  expect(receipts.map(({ index }) => index - receipts[0]!.index)).toEqual(receipts.map((_, at) => at));
});

test('a writer that waits for each answer costs each follower one append and one acknowledgement', async () => {
  await using group = await Group.start();
  const leader = await group.leader();
  await group.settled(leader.replica.write(bytes('add x 0')));
  await group.pass(5);
  const counts = new Map<number, number>();
  for (const { transport } of group.running) {
    const send = transport.send.bind(transport);
    transport.send = (to, message, toGroup) => {
      counts.set(message[1]!, (counts.get(message[1]!) ?? 0) + 1);
      return send(to, message, toGroup);
    };
  }
  const writing = (async () => {
    for (let number = 0; number < 50; number++) await leader.replica.write(bytes('add x 1'));
  })();
  for (let count = 0; count < 500; count++) await settle(1);
  await writing;
  expect(counts).toEqual(
    new Map([
      [wireTypes.append, 100],
      [wireTypes['append-reply'], 100],
    ]),
  );
});

test('when the leader dies another takes over, with everything that was acknowledged', async () => {
  await using group = await Group.start();
  const first = await group.leader();
  await group.settled(first.replica.write(bytes('add x 1')));
  await group.crash(first.id);
  const second = await group.leader();
  expect(second.id).not.toBe(first.id);
  const receipt = await group.settled(second.replica.write(bytes('add x 1')));
  expect(text(receipt.reply)).toBe('2');
  const again = await group.start(first.id);
  await group.until(() => again.machine.totals.get('x') === 2);
});

test('what is written to a leader that is cut off is not acknowledged, and its outcome becomes known when it rejoins', async () => {
  await using group = await Group.start();
  const first = await group.leader();
  await group.settled(first.replica.write(bytes('add x 1')));
  group.isolate(first.id);
  const write = first.replica.write(bytes('add x 10'));
  const outcome = write.then(
    () => 'acknowledged',
    ({ code, outcome }) => `${code} ${outcome}`,
  );
  const second = await group.until(() => {
    return group.running.find(
      ({ replica }) => replica.status().role === 'leader' && replica.status().term > 1,
    );
  });
  await group.settled(second.replica.write(bytes('add x 100')));
  group.rejoin(first.id);
  expect(await group.settled(outcome)).toBe('SUPERSEDED not-applied');
  await group.until(() => group.running.every(({ machine }) => machine.totals.get('x') === 101));
});

test('a leader that is cut off for long settles its writes as unknown', async () => {
  await using group = await Group.start();
  const first = await group.leader();
  group.isolate(first.id);
  const write = first.replica.write(bytes('add x 10'));
  await expect(group.settled(write)).rejects.toMatchObject({ code: 'LEADERSHIP_LOST', outcome: 'unknown' });
  expect(first.replica.status().role).not.toBe('leader');
});

test('a write that is under way when leadership is handed over is acknowledged all the same', async () => {
  await using group = await Group.start();
  const first = await group.leader();
  const writes = Array.from({ length: 10 }, () => first.replica.write(bytes('add x 1')));
  const successor = await group.settled(first.replica.transferLeadership());
  expect(successor).not.toBe(first.id);
  expect(await group.settled(Promise.all(writes))).toHaveLength(10);
  const second = await group.leader();
  expect(second.id).toBe(successor);
  expect(text(await group.settled(second.replica.read(bytes('x'))))).toBe('10');
});

test('deadlines and signals end a wait, and nothing is left behind', async () => {
  await using group = await Group.start();
  const leader = await group.leader();
  leader.journal.hang();
  const controller = new AbortController();
  const late = leader.replica.write(bytes('add x 1'), { deadlineMs: 10 });
  const aborted = leader.replica.write(bytes('add x 1'), { ack: 'leader', signal: controller.signal });
  controller.abort();
  await expect(aborted).rejects.toMatchObject({ code: 'ABORTED', outcome: 'unknown' });
  await expect(group.settled(late)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', outcome: 'unknown' });
  const before = leader.replica.write(bytes('add x 1'), { deadlineMs: 0 });
  await expect(before).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', outcome: 'not-applied' });
});

test('disposing settles what waits, and leaves no timer', async () => {
  const group = await Group.start();
  const leader = await group.leader();
  leader.journal.hang();
  const write = leader.replica.write(bytes('add x 1'), { deadlineMs: 1000 });
  const outcome = write.catch(({ code, outcome }) => `${code} ${outcome}`);
  const read = leader.replica.read(bytes('x')).catch(({ code, outcome }) => `${code} ${outcome}`);
  await group.pass(1);
  await group[Symbol.asyncDispose]();
  expect(await outcome).toBe('CLOSED unknown');
  expect(['0', 'CLOSED not-applied']).toContain(text((await read) as Uint8Array) || (await read));
  for (const { clock } of group.members.values()) expect(clock.timerCount).toBe(0);
  await expect(leader.replica.write(bytes('add x 1'))).rejects.toMatchObject({
    code: 'CLOSED',
    outcome: 'not-applied',
  });
  expect(leader.replica.status().state).toBe('closed');
});

test('entries carry the leader’s time, which never decreases though clocks are set back', async () => {
  await using group = await Group.start();
  const leader = await group.leader();
  await group.settled(leader.replica.write(bytes('add x 1')));
  leader.clock.stepWall(-500_000);
  await group.settled(leader.replica.write(bytes('add x 1')));
  await group.crash(leader.id);
  const second = await group.leader();
  second.clock.stepWall(-900_000);
  await group.settled(second.replica.write(bytes('add x 1')));
  const { leaderTimes } = second.machine;
  expect(leaderTimes).toEqual([...leaderTimes].sort((a, b) => a - b));
  expect(leaderTimes[0]).toBeGreaterThanOrEqual(1_000_000);
});

test('bad arguments are refused at the call', async () => {
  await using group = await Group.start();
  const { replica } = await group.leader();
  await expect(replica.write('x' as never)).rejects.toThrow('Command must be a Uint8Array: received x');
  await expect(replica.write(new Uint8Array(0x20_0000))).rejects.toThrow(
    /^Command must be at most \d+ bytes/,
  );
  await expect(replica.write(bytes('x'), { ack: { semiSync: 0 } })).rejects.toThrow(RangeError);
  await expect(replica.write(bytes('x'), { ack: 'some' as never })).rejects.toThrow(TypeError);
  await expect(replica.write(bytes('x'), { deadlineMs: -1 })).rejects.toThrow(RangeError);
  await expect(replica.read(bytes('x'), { mode: 'follower', maxStalenessMs: 1 })).rejects.toThrow(TypeError);
});

test('a tick that leaves nothing to do costs a follower nothing', async () => {
  await using group = await Group.start();
  const [follower] = await group.followers();
  const { id } = follower!;
  group.isolate(id);
  await group.pass(1);
  const looks = vi.spyOn(Raft.prototype, 'takeEffects');
  const count = (): number => looks.mock.contexts.filter(raft => (raft as Raft).id === id).length;
  await group.pass(50);
  expect(count()).toBe(0);
  await group.pass(200);
  expect(count()).toBeGreaterThan(0);
  looks.mockRestore();
});
