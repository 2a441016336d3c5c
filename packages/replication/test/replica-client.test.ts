import {
  groupId,
  ManualClock,
  type NodeId,
  nodeId,
  QuorateError,
  seededRandom,
  type WaitOptions,
} from '@quorate/core';
import { createInProcessNetwork, createRequests } from '@quorate/transport';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import {
  decodeReceipt,
  decodeRead,
  decodeSession,
  decodeWrite,
  encodeAnswer,
  encodeRead,
  encodeSession,
  encodeWrite,
  receiptBytes,
  writeReceipt,
} from '../src/client/call-codec.ts';
import { decodeBatch, decodeError, encodeBatch, encodeError } from '../src/client/batch-codec.ts';
import { createReplicaClient, type ReplicaClient } from '../src/client/replica-client.ts';
import { serveReplica } from '../src/client/serve-replica.ts';
import type { WriteReceipt } from '../src/replica/write-options.ts';
import { createReplica } from '../src/replica/create-replica.ts';
import { shareTransport } from '../src/replica/share-transport.ts';
import { Group } from './host/group.ts';
import { MemoryJournal } from './host/memory-journal.ts';
import { bytes, TallyMachine, text } from './host/tally-machine.ts';

/** A port to the members of a group within this thread, and who was asked. */
function portTo(group: Group): { readonly client: ReplicaClient; readonly asked: NodeId[] } {
  const asked: NodeId[] = [];
  const clock = new ManualClock();
  const pass = group.pass.bind(group);
  group.pass = async (durationMs, ...names) => {
    for (let ms = 0; ms < durationMs; ms++) {
      clock.advance(1);
      await pass(1, ...names);
    }
  };
  const request = async (to: NodeId, method: string, body: Uint8Array, options: WaitOptions) => {
    asked.push(to);
    const member = group.get(to);
    if (member.replica.status().state !== 'running') {
      throw new QuorateError('UNAVAILABLE', 'Nobody is there', { outcome: 'not-applied', retryable: true });
    }
    const handlers = new Map<string, Parameters<Parameters<typeof serveReplica>[1]['handle']>[1]>();
    serveReplica(member.replica, {
      handle(name, handler) {
        handlers.set(name, handler);
        return { [Symbol.dispose]() {} };
      },
    });
    const controller = new AbortController();
    const timer = clock.setTimer(options.deadlineMs ?? 0, () => controller.abort());
    try {
      return await handlers.get(method)!({ body, signal: controller.signal });
    } catch (error) {
      if (!controller.signal.aborted) throw error;
      throw new QuorateError('DEADLINE_EXCEEDED', 'Too late', { outcome: 'unknown', retryable: true });
    } finally {
      timer.cancel();
    }
  };
  const members = ['a', 'b', 'c'].map(nodeId);
  const client = createReplicaClient({ requests: { request }, members, clock, random: seededRandom(1) });
  return { client, asked };
}

test('a client finds the leader, by its hint, and stays with it', async () => {
  await using group = await Group.start();
  const leader = await group.leader();
  const { client, asked } = portTo(group);
  for (let number = 1; number <= 5; number++) {
    const receipt = await group.settled(client.write(bytes('add x 1')));
    expect([text(receipt.reply), receipt.durability, receipt.degraded]).toEqual([
      String(number),
      'fsync',
      false,
    ]);
  }
  expect(asked.filter(id => id !== leader.id).length).toBeLessThanOrEqual(1);
  for (const mode of ['linearizable', 'lease', 'follower'] as const) {
    expect(text(await group.settled(client.read(bytes('x'), { mode })))).toBe('5');
  }
  expect(asked.at(-1)).toBe('a');
});

test('a command that is too long is refused, with the limit, and harms none beside it', async () => {
  await using group = await Group.start();
  await group.leader();
  const { client } = portTo(group);
  await group.settled(client.write(bytes('add x 1')));
  const tooLong = new Uint8Array(64 * 0x10_0000);
  const [long, good] = [client.write(tooLong), client.write(bytes('add x 1'))];
  const refused = { code: 'CALL_REFUSED', outcome: 'not-applied', retryable: false };
  await expect(group.settled(long)).rejects.toMatchObject(refused);
  await expect(long).rejects.toThrow(/^Command must be at most \d+ bytes: received 67108864$/);
  expect(text((await group.settled(good)).reply)).toBe('2');
  await expect(group.settled(client.write(tooLong))).rejects.toMatchObject(refused);
});

