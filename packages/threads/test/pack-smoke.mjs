// Run by the pack check on Node 22, 24 and 26, against the packed package in a project of its own.
// The same file is the worker's module, so that the check has one file to copy.
import assert from 'node:assert/strict';
import { isMainThread, threadId } from 'node:worker_threads';
import { spawn } from '@quorate/threads';
import { serve } from '@quorate/threads/worker';

export const api = serve({
  sum: numbers => numbers.reduce((total, number) => total + number, 0),
  where: () => threadId,
  hang: () => new Promise(() => {}),
  fail: () => {
    throw new RangeError('No such thing');
  },
});

if (isMainThread) await main();

async function main() {
  const worker = await spawn(import.meta.url);
  try {
    assert.equal(await worker.call('sum', [1, 2, 39]), 42);
    assert.notEqual(await worker.call('where'), threadId);
    await assert.rejects(worker.call('fail'), { name: 'RangeError', message: 'No such thing' });
    const lost = assert.rejects(worker.call('hang'), { code: 'WORKER_LOST' });
    await worker.terminate();
    await lost;
  } finally {
    await worker[Symbol.asyncDispose]();
  }
}
