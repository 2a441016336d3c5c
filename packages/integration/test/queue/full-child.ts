/**
 * A process that puts jobs on a disk that it fills, until fifty in a row are refused, and tells of each that is there and of those; then
 * it takes one out, and puts one more once there is room.
 */
import { errorCode, type MessageId, type QuorateError } from '@quorate/core';
import { openQueueStore, type StoreAddress } from '../engines.ts';
import { emptied, fillUp } from './small-volume.ts';

const [addressText = '', queue = '', volume = ''] = process.argv.slice(2);
const store = await openQueueStore(JSON.parse(addressText) as StoreAddress);
const refusals: string[] = [];
for (let index = 0; refusals.length < 50; index++) {
  if (index === 20) fillUp(volume);
  try {
    await store.put([
      { queue, message: { id: `${index}` as MessageId, body: Buffer.alloc(20_000, `${index},`) } },
    ]);
    process.stdout.write(`put ${index}\n`);
  } catch (thrown) {
    refusals.push(`${errorCode(thrown)} ${(thrown as QuorateError).outcome}`);
  }
}
const [lease] = await store.lease(queue, { messagesMax: 1, leaseMs: 600_000, owner: 'child' });
if (lease !== undefined) {
  const [settled] = await store.settle([{ lease, action: { type: 'acknowledge' } }]);
  process.stdout.write(`settled ${lease.id} ${settled?.outcome}\n`);
}
emptied(volume);
const [last] = await store.put([
  { queue, message: { id: '5000' as MessageId, body: Buffer.alloc(20_000, '5000,') } },
]);
process.stdout.write(`then ${last?.outcome}\n`);
process.stdout.write(`${[...new Set(refusals)].join()}\n`);
await store[Symbol.asyncDispose]();
