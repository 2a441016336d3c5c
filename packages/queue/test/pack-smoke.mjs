// Run by the pack check on Node 22, 24 and 26, against the packed package in a project of its own.
import assert from 'node:assert/strict';
import { driveQueue, QueuePartition, systemClock } from '@quorate/core';
import * as packed from '@quorate/queue';

const { createQueues } = packed;
assert.equal(typeof packed.startWork, 'function');
assert.equal(typeof packed.leaseKeeper, 'function');
assert.throws(() => createQueues({}), TypeError);

// One partition in this process is all that an engine has to be.
const partition = new QueuePartition();
const now = () => Date.now();
const nothing = { [Symbol.dispose]() {} };
const store = driveQueue(
  {
    capabilities: {
      durability: 'memory',
      atomicSettle: true,
      atomicPut: true,
      transactionalPut: false,
      crossProcess: false,
      lease: { readyAt: true, lanes: true, oneActivePerKey: true },
      abandon: true,
      leaseGranularityMs: 1,
      bodyMaxBytes: 65_536,
    },
    now: async () => now(),
    put: async puts => puts.map(put => partition.put(put, now())),
    lease: async (queue, query) => ({ messages: partition.lease(queue, query, now()), nextInMs: 5 }),
    extend: async (leases, leaseMs, started) =>
      leases.map(lease => partition.extend(lease, leaseMs, started, now())),
    settle: async settlements => settlements.map(settlement => partition.settle(settlement, now())),
    abandon: async () => 0,
    watch: () => nothing,
    state: {
      get: async key => partition.getState(key, now()),
      write: async write => partition.writeState(write, now()),
      scan: async query => partition.scanState(query, now()),
      watch: () => nothing,
    },
    inspect: {
      messages: async (queue, query) => partition.messages(queue, query, now()),
      depth: async queue => partition.depth(queue, now()),
    },
    async [Symbol.asyncDispose]() {},
  },
  { clock: systemClock },
);
const queues = createQueues({ store });
const sent = await queues
  .producer('orders')
  .sendMany([{ n: 1 }, { n: 2 }, { n: 3 }], ({ n }) => ({ key: 'k', id: `${n}` }));
assert.deepEqual(
  sent.map(({ id, duplicate, durability }) => [id, duplicate, durability]),
  ['1', '2', '3'].map(id => [id, false, 'memory']),
);
const seen = [];
for await (const message of queues.consumer('orders')) {
  seen.push(message.body.n);
  assert.equal(await (message.body.n === 2 ? message.deadLetter('odd') : message.ack()), 'settled');
  if (seen.length === 3) break;
}
assert.deepEqual(seen, [1, 2, 3]);
const [letter] = (await queues.deadLetters('orders').list()).items;
assert.equal(letter.cause, 'rejected');
assert.equal(letter.from, 'orders');
await queues[Symbol.asyncDispose]();
await store[Symbol.asyncDispose]();
