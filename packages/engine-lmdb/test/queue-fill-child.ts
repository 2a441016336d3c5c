/** A process that puts messages until there is no room, and tells how many there were and what it was told. */
import { errorCode, type QuorateError } from '@quorate/core';
import { createLmdbQueueStore } from '../src/index.ts';

// The kernel's limit on files sends it where a full disk would not.
process.on('SIGXFSZ', () => {});
const [path, queue] = process.argv.slice(2) as [string, string];
const store = await createLmdbQueueStore({ path });
let stored = 0;
let thrown: unknown;
while (thrown === undefined) {
  try {
    await store.put([{ queue, message: { body: new Uint8Array(100_000) } }]);
    stored++;
  } catch (failure) {
    thrown = failure;
  }
}
console.log(JSON.stringify({ stored, code: errorCode(thrown), outcome: (thrown as QuorateError).outcome }));
await store[Symbol.asyncDispose]();
