import type { LeasedMessage } from '@quorate/core';
import type { Lease } from './claim-record.ts';
import { isOwnId, type StoredMessage } from './message-record.ts';
import { weightOf } from './message-weight.ts';

/** What a lease says of its message: where that goes when it ends, and what an acknowledgement need not look up. */
export function leaseFacts(
  message: StoredMessage,
): Pick<Lease, 'lane' | 'readyAtMs' | 'turn' | 'hasKey' | 'isOwnId' | 'bytes'> {
  const { lane, readyAtMs, turn, key, id, sequence } = message;
  return {
    lane,
    readyAtMs,
    turn,
    hasKey: key !== undefined,
    isOwnId: isOwnId(id, sequence),
    bytes: weightOf(message),
  };
}

/** What the holder of a lease is given. */
export function leasedMessage(
  queue: string,
  { id, body, headers, lane, key, putAtMs }: StoredMessage,
  { token, deliveryCount, attemptCount, dueMs }: Lease,
  offsetMs: number,
): LeasedMessage {
  return {
    id,
    queue,
    body,
    headers,
    lane,
    ...(key === undefined ? {} : { key }),
    token: BigInt(token) as LeasedMessage['token'],
    deliveryCount,
    attemptCount,
    putAtMs,
    leasedUntilMs: dueMs + offsetMs,
  };
}
