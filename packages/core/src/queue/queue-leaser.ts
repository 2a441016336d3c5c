import { boundedWait } from '../bounded-wait.ts';
import type { Clock } from '../clock.ts';
import { queueClosed } from './queue-calls.ts';
import type { QueueDriver } from './queue-driver.ts';
import type { LeaseQuery } from './queue-partition.ts';
import type { LeasedMessage } from './queue-store.ts';
import { ReadyWatch } from './ready-watch.ts';

/** How long a watch is kept after the last wait in its queue, in ms. */
const lingerMs = 5000;

/** How long closing waits for the answers of leases that were given up, in ms. */
const closeMs = 1000;

/** Leases that wait for the first message: until a hint, until time alone makes one ready, and now and then in case a hint was lost. */
export class QueueLeaser {
  readonly #driver: QueueDriver;
  readonly #clock: Clock;
  readonly #pollMs: number;
  readonly #watches = new Map<string, ReadyWatch>();
  /** Calls under way that somebody may give up. */
  readonly #underWay = new Map<Promise<unknown>, AbortSignal>();
  #isClosed = false;

  constructor(driver: QueueDriver, clock: Clock, pollMs: number) {
    this.#driver = driver;
    this.#clock = clock;
    this.#pollMs = pollMs;
  }

  lease(
    queue: string,
    query: LeaseQuery,
    waitMs: number,
    signal: AbortSignal | undefined,
  ): Promise<readonly LeasedMessage[]> {
    const leased = this.#lease(queue, query, waitMs, signal);
    if (signal === undefined) return leased;
    this.#underWay.set(leased, signal);
    const over = (): void => void this.#underWay.delete(leased);
    leased.then(over, over);
    return leased;
  }

  /** Ends all waits. Settles when what was leased for those who gave up has gone back, or has not come in time. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const watch of this.#watches.values()) watch[Symbol.dispose]();
    this.#watches.clear();
    const givenUp = [...this.#underWay].filter(([, signal]) => signal.aborted).map(([leased]) => leased);
    if (givenUp.length === 0) return;
    const goneBack = (): Promise<unknown> => Promise.allSettled(givenUp);
    await boundedWait(this.#clock, { deadlineMs: closeMs }, 'unknown', goneBack).catch(() => {});
  }

  async #lease(
    queue: string,
    query: LeaseQuery,
    waitMs: number,
    signal: AbortSignal | undefined,
  ): Promise<readonly LeasedMessage[]> {
    const watch = waitMs === 0 ? undefined : this.#watches.get(queue);
    if (watch !== undefined) return this.#waited(watch, queue, query, waitMs, signal);
    // Whoever finds something needs no watch.
    const { messages } = await this.#driver.lease(queue, query, signal);
    if (messages.length > 0 || waitMs === 0 || signal?.aborted === true) {
      return this.#wanted(messages, query, signal);
    }
    // It may have been closed meanwhile: nobody would end the watch.
    if (this.#isClosed) throw queueClosed();
    return this.#waited(this.#watchOf(queue), queue, query, waitMs, signal);
  }

  #watchOf(queue: string): ReadyWatch {
    let watch = this.#watches.get(queue);
    if (watch === undefined) {
      const start = (onReady: () => void): Disposable => this.#driver.watch(queue, onReady);
      watch = new ReadyWatch(this.#clock, lingerMs, start, () => this.#watches.delete(queue));
      this.#watches.set(queue, watch);
    }
    return watch;
  }

  async #waited(
    watch: ReadyWatch,
    queue: string,
    query: LeaseQuery,
    waitMs: number,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<readonly LeasedMessage[]> {
    const untilMs = this.#clock.monotonicMs() + waitMs;
    const wake = watch.enter();
    try {
      for (;;) {
        // The first time, too: something may have come before the watch began.
        const { messages, nextInMs = this.#pollMs } = await this.#driver.lease(queue, query, signal);
        const leftMs = untilMs - this.#clock.monotonicMs();
        if (messages.length > 0 || leftMs <= 0 || signal.aborted) {
          return await this.#wanted(messages, query, signal);
        }
        await wake.wait(this.#clock, Math.max(0, Math.min(nextInMs, leftMs, this.#pollMs)), signal);
        if (watch.isEnded) throw queueClosed();
        // What came now would only have to go back.
        if (signal.aborted) return [];
      }
    } finally {
      watch.leave(wake);
    }
  }

  /** What came in the moment in which nobody waits for it any more goes back, so that others need not wait until the lease ends. */
  async #wanted(
    messages: readonly LeasedMessage[],
    { startedMax }: LeaseQuery,
    signal: AbortSignal | undefined,
  ): Promise<readonly LeasedMessage[]> {
    if (messages.length === 0 || signal?.aborted !== true) return messages;
    const settlements = messages.map(({ queue, id, token }, index) => ({
      lease: { queue, id, token },
      action: { type: 'release', delayMs: 0, ...(index < startedMax && { unstarted: true }) } as const,
    }));
    await this.#driver.settle(settlements, undefined).catch(() => {});
    return [];
  }
}
