import {
  type LeasedMessage,
  type MessageId,
  QuorateError,
  type QueueStore,
  type Settlement,
} from '@quorate/core';
import { deadHeaders } from './cause.ts';

/** When the dead letter died that a message was: so a redrive that was interrupted, or runs beside another, finds what was done. */
export const redrivenHeader = '~redriven';

/** Puts a dead letter that is leased back, in one commit: it is in one place at any time. */
export function moveBack(letter: LeasedMessage, to: string | undefined, origin: string): Settlement {
  const { queue, id, token, putAtMs } = letter;
  const headers = { [redrivenHeader]: `${putAtMs}`, [deadHeaders.returned]: '0' };
  return {
    lease: { queue, id, token },
    action: { type: 'move', queue: targetOf(letter, to, origin), headers },
  };
}

/** Leaves one that is leased where it is. Whoever handles dead letters is not charged with this. */
export function leave({ queue, id, token, headers }: LeasedMessage): Settlement {
  const returned = `${(Number(headers[deadHeaders.returned]) || 0) + 1}`;
  return {
    lease: { queue, id, token },
    action: { type: 'release', delayMs: 0, headers: { [deadHeaders.returned]: returned } },
  };
}

/** Where a dead letter goes back to. */
export function targetOf(
  { headers }: Pick<LeasedMessage, 'headers'>,
  to: string | undefined,
  origin: string,
): string {
  return to ?? headers[deadHeaders.from] ?? origin;
}

/**
 * Settles until nothing is unknown. Says which letters another has, or had, so that nothing was done: one that is told `lost` after its
 * answer was lost is taken for one that was settled.
 *
 * @throws QuorateError `UNAVAILABLE`
 */
export async function settleAll(
  store: QueueStore,
  settlements: readonly Settlement[],
): Promise<ReadonlySet<MessageId>> {
  let left = settlements;
  const lost = new Set<MessageId>();
  for (let turn = 0; turn < turnsMax && left.length > 0; turn++) {
    const results = await store.settle(left);
    for (const [index, { lease }] of left.entries()) {
      if (turn === 0 && results[index]?.outcome === 'not-applied') lost.add(lease.id);
    }
    left = left.filter((_, index) => results[index]?.outcome === 'unknown');
  }
  if (left.length === 0) return lost;
  throw new QuorateError('UNAVAILABLE', `Nobody knows whether ${left.length} dead letters were moved`, {
    retryable: true,
  });
}

const turnsMax = 10;
