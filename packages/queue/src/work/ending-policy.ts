import { errorCode, type LeasedMessage } from '@quorate/core';
import { deadEnding, errorHeaders } from '../dead-letters/cause.ts';
import { isReadable } from '../message-version.ts';
import type { Ending } from './ending.ts';
import type { HeldMessage } from './held-message.ts';
import { checkRetryPolicy, retryDelayMs } from './retry-policy.ts';
import type { CheckedWork } from './work-options.ts';

/** Back at once, for whoever is next. */
export const giveBack: Ending = { type: 'retry', delayMs: 0 };

/** How messages rest that only a later release can read. */
const unreadableRest = checkRetryPolicy({ delayMs: 1000, delayMaxMs: 60_000 });

/** How a message ends that no handler may start on; undefined where one may. */
export function earlyEnding(
  message: LeasedMessage,
  { retry, deliveriesMax, deadLetters, random }: CheckedWork,
): Ending | undefined {
  const { deliveryCount, attemptCount, headers } = message;
  // A later release wrote it, whose workers are here or will come.
  if (!isReadable(headers))
    return { type: 'retry', delayMs: retryDelayMs(unreadableRest, deliveryCount, random) };
  if (attemptCount >= retry.attemptsMax) return deadEnding(deadLetters, message, 'attempts');
  if (deliveryCount > deliveriesMax) return deadEnding(deadLetters, message, 'deliveries');
  return undefined;
}

/** How a message ends whose handler threw. */
export function endingOfError(
  { message, attempt, reason }: HeldMessage,
  error: unknown,
  { retry, deadLetters, random }: CheckedWork,
): Ending {
  // It was told to end: that is nobody's failure.
  if (errorCode(reason) === 'WORK_ENDED') return giveBack;
  const headers = errorHeaders(error);
  const { queue, deliveryCount } = message;
  if (attempt >= retry.attemptsMax)
    return deadEnding(deadLetters, { queue, deliveryCount, attemptCount: attempt }, 'attempts', headers);
  return { type: 'retry', delayMs: retryDelayMs(retry, attempt, random), headers };
}
