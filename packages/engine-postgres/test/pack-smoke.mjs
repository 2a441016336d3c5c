// Run by the pack check on Node 22, 24 and 26, against the packed package in a project of its own, without a server.
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { createPostgresQueueStore, createPostgresStore } from '@quorate/engine-postgres';

await assert.rejects(createPostgresStore({}), /Either a pool or a connection string/);
await assert.rejects(createPostgresStore({ connectionString: 'x', schema: 'a$b' }), /Schema must be/);
await assert.rejects(createPostgresStore({ connectionString: 'x', connectionsMax: 2 }), /at least 3/);

// A pool that has no server to lead to.
const pool = Object.assign(new EventEmitter(), {
  connect: () => Promise.reject(new Error('nobody is there')),
  end: async () => {},
});
const refused = { code: 'UNAVAILABLE', outcome: 'not-applied', retryable: true };
await assert.rejects(createPostgresStore({ pool }), refused);
assert.equal(pool.listenerCount('error'), 0);

// The peer dependency is found, and the pool of the store's own leaves nothing behind.
await assert.rejects(createPostgresStore({ connectionString: 'postgres://a:b@127.0.0.1:1/c' }), refused);

// The queues: the same, and what they refuse for themselves.
await assert.rejects(createPostgresQueueStore({}), /Either a pool or a connection string/);
await assert.rejects(createPostgresQueueStore({ connectionString: 'x', bodyMaxBytes: 1 }), /Largest body/);
await assert.rejects(createPostgresQueueStore({ pool }), refused);
