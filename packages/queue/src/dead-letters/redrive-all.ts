import {
  type LeasedMessage,
  pageMax,
  QuorateError,
  type Settlement,
  type SettleResult,
  type WaitOptions,
  boundedWait,
} from '@quorate/core';
import type { QueuesContext } from '../queues-options.ts';
import { deadHeaders } from './cause.ts';

/** How long a batch may take. */
const leaseMs = 30_000;

/** Moves all dead letters that are there back to where they were. What dies anew meanwhile stays. */
export function redriveAll(
  context: QueuesContext,
  queue: string,
  to: string | undefined,
  origin: string,
  max: number | undefined,
  wait: WaitOptions,
): Promise<number> {
  return boundedWait(context.clock, wait, 'unknown', async signal => {
    const { store, random } = context;
    const owner = `redrive-${random.uint32().toString(36)}`;
    const beganMs = await store.now();
    let count = 0;
    while (count < (max ?? Number.POSITIVE_INFINITY)) {
      const messagesMax = Math.min(pageMax / 2, (max ?? Number.POSITIVE_INFINITY) - count);
      signal?.throwIfAborted();
      const leased = await store.lease(queue, { messagesMax, leaseMs, owner });
      const old = leased.filter(({ putAtMs }) => putAtMs <= beganMs);
      await settleAll(
        context,
        leased.map(message => settlementOf(message, putBack(message, beganMs, to, origin))),
      );
      count += old.length;
      if (old.length === 0) break;
    }
    return count;
  });
}

function putBack(
  { headers, putAtMs }: LeasedMessage,
  beganMs: number,
  to: string | undefined,
  origin: string,
): Settlement['action'] {
  if (putAtMs > beganMs) return { type: 'release', delayMs: 0 };
  return { type: 'move', queue: to ?? headers[deadHeaders.from] ?? origin };
}

function settlementOf({ queue, id, token }: LeasedMessage, action: Settlement['action']): Settlement {
  return { lease: { queue, id, token }, action };
}

/** Settles until nothing is unknown. @throws QuorateError `UNAVAILABLE` */
async function settleAll({ store }: QueuesContext, settlements: readonly Settlement[]): Promise<void> {
  let left = settlements;
  for (let turn = 0; turn < turnsMax && left.length > 0; turn++) {
    const results = await store.settle(left);
    left = left.filter((_, index) => (results[index] as SettleResult).outcome === 'unknown');
  }
  if (left.length === 0) return;
  throw new QuorateError('UNAVAILABLE', `Nobody knows whether ${left.length} dead letters were moved`, {
    retryable: true,
  });
}

const turnsMax = 10;
