import { type Clock, type LinkedSignal, linkSignal, type WaitOptions } from '@quorate/core';
import type { HoldCore } from './hold-core.ts';
import type { Linked } from './linked-list.ts';
import type { OwnTask, TaskWait } from './lock-task.ts';
import type { Station } from './station.ts';

/** Somebody of this process who waits for a lock. */
export class Waiter implements Linked<Waiter>, TaskWait {
  previous: Waiter | undefined;
  next: Waiter | undefined;
  isLinked = false;
  readonly place: Station;
  readonly task: OwnTask | undefined;
  /** Of what its claim makes of the grant. */
  readonly promise: Promise<unknown>;
  readonly #claim: (core: HoldCore) => unknown;
  #resolve!: (held: unknown) => void;
  #reject!: (reason: unknown) => void;
  #limit: LinkedSignal | undefined;
  onEnd: (() => void) | undefined;

  /** Grows with each who comes. */
  readonly arrival: number;

  constructor(place: Station, task: OwnTask | undefined, claim: (core: HoldCore) => unknown) {
    this.place = place;
    this.#claim = claim;
    this.arrival = place.context.nextArrival();
    this.task = task;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /**
   * Gives up when its options say so.
   *
   * @throws QuorateError where they say so already
   * @throws RangeError
   */
  limit(clock: Clock, { signal, deadlineMs }: WaitOptions): void {
    if (signal === undefined && deadlineMs === undefined) return;
    const limit = linkSignal(clock, { signal, deadlineMs, outcome: 'not-applied' });
    limit.throwIfAborted();
    this.#limit = limit;
    limit.signal.addEventListener('abort', () => this.fail(limit.signal.reason), { once: true });
  }

  grant(hold: HoldCore): void {
    this.#end();
    this.#resolve(this.#claim(hold));
  }

  fail(reason: unknown): void {
    this.#end();
    this.#reject(reason);
    this.place.onGone(this);
  }

  #end(): void {
    this.#limit?.[Symbol.dispose]();
    this.task?.waits.delete(this);
    this.onEnd?.();
    this.onEnd = undefined;
  }
}
