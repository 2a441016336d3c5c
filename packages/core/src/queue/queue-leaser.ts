import type { Clock } from '../clock.ts';
import { Wake } from '../wake.ts';
import { queueClosed } from './queue-calls.ts';
import type { QueueDriver } from './queue-driver.ts';
import type { LeaseQuery } from './queue-partition.ts';
import type { LeasedMessage } from './queue-store.ts';

/** Leases that wait for the first message: until a hint, until time alone makes one ready, and now and then in case a hint was lost. */
export class QueueLeaser {
  readonly #driver: QueueDriver;
  readonly #clock: Clock;
  readonly #pollMs: number;
  readonly #wakes = new Set<Wake>();
  #isClosed = false;

  constructor(driver: QueueDriver, clock: Clock, pollMs: number) {
    this.#driver = driver;
    this.#clock = clock;
    this.#pollMs = pollMs;
  }

  async lease(
    queue: string,
    query: LeaseQuery,
    waitMs: number,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<readonly LeasedMessage[]> {
    const { messages } = await this.#driver.lease(queue, query, signal);
    if (messages.length > 0 || waitMs === 0) return this.#wanted(messages, query, signal);
    return this.#waited(queue, query, waitMs, signal);
  }

  /** Ends all waits. */
  close(): void {
    this.#isClosed = true;
    for (const wake of this.#wakes) wake.call();
  }

  async #waited(
    queue: string,
    query: LeaseQuery,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<readonly LeasedMessage[]> {
    const untilMs = this.#clock.monotonicMs() + waitMs;
    const wake = new Wake();
    this.#wakes.add(wake);
    const watch = this.#driver.watch(queue, () => wake.call());
    try {
      for (;;) {
        // The first time, too: something may have come before the watch began.
        const { messages, nextInMs = this.#pollMs } = await this.#driver.lease(queue, query, signal);
        const leftMs = untilMs - this.#clock.monotonicMs();
        if (messages.length > 0 || leftMs <= 0 || signal.aborted) {
          return await this.#wanted(messages, query, signal);
        }
        await wake.wait(this.#clock, Math.max(0, Math.min(nextInMs, leftMs, this.#pollMs)), signal);
        if (this.#isClosed) throw queueClosed();
      }
    } finally {
      watch[Symbol.dispose]();
      this.#wakes.delete(wake);
    }
  }

  /** What came in the moment in which nobody waits for it any more goes back, so that others need not wait until the lease ends. */
  async #wanted(
    messages: readonly LeasedMessage[],
    { startedMax }: LeaseQuery,
    signal: AbortSignal,
  ): Promise<readonly LeasedMessage[]> {
    if (messages.length === 0 || !signal.aborted) return messages;
    const settlements = messages.map(({ queue, id, token }, index) => ({
      lease: { queue, id, token },
      action: { type: 'release', delayMs: 0, ...(index < startedMax && { unstarted: true }) } as const,
    }));
    await this.#driver.settle(settlements, undefined).catch(() => {});
    return [];
  }
}
