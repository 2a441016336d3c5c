import type { Random } from '@quorate/core';

/** How long to wait between attempts. */
export interface BackoffLimits {
  /** The shortest wait, which is what keeps a loop of failures from being busy. */
  readonly minMs: number;
  /** The longest wait. */
  readonly maxMs: number;
}

/**
 * The wait before attempt `attempt` (from 0): uniform between `minMs` and `minMs * 2^(attempt + 1)`, capped at `maxMs`.
 *
 * Full jitter (Brooker 2015, "Exponential backoff and jitter") spreads the peers of a node that came back over the whole
 * interval; the floor keeps a lucky draw from being no wait at all.
 */
export function backoffMs(attempt: number, limits: BackoffLimits, random: Random): number {
  const { minMs, maxMs } = limits;
  const ceilingMs = Math.min(maxMs, minMs * 2 ** Math.min(attempt + 1, 32));
  return minMs + random.float() * Math.max(0, ceilingMs - minMs);
}
