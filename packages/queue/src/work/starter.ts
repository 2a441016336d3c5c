import { type Clock, pageMax, type QueueStore, type SettleResult } from '@quorate/core';
import { Batcher } from '../batch/batcher.ts';
import type { HeldMessage } from './held-message.ts';

/** What the starter needs of its work. */
export interface StarterOptions {
  readonly store: QueueStore;
  readonly clock: Clock;
  readonly leaseMs: number;
  /** The start is charged, and the lease has its whole time before it. */
  readonly onStarted: (held: HeldMessage) => void;
  readonly onLost: (held: HeldMessage, isCertain: boolean) => void;
  /** The store could not be batch: it may be tried again. */
  readonly onPutOff: (held: HeldMessage, error: unknown) => void;
}

/**
 * Charges an attempt to each message whose handler is about to start, all of a turn in one call, and proves by the same call that the
 * lease is held.
 */
export class Starter {
  readonly #options: StarterOptions;
  readonly #batches: Batcher<HeldMessage>;

  constructor(options: StarterOptions) {
    this.#options = options;
    this.#batches = new Batcher({ countMax: pageMax, flightsMax: 4, flush: batch => this.#charge(batch) });
  }

  start(held: HeldMessage): void {
    held.state = 'starting';
    this.#batches.add(held);
  }

  async #charge(batch: readonly HeldMessage[]): Promise<void> {
    // What may have been charged is not charged again: an attempt too many would make a dead letter too early.
    const again = batch.filter(({ isCharged }) => isCharged);
    if (again.length === 0) return this.#extend(batch, true);
    const fresh = batch.filter(({ isCharged }) => !isCharged);
    if (fresh.length > 0) await this.#extend(fresh, true);
    return this.#extend(again, false);
  }

  async #extend(batch: readonly HeldMessage[], started: boolean): Promise<void> {
    const { store, clock, leaseMs, onStarted, onLost, onPutOff } = this.#options;
    const beforeMs = clock.monotonicMs();
    let results: readonly SettleResult[];
    try {
      const handles = batch.map(({ handle }) => handle);
      results = await store.extend(handles, leaseMs, { started, deadlineMs: leaseMs });
    } catch (thrown) {
      for (const held of batch) onPutOff(held, thrown);
      return;
    }
    const isLate = clock.monotonicMs() >= beforeMs + 0.9 * leaseMs;
    for (const [index, held] of batch.entries()) {
      const result = results[index] as SettleResult;
      if (result.outcome !== 'not-applied') held.isCharged = true;
      if (result.outcome === 'unknown') onPutOff(held, result.cause);
      else if (result.outcome === 'not-applied' || isLate) onLost(held, !isLate);
      else {
        held.renewedMs = beforeMs;
        onStarted(held);
      }
    }
  }
}