test('with a session a write goes on over a failover, and is applied once', async () => {
  await using group = await Group.start();
  const first = await group.leader();
  const { client } = portTo(group);
  const session = await group.settled(client.openSession());
  await group.settled(client.write(bytes('add x 1'), { session: session.begin() }));
  for (const { journal } of await group.followers()) journal.hang();
  const write = client.write(bytes('add x 1'), { session: session.begin() });
  await group.pass(5);
  await group.crash(first.id);
  for (const { journal } of group.running) journal.resume();
  expect(text((await group.settled(write)).reply)).toBe('2');
  await group.settled(client.keepSession(session.id));
  await group.settled(client.closeSession(session.id));
  await expect(group.settled(client.keepSession(session.id))).rejects.toMatchObject({
    code: 'SESSION_EXPIRED',
  });
});

test('writes of one turn travel in one call, and each hears what became of it', async () => {
  await using group = await Group.start();
  await group.leader();
  const { client, asked } = portTo(group);
  const session = await group.settled(client.openSession());
  const before = asked.length;
  const writes = Array.from({ length: 20 }, () => client.write(bytes('add x 1')));
  const late = { session: session.id, sequence: 7, settled: 6 };
  const refused = client.write(bytes('add x 1'), { session: { ...late, session: 12_345 } });
  const outcome = refused.catch(({ code, outcome }) => `${code} ${outcome}`);
  const receipts = await group.settled(Promise.all(writes));
  expect(receipts.map(({ reply }) => text(reply))).toEqual(receipts.map((_, at) => String(at + 1)));
  expect(await group.settled(outcome)).toBe('SESSION_EXPIRED unknown');
  expect(asked.length).toBe(before + 1);
});

test('a write that travels with others ends by its own deadline', async () => {
  await using group = await Group.start();
  const leader = await group.leader();
  const { client } = portTo(group);
  await group.settled(client.write(bytes('add x 1')));
  for (const { journal } of group.running) journal.hang();
  const patient = client.write(bytes('add x 1'));
  const hasty = client.write(bytes('add x 1'), { deadlineMs: 30 });
  await expect(group.settled(hasty, 40)).rejects.toMatchObject({
    code: 'DEADLINE_EXCEEDED',
    outcome: 'unknown',
  });
  for (const { journal } of group.running) journal.resume();
  expect(text((await group.settled(patient)).reply)).toBe('2');
  expect(leader.machine.totals.get('x')).toBe(3);
});

test.each(['linearizable', 'lease'] as const)(
  'reads of one turn travel in one call, and each has its own answer: %s',
  async mode => {
    await using group = await Group.start(['a', 'b', 'c'], { leases: true });
    const leader = await group.leader();
    const { client, asked } = portTo(group);
    const names = ['x', 'y', 'z'];
    await group.settled(Promise.all(names.map((name, at) => client.write(bytes(`add ${name} ${at + 1}`)))));
    const query = leader.machine.query.bind(leader.machine);
    vi.spyOn(leader.machine, 'query').mockImplementation(asking => {
      if (text(asking) === 'bad') throw new Error('No such key');
      return text(asking) === 'none' ? (undefined as never) : query(asking);
    });
    const before = asked.length;
    const bad = ['bad', 'none'].map(async name =>
      client.read(bytes(name), { mode }).catch(({ code, outcome }) => `${code} ${outcome}`),
    );
    const reads = names.map(name => client.read(bytes(name), { mode }));
    expect((await group.settled(Promise.all(reads))).map(text)).toEqual(['1', '2', '3']);
    expect(await group.settled(Promise.all(bad))).toEqual([
      'MACHINE_FAILED not-applied',
      'MACHINE_FAILED not-applied',
    ]);
    expect(asked.length).toBe(before + 1);
  },
);

