import * as platform from '#platform';
import { type Clock, type WaitOptions, linkSignal, systemClock } from '@quorate/core';
import { checkDeadline, type ParkResult } from './park.ts';

/** How a task parks without blocking its thread. */
export interface ParkAsyncOptions extends WaitOptions {
  /**
   * Keeps the Node process alive during the wait. The engine's own wait does not: a thread with nothing else to do would
   * exit. Turn it off for a background watch. Default `true`.
   */
  readonly keepAlive?: boolean | undefined;
  /** Used where the engine cannot wait asynchronously and the word is polled. Default `systemClock`. */
  readonly clock?: Clock | undefined;
}

interface AsyncWait {
  readonly async: boolean;
  readonly value: ParkResult | Promise<ParkResult>;
}

/** Not every supported engine has it, and ES2022's types do not know it. */
interface AsyncAtomics {
  readonly waitAsync?: (
    this: void,
    words: Int32Array,
    index: number,
    expected: number,
    deadlineMs: number,
  ) => AsyncWait;
}

/**
 * Waits like {@link park} without blocking the thread: for browsers' main threads and for threads that serve others.
 *
 * A wake arrives through the event loop, which takes about as long as a message. A wait that was aborted cannot be withdrawn
 * from the engine: it keeps its place in line, and passes its wake on to the next when it gets one.
 *
 * Engines without `Atomics.waitAsync` (older Firefox) poll the word, every 1 ms at first, every 16 ms later; there a wake
 * without a change of the word goes unnoticed.
 *
 * @throws QuorateError `ABORTED`. The deadline is no error: it gives `timed-out`
 * @throws TypeError, RangeError as for {@link park}
 */
export async function parkAsync(
  words: Int32Array,
  index: number,
  expected: number,
  options: ParkAsyncOptions = {},
): Promise<ParkResult> {
  const { signal, deadlineMs = Number.POSITIVE_INFINITY, keepAlive = true, clock = systemClock } = options;
  checkDeadline(deadlineMs);
  using limit = signal && linkSignal(clock, { signal, outcome: 'not-applied' });
  limit?.throwIfAborted();
  const { waitAsync } = Atomics as AsyncAtomics;
  if (waitAsync === undefined) return await poll(words, index, expected, options);
  const wait = waitAsync(words, index, expected, deadlineMs);
  if (!(wait.value instanceof Promise)) return wait.value;
  using _alive = keepAlive ? platform.holdOpen() : undefined;
  if (limit === undefined) return await wait.value;
  return await abortableWait(wait.value, limit.signal, () => Atomics.notify(words, index, 1));
}

function abortableWait(
  woken: Promise<ParkResult>,
  signal: AbortSignal,
  passOn: () => void,
): Promise<ParkResult> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    void woken.then(result => {
      if (signal.aborted && result === 'ok') passOn();
      else resolve(result);
    });
  });
}

/** The longest pause between two looks at the word. */
const pollMaxMs = 16;

/** Looks at the word again and again, ever more slowly. */
export function poll(
  words: Int32Array,
  index: number,
  expected: number,
  { signal, deadlineMs, keepAlive = true, clock = systemClock }: ParkAsyncOptions,
): Promise<ParkResult> {
  if (Atomics.load(words, index) !== expected) return Promise.resolve('not-equal');
  const limit = linkSignal(clock, { signal, deadlineMs, outcome: 'not-applied' });
  return new Promise<ParkResult>((resolve, reject) => {
    let delayMs = 1;
    const look = (): void => {
      if (limit.signal.aborted) return;
      if (Atomics.load(words, index) !== expected) {
        resolve('ok');
        return;
      }
      delayMs = Math.min(delayMs * 2, pollMaxMs);
      schedule();
    };
    const schedule = (): void => {
      const timer = clock.setTimer(delayMs, look);
      if (!keepAlive) timer.unref();
    };
    const onEnd = (): void => {
      if (signal?.aborted) reject(limit.signal.reason as Error);
      else resolve('timed-out');
    };
    if (limit.signal.aborted) onEnd();
    limit.signal.addEventListener('abort', onEnd, { once: true });
    schedule();
  }).finally(() => limit[Symbol.dispose]());
}
