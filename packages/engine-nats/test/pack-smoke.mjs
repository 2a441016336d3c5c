// Run by the pack check on Node 22, 24 and 26, against the packed package in a project of its own, without a server.
import assert from 'node:assert/strict';
import { createNatsQueueStore, createNatsStore } from '@quorate/engine-nats';

await assert.rejects(createNatsStore({}), /Connection must be one of NATS/);

/** A connection that leads to a server without JetStream: whatever is asked, nobody answers. */
function plain(info) {
  let ended = () => {};
  const end = new Promise(resolve => (ended = resolve));
  let answer = () => {};
  return {
    info,
    isClosed: () => false,
    close: async () => {},
    subscribe: (subject, { callback }) => {
      answer = callback;
      return { unsubscribe: () => (answer = undefined) };
    },
    publish: (subject, payload, { reply }) => {
      queueMicrotask(() => answer(null, { subject: reply, data: new Uint8Array(), headers: { code: 503 } }));
    },
    status: () => ({
      stop: ended,
      [Symbol.asyncIterator]: () => ({ next: () => end.then(() => ({ done: true, value: undefined })) }),
    }),
    isLeft: () => answer === undefined,
  };
}

await assert.rejects(createNatsStore({ connection: plain({}), name: 'a b' }), /Name must be/);
await assert.rejects(createNatsStore({ connection: plain({}), durability: 'quorum' }), /Durability must be/);
await assert.rejects(createNatsStore({ connection: plain({}), requestTimeoutMs: 0 }), /Request timeout/);
await assert.rejects(
  createNatsStore({ connection: plain({}), cacheMaxBytes: NaN }),
  /Most bytes of the cache/,
);

const old = plain({ version: '2.8.4', headers: true, max_payload: 1_048_576 });
await assert.rejects(createNatsStore({ connection: old }), { code: 'UNSUPPORTED', outcome: 'not-applied' });
assert.ok(old.isLeft());

const bare = plain({ version: '2.9.10', headers: true, max_payload: 1_048_576 });
const refused = { code: 'UNAVAILABLE', outcome: 'not-applied', retryable: true };
await assert.rejects(createNatsStore({ connection: bare }), refused);
assert.ok(bare.isLeft());

await assert.rejects(createNatsQueueStore({}), /Connection must be one of NATS/);
const next = plain({ version: '2.9.10', headers: true, max_payload: 1_048_576 });
await assert.rejects(createNatsQueueStore({ connection: next, name: 'a b' }), /Name must be/);
await assert.rejects(createNatsQueueStore({ connection: next }), refused);
assert.ok(next.isLeft());