test('reads that nobody else is asked for do not wait for those that need a majority', async () => {
  await using group = await Group.start(['a', 'b', 'c'], { leases: true });
  const leader = await group.leader();
  const { client } = portTo(group);
  await group.settled(client.write(bytes('add x 1')));
  await group.until(() => leader.replica.status().leaseHeld);
  group.isolate(leader.id);
  const slow = client.read(bytes('x'), { deadlineMs: 50 }).catch(({ code, outcome }) => `${code} ${outcome}`);
  const slowToo = client
    .read(bytes('x'), { deadlineMs: 20 })
    .catch(({ code, outcome }) => `${code} ${outcome}`);
  const byLease = [1, 2].map(() => client.read(bytes('x'), { mode: 'lease' }));
  expect((await group.settled(Promise.all(byLease), 10)).map(text)).toEqual(['1', '1']);
  // Each ends by its own deadline, and a read has changed nothing.
  expect(await group.settled(slowToo, 25)).toBe('DEADLINE_EXCEEDED not-applied');
  expect(await group.settled(slow, 40)).toBe('DEADLINE_EXCEEDED not-applied');
});

test('a client whose reads go to who does not lead any more asks who does', async () => {
  await using group = await Group.start();
  const leader = await group.leader();
  const { client, asked } = portTo(group);
  await group.settled(client.write(bytes('add x 1')));
  const next = nodeId(leader.id === 'a' ? 'b' : 'a');
  await group.settled(leader.replica.transferLeadership(next));
  const reads = await group.settled(Promise.all([1, 2].map(() => client.read(bytes('x')))));
  expect(reads.map(text)).toEqual(['1', '1']);
  expect(asked.at(-1)).toBe(next);
});

test('without a session what may have been applied is not sent again', async () => {
  await using group = await Group.start();
  const first = await group.leader();
  const { client, asked } = portTo(group);
  await group.settled(client.write(bytes('add x 1')));
  group.isolate(first.id);
  const before = asked.length;
  await expect(group.settled(client.write(bytes('add x 1')))).rejects.toMatchObject({ outcome: 'unknown' });
  expect(asked.length).toBe(before + 1);
});

test('a member that still starts, or has ended, is passed over', async () => {
  await using group = await Group.start();
  await group.leader();
  const { client, asked } = portTo(group);
  const member = group.get('a');
  for (const code of ['UNKNOWN_METHOD', 'CLOSED', 'JOURNAL_FAILED']) {
    const error = new QuorateError(code, 'Not here', { outcome: 'not-applied' });
    vi.spyOn(member.replica, 'read').mockRejectedValueOnce(error);
    await group.settled(client.read(bytes('x'), { mode: 'local' }));
    expect(asked.splice(0)).toEqual(['a', 'b']);
  }
  const error = new QuorateError('MACHINE_FAILED', 'Everywhere the same', { outcome: 'not-applied' });
  vi.spyOn(member.replica, 'read').mockRejectedValueOnce(error);
  await expect(group.settled(client.read(bytes('x'), { mode: 'local' }))).rejects.toBe(error);
});

test('a call that finds nobody ends by its deadline, not applied', async () => {
  await using group = await Group.start();
  const { client } = portTo(group);
  for (const name of ['a', 'b', 'c']) await group.crash(name);
  await expect(group.settled(client.write(bytes('add x 1'), { deadlineMs: 500 }))).rejects.toMatchObject({
    code: 'DEADLINE_EXCEEDED',
    outcome: 'not-applied',
  });
});

test('the requests of the transport carry it, beside the replicas on one transport', async () => {
  const network = createInProcessNetwork();
  const [id, elsewhere] = [nodeId('a'), nodeId('x')];
  const shared = shareTransport(network.transport(id));
  const [log, calls] = [groupId(3), groupId(4)];
  await using replica = await createReplica({
    id,
    group: log,
    members: [id],
    transport: shared.forGroup(log),
    journal: new MemoryJournal(),
    machine: new TallyMachine(),
    electionTimeoutMs: 20,
  });
  await using server = createRequests(shared.forGroup(calls), { group: calls });
  using _served = serveReplica(replica, server);
  await server.start();
  await using requests = createRequests(network.transport(elsewhere), { group: calls });
  await requests.start();
  const client = createReplicaClient({ requests, members: [id], group: log });
  const { reply } = await client.write(bytes('add x 3'), { deadlineMs: 5000 });
  expect(text(reply)).toBe('3');
  expect(text(await client.read(bytes('x'), { mode: 'lease', deadlineMs: 5000 }))).toBe('3');
});

