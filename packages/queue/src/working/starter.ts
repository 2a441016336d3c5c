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
  readonly onLost: (held: HeldMessage) => void;
  /** The store did not say yes or no: these may be tried again, in this order. */
  readonly onPutOff: (batch: readonly HeldMessage[], error: unknown) => void;
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
    const again = batch.filter(({ charge }) => charge !== 'none');
    if (again.length === 0) return this.#extend(batch, true);
    const fresh = batch.filter(({ charge }) => charge === 'none');
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
      onPutOff(batch, thrown);
      return;
    }
    const unknown: HeldMessage[] = [];
    let cause: unknown;
    for (const [index, held] of batch.entries()) {
      const result = results[index] as SettleResult;
      if (result.outcome === 'not-applied') {
        onLost(held);
        continue;
      }
      if (started) held.charge = result.outcome === 'applied' ? 'certainly' : 'possibly';
      if (result.outcome === 'unknown') {
        unknown.push(held);
        cause = result.cause;
        continue;
      }
      held.renewedMs = beforeMs;
      // Asked anew for each: the handler before may have blocked the event loop.
      if (clock.monotonicMs() < beforeMs + 0.9 * leaseMs) onStarted(held);
      else if (held.state === 'starting') this.start(held);
    }
    if (unknown.length > 0) onPutOff(unknown, cause);
  }
}
