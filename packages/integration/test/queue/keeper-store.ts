/** What a keeper's thread opens: one more client of the queues whose address stands in the environment. */
import type { QueueStore } from '@quorate/core';
import { openQueueStore, type StoreAddress } from '../engines.ts';

export const addressVariable = 'QUORATE_KEPT_ADDRESS';

export default function openKept(): Promise<QueueStore> {
  return openQueueStore(JSON.parse(process.env[addressVariable] ?? '') as StoreAddress);
}
