// Run by the pack check on Node 22, 24 and 26, against the packed package in a project of its own.
import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { asyncTasks, createLocalLocks, createLockManager, fencedLmdbWrite } from '@quorate/lock';

const locks = createLocalLocks({ tasks: asyncTasks(), reentrant: true });
const mutex = locks.mutex('order:42');

const held = await mutex.acquire();
const order = [];
const waits = [1, 2, 3].map(turnOf => mutex.run(lock => void order.push([turnOf, lock.fence > held.fence])));
await turn();
assert.equal(await mutex.tryAcquire(), undefined);
await held.release();
await Promise.all(waits);
assert.deepEqual(order, [
  [1, true],
  [2, true],
  [3, true],
]);

await assert.rejects(
  mutex.run(() => mutex.run(() => locks.rw('r').write.run(() => locks.rw('r').read.acquire()))),
  { code: 'DEADLOCK' },
);

const manager = createLockManager(locks);
assert.equal(await manager.request('a', lock => lock.mode), 'exclusive');

const values = new Map();
const fences = {
  transactionSync: action => action(),
  get: key => values.get(key),
  put: (key, value) => values.set(key, value),
};
assert.equal(fencedLmdbWrite(fences, 'r', 7n, () => 'done').outcome, 'written');
assert.equal(fencedLmdbWrite(fences, 'r', 6n, () => 'never').outcome, 'stale');

await locks[Symbol.asyncDispose]();
await assert.rejects(mutex.acquire(), { code: 'CLOSED' });
