// Run by the pack check on Node 22, 24 and 26, against the packed package in a project of its own.
import assert from 'node:assert/strict';
import { KeptSession, StorePartition, driveStore, sessionId, systemClock } from '@quorate/core';
import {
  createCounterClient,
  createCounterHandler,
  createCounters,
  createPnCounter,
  idOfText,
} from '@quorate/counter';
import { attachStripedCounter, createSharedCounter, createStripedCounter } from '@quorate/counter/shared';

assert.equal(typeof KeptSession, 'function');

// A store of one process, as small as it can be: engines are packages of their own.
const partitions = new Map();
const partition = key => {
  const name = key.split('/')[0];
  if (!partitions.has(name)) partitions.set(name, new StorePartition());
  return partitions.get(name);
};
let sessions = 0;
const driver = {
  capabilities: {
    durability: 'memory',
    linearizable: true,
    fenceSurvivesLoss: false,
    expiry: 'server',
    watch: 'push',
    ttlMinMs: 10,
    valueMaxBytes: 1024,
    verbs: { enqueue: false, add: true, batch: true },
  },
  get: async key => partition(key).get(key),
  list: async query => partition(query.prefix).list(query),
  put: async (write, condition, { operation }) => partition(write.key).put(write, condition, operation),
  delete: async (key, condition, { operation }) => partition(key).delete(key, condition, operation),
  add: async (key, delta, { operation }) => partition(key).add(key, delta, operation),
  batch: async (conditions, writes, { operation }) => {
    const [key] = [...conditions.keys()];
    return partition(key).batch(conditions, writes, operation);
  },
  openSession: async () => sessionId(`s${++sessions}`),
  renewSession: async () => true,
  endSession: async id => partitions.forEach(each => each.endSession(id)),
  [Symbol.asyncDispose]: async () => {},
};
const store = driveStore(driver, { clock: systemClock });
const counters = createCounters({ store });

const counter = counters.counter('orders');
const added = await Promise.all(Array.from({ length: 1000 }, () => counter.add(1)));
assert.equal(added[999].value, 1000n);
counter.post(2n ** 40n);
await counter.flush();
assert.equal(await counter.get(), 2n ** 40n + 1000n);
assert.equal(await counters.sequence('invoices', { block: 10 }).next(), 1n);

const ids = await counters.ids('orders');
const first = ids.nextSync();
assert.ok(idOfText(ids.nextTextSync()) > first);
assert.equal(ids.split(first).worker, ids.worker);

const handler = createCounterHandler({ counters });
const client = createCounterClient({
  url: 'http://localhost/counters/',
  fetch: (input, init) => handler(new Request(input, init)),
});
assert.deepEqual(await client.add('hits', 5), { value: 5n });
assert.equal(await client.get('hits'), 5n);

const [one, other] = [createPnCounter('one'), createPnCounter('other')];
one.increment(3);
other.decrement(1);
other.merge(one.state());
assert.equal(other.value, 2n);

const striped = createStripedCounter();
attachStripedCounter(striped.buffer).add(7);
assert.equal(striped.get(), 7n);
assert.equal(createSharedCounter().add(-1), -1n);

await counters[Symbol.asyncDispose]();
await store[Symbol.asyncDispose]();
