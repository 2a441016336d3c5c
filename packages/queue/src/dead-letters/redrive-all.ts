import { boundedWait, pageMax, type WaitOptions } from '@quorate/core';
import type { QueuesContext } from '../queues-options.ts';
import { leave, moveBack, settleAll } from './move-back.ts';

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
      const lost = await settleAll(
        store,
        leased.map(letter => (letter.putAtMs > beganMs ? leave(letter) : moveBack(letter, to, origin))),
      );
      count += old.filter(({ id }) => !lost.has(id)).length;
      if (old.length === 0) break;
    }
    return count;
  });
}
