// Run by the pack check on Node 22, 24 and 26, against the packed package in a project of its own.
import assert from 'node:assert/strict';
import { runStoreCase, storeCases } from '@quorate/conformance';
import { driveStore, partitionOf, seededRandom, StorePartition, systemClock } from '@quorate/core';

const capabilities = {
  durability: 'memory',
  linearizable: true,
  fenceSurvivesLoss: false,
  expiry: 'server',
  watch: 'push',
  ttlMinMs: 10,
  valueMaxBytes: 65_536,
  verbs: { enqueue: false, add: false, batch: false },
};

/** A subject whose store does no more than entries; `lie` changes what `get` gives. */
function subjectOf(lie) {
  const partitions = new Map();
  const of = key => {
    const name = partitionOf(key);
    if (!partitions.has(name)) partitions.set(name, new StorePartition());
    return partitions.get(name);
  };
  const driver = {
    capabilities,
    get: async key => lie(structuredClone(of(key).get(key))),
    list: async query => structuredClone(of(query.prefix).list(query)),
    put: async (write, condition, { operation }) =>
      structuredClone(of(write.key).put(write, condition, operation)),
    delete: async (key, condition, { operation }) =>
      structuredClone(of(key).delete(key, condition, operation)),
    async [Symbol.asyncDispose]() {},
  };
  return {
    name: 'smoke',
    clock: systemClock,
    random: seededRandom(1),
    ttlMs: 100,
    open: async () => driveStore(driver, { clock: systemClock }),
  };
}

assert.equal(new Set(storeCases.map(({ name }) => name)).size, storeCases.length);
const storeCase = storeCases.find(({ name }) => name.startsWith('what was put is got'));
assert.equal(
  await runStoreCase(
    subjectOf(entry => entry),
    storeCase,
  ),
  undefined,
);
await assert.rejects(
  runStoreCase(
    subjectOf(() => undefined),
    storeCase,
  ),
  /smoke: "what was put is got.*" is not kept: get/,
);
const add = storeCases.find(({ name }) => name.startsWith('an addition gives the sum'));
assert.match(
  await runStoreCase(
    subjectOf(entry => entry),
    add,
  ),
  /capabilities/,
);
