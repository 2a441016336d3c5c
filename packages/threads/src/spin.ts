import { type Clock, systemClock } from '@quorate/core';
import { park } from './park.ts';
import { usefulThreads } from './useful-threads.ts';

/** How spinning is measured. */
export interface SpinOptions {
  /** How long to spin before parking. Default 20: about what waking a parked thread costs. */
  readonly microseconds?: number | undefined;
  /** Default `systemClock`. */
  readonly clock?: Clock | undefined;
}

const roundSpins = 20_000;
const rounds = 5;

/**
 * Measures how many `spins` of {@link park} fill a time, on this machine and in this thread. Takes a few milliseconds.
 *
 * Spinning for as long as the sleep would cost is at worst twice as dear as knowing in advance (Karlin et al. 1991,
 * "Empirical studies of competitive spinning"). With a single core it is never right: the answer is 0.
 */
export function measureSpins({ microseconds = 20, clock = systemClock }: SpinOptions = {}): number {
  if (!(microseconds >= 0) || microseconds === Number.POSITIVE_INFINITY)
    throw new RangeError(`Microseconds must be a finite number of at least 0: received ${microseconds}`);
  if (usefulThreads() < 2) return 0;
  const words = new Int32Array(new SharedArrayBuffer(4));
  let fastestMs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const startMs = clock.monotonicMs();
    spinOut(words);
    fastestMs = Math.min(fastestMs, clock.monotonicMs() - startMs);
  }
  // A browser's clock may be too coarse to see a round at all; then the round counts as one tick of 100 microseconds.
  const spinsPerMicrosecond = roundSpins / (Math.max(fastestMs, 0.1) * 1_000);
  return Math.round(spinsPerMicrosecond * microseconds);
}

/** Spins without ever sleeping: the word stays as expected, and the deadline has passed. */
function spinOut(words: Int32Array): void {
  park(words, 0, 0, { spins: roundSpins, deadlineMs: 0 });
}
