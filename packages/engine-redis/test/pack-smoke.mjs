// Run by the pack check on Node 22, 24 and 26, against the packed package in a project of its own, without a server.
import assert from 'node:assert/strict';
import { createRedisQueueStore, createRedisStore } from '@quorate/engine-redis';
import { Redis } from 'ioredis';

await assert.rejects(createRedisStore({}), /either a client or a url/);
await assert.rejects(createRedisStore({ client: {} }), /cannot be duplicated/);
await assert.rejects(
  createRedisStore({ url: 'redis://127.0.0.1:1', prefix: '{a}' }),
  /Prefix must have no braces/,
);

// The peer dependency is found, and a store that found no server leaves nothing behind.
const refused = { code: 'UNAVAILABLE', outcome: 'not-applied', retryable: true };
await assert.rejects(createRedisStore({ url: 'redis://127.0.0.1:1' }), refused);
await assert.rejects(createRedisStore({ client: new Redis(1, { lazyConnect: true }) }), refused);

// The same of queues.
await assert.rejects(createRedisQueueStore({}), /either a client or a url/);
await assert.rejects(createRedisQueueStore({ url: 'redis://127.0.0.1:1', bodyMaxBytes: 1 }), /bodyMaxBytes/);
await assert.rejects(createRedisQueueStore({ url: 'redis://127.0.0.1:1' }), refused);
