import { errorCode, type LeasedMessage } from '@quorate/core';
import { deadEnding, deadHeaders, errorHeaders } from '../dead-letters/cause.ts';
import { isReadable } from '../message-version.ts';
import type { Ending } from './ending.ts';
import type { HeldMessage } from './held-message.ts';
import { checkRetryPolicy, retryDelayMs } from './retry-policy.ts';
import type { CheckedWork } from './work-options.ts';

/** What a handler says that nobody gave the message to after all: it goes back, and its attempt with it. */
export const notHandled: Error = new Error('Nobody took the message');

/** Back for whoever is next. It is counted, so that this delivery does not count against the message. */
export function givenBack({ headers }: LeasedMessage, delayMs = 0): Ending {
  return { type: 'retry', delayMs, headers: { [deadHeaders.returned]: `${returnedCount(headers) + 1}` } };
}

/** How often a message went back that nothing was wrong with. */
function returnedCount(headers: LeasedMessage['headers']): number {
  return Number(headers[deadHeaders.returned]) || 0;
}

/** How messages rest that only a later release can read. */
const unreadableRest = checkRetryPolicy({ delayMs: 1000, delayMaxMs: 60_000 });

/** How a message ends that no handler may start on; undefined where one may. */
export function earlyEnding(
  { message, attempt }: HeldMessage,
  { retry, deliveriesMax, deadLetters, random }: CheckedWork,
): Ending | undefined {
  const { queue, deliveryCount, headers } = message;
  // Without the one that is charged for this time.
  const attemptCount = attempt - 1;
  const from = { queue, deliveryCount, attemptCount };
  // A later release wrote it, whose workers are here or will come.
  if (!isReadable(headers)) return givenBack(message, retryDelayMs(unreadableRest, deliveryCount, random));
  if (attemptCount >= retry.attemptsMax) return deadEnding(deadLetters, from, 'attempts');
  if (deliveryCount - returnedCount(headers) > deliveriesMax)
    return deadEnding(deadLetters, from, 'deliveries');
  return undefined;
}

/** How a message ends whose handler threw. */
export function endingOfError(
  held: HeldMessage,
  error: unknown,
  { retry, deadLetters, random }: CheckedWork,
): Ending {
  const { message, attempt, reason } = held;
  if (error === notHandled) {
    held.hasStarted = false;
    return givenBack(message);
  }
  // It was told to end: that is nobody's failure.
  if (errorCode(reason) === 'WORK_ENDED') return givenBack(message);
  const headers = errorHeaders(error);
  const { queue, deliveryCount } = message;
  if (attempt >= retry.attemptsMax)
    return deadEnding(deadLetters, { queue, deliveryCount, attemptCount: attempt }, 'attempts', headers);
  return { type: 'retry', delayMs: retryDelayMs(retry, attempt, random), headers };
}
