import { nodeId } from '@quorate/core';
import { createInProcessNetwork } from '@quorate/transport';
import { expect, test } from 'vitest';
import { createReplicaClient } from '../../src/client/replica-client.ts';
import { createReplica } from '../../src/replica/create-replica.ts';
import type { Replica } from '../../src/replica/replica.ts';
import type { ReplicaOptions } from '../../src/replica/replica-options.ts';
import type { ReadOptions } from '../../src/replica/write-options.ts';
import { Group } from './group.ts';
import { MemoryJournal } from './memory-journal.ts';
import { bytes, TallyMachine } from './tally-machine.ts';

const id = nodeId('a');

/** What a replica and its client take alike, and refuse alike before anybody is asked. */
type Asked = Pick<Replica, 'write' | 'read' | 'openSession' | 'closeSession' | 'keepSession'>;

async function expectRefused(call: (to: Asked) => Promise<unknown>, says: string): Promise<void> {
  await using group = await Group.start(['a']);
  await expect(call((await group.leader()).replica)).rejects.toThrow(says);
  let asked = 0;
  const requests = { request: async () => new Uint8Array(++asked) };
  await expect(call(createReplicaClient({ requests, members: [id] }))).rejects.toThrow(says);
  expect(asked).toBe(0);
}

test.each<[string, object, string]>([
  [
    'an unknown level',
    { ack: 'some' },
    'Acknowledgement must be "leader", "quorum", "all" or { semiSync }: received some',
  ],
  [
    'no other replica',
    { ack: { semiSync: 0 } },
    'Semi-synchronous replicas must be an integer of at least 1: received 0',
  ],
  [
    'a time that is none',
    { ack: { semiSync: 1, timeoutMs: -1 } },
    'Timeout in ms must be a number of at least 0: received -1',
  ],
  [
    'an unknown way out',
    { ack: { semiSync: 1, onTimeout: 'wait' } },
    'What is done on timeout must be "fail" or "degrade": received wait',
  ],
  [
    'a session that is none',
    { session: 5 },
    'Session must be what "begin" of a ClientSession gave: received 5',
  ],
  [
    'a number of no operation',
    { session: { session: 1, sequence: 0, settled: 0 } },
    'Sequence number must be an integer from 1 to 281474976710655: received 0',
  ],
  [
    'a deadline in the past',
    { deadlineMs: -1 },
    'Deadline in ms must be a number of at least 0: received -1',
  ],
])('write: %s is refused at the call', (_, options, says) =>
  expectRefused(to => to.write(bytes('x'), options), says),
);

test.each<[string, ReadOptions, string]>([
  [
    'an unknown mode',
    { mode: 'strong' as never },
    'Mode of a read must be "linearizable", "lease", "follower" or "local": received strong',
  ],
  [
    'a bound that is none',
    { mode: 'local', maxStalenessMs: Number.NaN },
    'Staleness in ms must be a number of at least 0: received NaN',
  ],
  [
    'a bound of what is never stale',
    { maxStalenessMs: 1 },
    'Staleness is bounded of "local" reads alone: received linearizable',
  ],
])('read: %s is refused at the call', (_, options, says) =>
  expectRefused(to => to.read(bytes('x'), options), says),
);

test('what is no command, query or session is refused at the call', async () => {
  const noSession = 'Session must be an integer from 1 to 281474976710655: received 0';
  const shortLife = 'Time to live of a session in ms must be a number from 1000 to 2592000000: received 5';
  await expectRefused(to => to.write('x' as never), 'Command must be a Uint8Array: received x');
  await expectRefused(to => to.read('x' as never), 'Query must be a Uint8Array: received x');
  await expectRefused(to => to.openSession({ ttlMs: 5 }), shortLife);
  await expectRefused(to => to.closeSession(0), noSession);
  await expectRefused(to => to.keepSession(0), noSession);
});

test.each([
  ['nothing', undefined, {}, 'Change must be { voters, learners, remove }: received undefined'],
  [
    'a misspelt list',
    { add: ['b'] },
    {},
    'Change must be of "voters", "learners" and "remove" alone: received "add"',
  ],
  ['one id in place of a list', { voters: 'b' }, {}, 'Voters must be an array of node ids: received b'],
  ['an empty id', { learners: [''] }, {}, 'Node id must not be empty'],
  [
    'one twice',
    { voters: ['c', 'b'], remove: ['b'] },
    {},
    'Members of a change must be named once each: received "b" twice',
  ],
  [
    'an unknown transition',
    {},
    { transition: 'fast' },
    'Transition must be "auto", "joint" or "explicit": received fast',
  ],
])('reconfigure: %s is refused at the call', async (_, change, options, says) => {
  await using group = await Group.start(['a']);
  const { replica } = await group.leader();
  await expect(replica.reconfigure(change as never, options as never)).rejects.toThrow(says);
  expect(replica.status().last).toBe(1);
});

test('whom leadership is handed to, and who listens, are looked at', async () => {
  await using group = await Group.start(['a']);
  const { replica } = await group.leader();
  await expect(replica.transferLeadership(5 as never)).rejects.toThrow(
    'Node id must be a string: received 5',
  );
  for (const to of [undefined, id, nodeId('z')]) {
    await expect(replica.transferLeadership(to)).rejects.toMatchObject({
      code: 'TRANSFER_FAILED',
      outcome: 'not-applied',
    });
  }
  expect(() => replica.subscribe('x' as never)).toThrow('Listener must be a function: received x');
});

test.each<[string, object, string]>([
  ['no members', { members: [] }, 'Members must be at least one: received none'],
  ['one name in place of a list', { members: 'a' }, 'Members must be an array of node ids: received a'],
  ['a member twice', { members: ['a', 'b', 'a'] }, 'Members must be named once each: received "a" twice'],
  ['another transport', { id: 'b' }, 'Transport must be that of "b": received that of "a"'],
  ['no journal', { journal: undefined }, 'Journal must have a method "recover": received undefined'],
  ['no state machine', { machine: {} }, 'Machine must have a method "apply": received [object Object]'],
  [
    'a short timeout',
    { electionTimeoutMs: 5 },
    'Election timeout in ms must be a number from 10 to 86400000: received 5',
  ],
  [
    'rare heartbeats',
    { heartbeatMs: 500, electionTimeoutMs: 900 },
    'Heartbeat in ms must be a number from 1 to 300: received 500',
  ],
  [
    'a margin beyond the lease',
    { leaseMarginMs: 1001 },
    'Lease margin in ms must be a number from 0 to 1000: received 1001',
  ],
  ['leases that nobody keeps', { leases: true, checkQuorum: false }, 'Lease reads need checkQuorum'],
  [
    'half a byte',
    { tailBytes: 0.5 },
    'Tail in memory in bytes must be an integer of at least 0: received 0.5',
  ],
])('createReplica: %s is refused before anything starts', async (_, options, says) => {
  const transport = createInProcessNetwork().transport(id);
  const usual = { id, members: [id], transport, journal: new MemoryJournal(), machine: new TallyMachine() };
  await expect(createReplica({ ...usual, ...options } as ReplicaOptions)).rejects.toThrow(says);
  await createReplica(usual).then(replica => replica[Symbol.asyncDispose]());
});

test('a client is refused what it could not work with', () => {
  const requests = { request: async () => bytes('x') };
  expect(() => createReplicaClient({ requests, members: [] })).toThrow('Members must be at least one');
  expect(() => createReplicaClient({ requests, members: [id], attemptMs: 0 })).toThrow(
    'Attempt in ms must be a number above 0: received 0',
  );
});
