import { type Clock, type LeasedMessage, type QueueStore, sleep } from '@quorate/core';
import type { Deference } from './deference.ts';
import type { LaneChoice } from './lane-choice.ts';
import type { Owner } from './owner.ts';

/** What the lease calls of a work are made of. */
export interface LeaseCallOptions {
  readonly store: QueueStore;
  readonly clock: Clock;
  readonly queue: string;
  readonly leaseMs: number;
  readonly owner: Owner;
  readonly lanes: LaneChoice;
  readonly deference: Deference | undefined;
  /**
   * The call has ended: it is no more under way.
   *
   * @param startedCount of the messages, from the first on, so many are charged an attempt
   * @param beforeMs what their leases are reckoned from, on the monotonic clock
   */
  readonly onLeased: (messages: readonly LeasedMessage[], startedCount: number, beforeMs: number) => void;
  /** `error` is undefined where it was given up. */
  readonly onFailed: (error: unknown) => void;
}

/** The longest that one call waits for a message: its lease is reckoned from before the call. */
const waitMaxMs = 10_000;

/** The one call of a work that leases, while it is under way: it waits in the store for the first message, or lets others look first. */
export class LeaseCall {
  readonly #options: LeaseCallOptions;
  #underWay: AbortController | undefined;
  #startedMax = 0;
  #hasFound = true;

  constructor(options: LeaseCallOptions) {
    this.#options = options;
  }

  get isUnderWay(): boolean {
    return this.#underWay !== undefined;
  }

  /** For how many handlers room is kept, since they start on what it brings. */
  get startedMax(): number {
    return this.#startedMax;
  }

  /** @param startedMax for so many messages a handler is free, and starts on them as soon as they are here */
  async begin(messagesMax: number, startedMax: number): Promise<void> {
    const { store, clock, queue, leaseMs, owner, lanes, deference, onLeased, onFailed } = this.#options;
    const { signal } = (this.#underWay = new AbortController());
    this.#startedMax = startedMax;
    const restMs = deference?.restMs();
    // Who waits in the store is among the first to look.
    const waitMs = restMs === undefined ? Math.min(leaseMs / 3, waitMaxMs) : 0;
    let beforeMs: number;
    let messages: readonly LeasedMessage[];
    try {
      if (restMs !== undefined && !this.#hasFound) await sleep(clock, restMs, { signal });
      const inOrder = store.capabilities.lease.lanes ? lanes.next() : undefined;
      beforeMs = clock.monotonicMs();
      messages = await store.lease(queue, {
        messagesMax,
        startedMax,
        leaseMs,
        owner: owner.name,
        waitMs,
        signal,
        ...(inOrder && { lanes: inOrder }),
      });
    } catch (thrown) {
      this.#end();
      onFailed(signal.aborted ? undefined : thrown);
      return;
    }
    this.#end();
    this.#hasFound = messages.length > 0;
    lanes.leased(messages.length === messagesMax);
    onLeased(messages, Math.min(startedMax, messages.length), beforeMs);
  }

  /** Gives it up: what it leases all the same goes back. */
  abort(): void {
    this.#underWay?.abort();
  }

  #end(): void {
    this.#underWay = undefined;
    this.#startedMax = 0;
  }
}
