import type { Random } from '@quorate/core';

/** How often a message is tried, and how long it rests in between. */
export interface RetryPolicy {
  /** Handlers started on a message, the first included, before it is a dead letter. Default 10. */
  readonly attemptsMax?: number;
  /** Default 1,000. */
  readonly delayMs?: number;
  /** Default 2. */
  readonly factor?: number;
  /** Default 600,000. */
  readonly delayMaxMs?: number;
}

export type CheckedRetryPolicy = Required<RetryPolicy>;

/** @throws RangeError */
export function checkRetryPolicy(policy: RetryPolicy = {}): CheckedRetryPolicy {
  const { attemptsMax = 10, delayMs = 1000, factor = 2, delayMaxMs = 600_000 } = policy;
  if (!(Number.isInteger(attemptsMax) && attemptsMax >= 1) && attemptsMax !== Number.POSITIVE_INFINITY)
    throw new RangeError(`Attempts must be an integer of at least 1, or Infinity: received ${attemptsMax}`);
  if (!(delayMs >= 0 && delayMs < 2 ** 31))
    throw new RangeError(`First delay in ms must be from 0 to ${2 ** 31 - 1}: received ${delayMs}`);
  if (!(factor >= 1 && factor < Number.POSITIVE_INFINITY))
    throw new RangeError(`Factor of the delay must be a finite number of at least 1: received ${factor}`);
  if (!(delayMaxMs >= 0 && delayMaxMs < 2 ** 31))
    throw new RangeError(`Longest delay in ms must be from 0 to ${2 ** 31 - 1}: received ${delayMaxMs}`);
  return { attemptsMax, delayMs, factor, delayMaxMs };
}

/**
 * How long a message rests after its `attempt`th attempt (from 1) failed: between nothing and `delayMs × factor^(attempt - 1)`, all
 * equally likely, so that what failed together does not come back together ("full jitter": Brooker, "Exponential Backoff And Jitter").
 */
export function retryDelayMs(policy: CheckedRetryPolicy, attempt: number, random: Random): number {
  const boundMs = policy.delayMs * policy.factor ** Math.max(0, attempt - 1);
  return Math.floor(random.float() * Math.min(policy.delayMaxMs, boundMs));
}
