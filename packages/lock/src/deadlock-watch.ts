import { type Clock, sleep } from '@quorate/core';
import { deadlock } from './lock-error.ts';
import { describeCircle, victimOf } from './wait-graph.ts';
import type { WaitRecords } from './wait-records.ts';
import type { Waiter } from './waiter.ts';
import { closedCircle } from './local-circle.ts';

/**
 * Finds those who wait for each other: within the process when a wait begins, and beyond it when a wait takes long. Only tasks
 * that hold something while they wait cost anything.
 */
export class DeadlockWatch {
  readonly #clock: Clock;
  readonly #records: WaitRecords;
  readonly #checkMs: number;
  readonly #inBackground: (work: Promise<unknown>) => void;

  constructor(
    clock: Clock,
    records: WaitRecords,
    checkMs: number,
    inBackground: (work: Promise<unknown>) => void,
  ) {
    this.#clock = clock;
    this.#records = records;
    this.#checkMs = checkMs;
    this.#inBackground = inBackground;
  }

  /** Fails the waiter where its wait closes a circle. */
  onWait(waiter: Waiter): void {
    const { task } = waiter;
    if (task === undefined || task.holds.size === 0) return;
    const circle = closedCircle(waiter);
    if (circle !== undefined) {
      waiter.fail(deadlock(waiter.place.name, circle));
      return;
    }
    const ended = new AbortController();
    waiter.onEnd = () => ended.abort();
    this.#inBackground(this.#watch(waiter, ended.signal));
  }

  /** Looks again and again. One circle must be seen twice: between the listings that it is read from somebody may have moved. */
  async #watch(waiter: Waiter, ended: AbortSignal): Promise<void> {
    let suspected = '';
    let isPublished = false;
    for (;;) {
      await sleepUnheld(this.#clock, this.#checkMs, ended);
      if (ended.aborted) break;
      isPublished = true;
      const circle = await this.#records.circleOf(waiter).catch(() => undefined);
      if (ended.aborted) break;
      const [start] = circle ?? [];
      // Labels may be the same for all who do the same; each wait has an order of its own.
      const waits = (circle ?? []).map(({ task, order }) => `${task}@${order}`).join(' ');
      if (circle !== undefined && waits === suspected && victimOf(circle) === start) {
        waiter.fail(deadlock(waiter.place.name, describeCircle(circle)));
        break;
      }
      suspected = waits;
    }
    if (isPublished) await this.#records.remove(waiter);
  }
}

/** Settles early when aborted, and keeps no process alive. */
function sleepUnheld(clock: Clock, durationMs: number, signal: AbortSignal): Promise<void> {
  return sleep(
    {
      ...clockReadings(clock),
      setTimer(delayMs, callback) {
        const timer = clock.setTimer(delayMs, callback);
        timer.unref();
        return timer;
      },
    },
    durationMs,
    { signal },
  ).catch(() => {});
}

function clockReadings(clock: Clock): Omit<Clock, 'setTimer'> {
  return {
    wallMs: () => clock.wallMs(),
    monotonicMs: () => clock.monotonicMs(),
    bootMs: () => clock.bootMs(),
    bootId: clock.bootId,
  };
}
