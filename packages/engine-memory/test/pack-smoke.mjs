// Run by the pack check on Node 22, 24 and 26, against the packed package in a project of its own.
import assert from 'node:assert/strict';
import { nodeId } from '@quorate/core';
import { connectStore, createMemoryStore, serveStore } from '@quorate/engine-memory';

const absent = { absent: true };
const value = Uint8Array.of(1, 2, 3);
const memory = createMemoryStore();
const other = memory.open();
const session = await memory.session({ ttlMs: 10_000 });
const put = await memory.put('p/a', value, absent, { session: session.id });
assert.equal(put.outcome, 'applied');
assert.deepEqual((await other.get('p/a')).value, value);

// Two ends of a wire.
const ends = new Map();
const end = self => ({
  self,
  capabilities: { messageMaxBytes: 1 << 20, authenticated: true, reach: 'process' },
  async start(handlers) {
    ends.set(self, handlers);
  },
  send(to, message, group = 0) {
    const copy = new Uint8Array(message);
    queueMicrotask(() => ends.get(to).onMessage(self, copy, group));
    return 'sent';
  },
  queuedBytes: () => 0,
  async [Symbol.asyncDispose]() {},
});
const serving = await serveStore(memory, end(nodeId('server')));
const remote = await connectStore(end(nodeId('client')), nodeId('server'));
const operation = { session: session.id, sequence: 1 };
for (const _ of [1, 2]) assert.equal((await remote.add('p/n', 5n, { operation })).value, 5n);
const controller = new AbortController();
const events = remote.watch('p/a', put.revision, { signal: controller.signal })[Symbol.asyncIterator]();
const next = events.next();
await session[Symbol.asyncDispose]();
assert.equal((await next).value.type, 'delete');
controller.abort();
for (const open of [remote, serving, other, memory]) await open[Symbol.asyncDispose]();
await assert.rejects(memory.get('p/a'), { code: 'CLOSED' });
