// Run by the pack check on Node 22, 24 and 26, against the packed package in a project of its own.
import assert from 'node:assert/strict';
import { accelerate, redisSlot, Ring } from '@quorate/ring';

assert.equal(redisSlot('123456789'), 12739); // the vector of the Redis Cluster specification

const keys = Array.from({ length: 2000 }, (_, index) => `key:${index}`);
const ring = Ring.build({ nodes: ['a', 'b', 'c'] });
const grown = ring.with({ add: ['d'] });
const owners = keys.map(key => ring.get(key));
const moved = keys.filter((key, index) => grown.get(key) !== owners[index]);
assert.ok(moved.length > 0 && moved.length < keys.length / 2);
assert.ok(moved.every(key => grown.get(key) === 'd'));

// WebAssembly, where the engine has what it needs, gives the same owners.
accelerate();
assert.deepEqual(
  keys.map(key => ring.get(key)),
  owners,
);
