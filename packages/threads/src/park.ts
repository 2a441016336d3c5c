import { QuorateError } from '@quorate/core';

/**
 * How a wait on a word of shared memory ended.
 *
 * - `ok`: woken. Wakes may be spurious: look at the word again.
 * - `not-equal`: the word differed from what was expected, so nothing was waited for.
 * - `timed-out`: the deadline passed.
 */
export type ParkResult = 'ok' | 'not-equal' | 'timed-out';

/** How a thread parks. */
export interface ParkOptions {
  /** Gives up this many milliseconds after the call. Default and `Infinity`: never. */
  readonly deadlineMs?: number | undefined;
  /**
   * How often the word is looked at before the thread goes to sleep. Waking a sleeping thread costs tens of microseconds;
   * spinning answers in tenths of one, but occupies a core. Default 0; {@link measureSpins} gives a sensible number.
   */
  readonly spins?: number | undefined;
}

/** Hints the processor that this is a spin loop, where the engine can say so. */
const pause: () => void = (Atomics as { pause?: () => void }).pause ?? ((): void => {});

/**
 * Waits, blocking this thread, while the word at `index` is `expected`, until {@link wake} or the deadline.
 *
 * The contract with the waker: change the word first, then wake. Then no wake is lost, because comparing and going to sleep is
 * one atomic step.
 *
 * @throws QuorateError `UNSUPPORTED` where threads may not block (a browser's main thread): use `parkAsync`
 * @throws TypeError when the words are not in shared memory
 * @throws RangeError when `deadlineMs` is negative or not a number, which the engine would take for never
 */
export function park(
  words: Int32Array,
  index: number,
  expected: number,
  { deadlineMs = Number.POSITIVE_INFINITY, spins = 0 }: ParkOptions = {},
): ParkResult {
  checkDeadline(deadlineMs);
  for (let spin = 0; spin < spins; spin++) {
    if (Atomics.load(words, index) !== expected) return 'not-equal';
    pause();
  }
  if (!canPark()) {
    throw new QuorateError('UNSUPPORTED', 'This thread may not block: use parkAsync', {
      outcome: 'not-applied',
    });
  }
  return Atomics.wait(words, index, expected, deadlineMs);
}

/** @throws RangeError unless `deadlineMs` is a number of at least 0 */
export function checkDeadline(deadlineMs: number): void {
  if (!(deadlineMs >= 0))
    throw new RangeError(`Deadline in ms must be a number of at least 0: received ${deadlineMs}`);
}

/**
 * Wakes up to `count` threads that wait on the word, in the order in which they began to. Default: all.
 *
 * @returns how many were woken
 */
export function wake(words: Int32Array, index: number, count: number = Number.POSITIVE_INFINITY): number {
  return Atomics.notify(words, index, count);
}

let parkable: boolean | undefined;

/** Whether this thread may block. Everywhere but on a browser's main thread. */
export function canPark(): boolean {
  if (parkable === undefined) {
    try {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
      parkable = true;
    } catch {
      parkable = false;
    }
  }
  return parkable;
}
