/** A process that puts jobs on a disk that it fills, until one is refused, and tells of each that is there and of that. */
import { errorCode, type MessageId, type QuorateError } from '@quorate/core';
import { openQueueStore, type StoreAddress } from '../engines.ts';
import { fillUp } from './small-volume.ts';

const [addressText = '', queue = '', volume = ''] = process.argv.slice(2);
const store = await openQueueStore(JSON.parse(addressText) as StoreAddress);
for (let index = 0; ; index++) {
  if (index === 20) fillUp(volume);
  try {
    await store.put([
      { queue, message: { id: `${index}` as MessageId, body: Buffer.alloc(20_000, `${index},`) } },
    ]);
    process.stdout.write(`put ${index}\n`);
  } catch (thrown) {
    process.stdout.write(`${errorCode(thrown)} ${(thrown as QuorateError).outcome}\n`);
    process.exit();
  }
}
