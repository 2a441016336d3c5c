import type { QueuePut, Settlement } from '@quorate/core';
import { RecordWriter } from './queue-record.ts';

/** As long as any. */
const writer = Buffer.alloc(8).toString('base64url');

/** A settlement takes effect whole, and so must fit a record. @throws RangeError before anything is sent, where it does not */
export function checkSettlementSize(settlement: Settlement, recordMaxBytes: number): void {
  // Most are far from it, and are not written twice.
  if (bytesAbout(settlement) <= recordMaxBytes / 2) return;
  const record = new RecordWriter(writer, Number.MAX_SAFE_INTEGER);
  if (record.add([{ type: 'settle', settlement }], recordMaxBytes)) return;
  throw new RangeError(
    `Settlement of "${settlement.lease.id}" must fit a message of ${recordMaxBytes} bytes with its follow-ups: received more`,
  );
}

function bytesAbout({ action, puts = [], state = [] }: Settlement): number {
  let bytes = 4096 + ('headers' in action ? headerBytes(action.headers ?? {}) : 0);
  for (const { message } of puts) bytes += putBytes(message);
  for (const { value } of state) bytes += (value?.length ?? 0) + 4096;
  return bytes;
}

function putBytes({ body, headers = {} }: QueuePut['message']): number {
  return body.length + headerBytes(headers) + 8192;
}

/** At most: a UTF-16 code unit takes up to three bytes. */
function headerBytes(headers: Readonly<Record<string, string>>): number {
  let units = 0;
  for (const [name, value] of Object.entries(headers)) units += name.length + value.length + 8;
  return 3 * units;
}