test('an answer that is none is told as such, and leaves those before it as they were', async () => {
  const answers = [
    encodeAnswer(bytes('one')),
    new Uint8Array(0),
    Uint8Array.of(9, 1),
    encodeAnswer(bytes('two')),
  ];
  const client = createReplicaClient({
    requests: { request: async () => answers.shift() ?? new Uint8Array(0) },
    members: [nodeId('a')],
    clock: new ManualClock(),
    random: seededRandom(1),
  });
  const first = await client.read(bytes('x'));
  for (let count = 0; count < 2; count++) {
    await expect(client.read(bytes('x'))).rejects.toMatchObject({
      code: 'UNREADABLE_ANSWER',
      outcome: 'not-applied',
    });
  }
  const last = await client.read(bytes('x'));
  expect([first, last].map(text)).toEqual(['one', 'two']);
  for (const call of [client.write(bytes('x')), client.openSession(), client.closeSession(1)]) {
    await expect(call).rejects.toMatchObject({ code: 'UNREADABLE_ANSWER', outcome: 'unknown' });
  }
});

test('a time without an end is none that was not given', () => {
  const ack = { semiSync: 1, timeoutMs: Number.POSITIVE_INFINITY };
  const call = decodeWrite(encodeWrite(bytes('x'), { ack }));
  expect(call?.options.ack).toMatchObject({ timeoutMs: 2 ** 48 - 2 });
});

test('many answers are read as they were written, errors among them', () => {
  const error = new QuorateError('STORAGE_FULL', 'No room', { outcome: 'not-applied', retryable: true });
  expect(decodeError(encodeError(error))).toEqual(error);
  expect(decodeError(encodeError(new Error('x')))).toMatchObject({
    code: 'HANDLER_FAILED',
    outcome: 'unknown',
  });
  expect(decodeError(Uint8Array.of(2, 1, 2))).toMatchObject({
    code: 'UNREADABLE_ANSWER',
    outcome: 'unknown',
  });
  fc.assert(
    fc.property(fc.array(fc.uint8Array()), fc.uint8Array(), (items, noise) => {
      expect(decodeBatch(encodeBatch(items))).toEqual(items);
      expect(() => decodeBatch(noise)).not.toThrow();
    }),
  );
});

test('calls are read as they were written, and what is none is undefined', () => {
  const number = fc.nat(2 ** 31);
  const session = fc.record({ session: number, sequence: number, settled: number });
  const semiSync = fc.record({
    semiSync: number,
    timeoutMs: number,
    onTimeout: fc.constantFrom('fail', 'degrade'),
  });
  const ack = fc.oneof(fc.constantFrom('leader', 'quorum', 'all'), semiSync);
  const options = fc.record({ ack, session: fc.option(session, { nil: undefined }) });
  fc.assert(
    fc.property(fc.uint8Array(), options, (command, given) => {
      const wanted = given as Parameters<typeof encodeWrite>[1];
      expect(decodeWrite(encodeWrite(command, wanted))).toEqual({ command, options: wanted });
      expect(decodeRead(encodeRead(command, 'local', 7))).toEqual({
        query: command,
        mode: 'local',
        maxStalenessMs: 7,
      });
      expect(decodeSession(encodeSession(2, 9))).toEqual({ verb: 2, value: 9 });
      const receipt = { index: 5, term: 2, durability: 'os', replicas: 3, degraded: true, reply: command };
      const written = receipt as unknown as WriteReceipt;
      const bytes = new Uint8Array(receiptBytes(written));
      writeReceipt(bytes, 0, written);
      expect(decodeReceipt(bytes)).toEqual(receipt);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), noise => {
      for (const decode of [decodeWrite, decodeRead, decodeSession, decodeReceipt] as const) {
        expect(() => decode(noise)).not.toThrow();
      }
    }),
  );
});
