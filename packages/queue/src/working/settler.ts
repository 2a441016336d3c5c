import {
  type Clock,
  pageMax,
  type QueueStore,
  type Settlement,
  type SettleResult,
  sleep,
} from '@quorate/core';
import { Batcher } from '../batch/batcher.ts';
import { isWrongCall } from '../batch/wrong-call.ts';
import type { Ending } from './ending.ts';
import type { HeldMessage } from './held-message.ts';

/** A message whose handler has said how it ends. */
export interface Ended {
  readonly held: HeldMessage;
  readonly ending: Ending;
}

/** What the settler needs of its work. */
export interface SettlerOptions {
  readonly store: QueueStore;
  readonly clock: Clock;
  readonly leaseMs: number;
  readonly onSettled: (ended: Ended) => void;
  readonly onLost: (held: HeldMessage) => void;
  /** A state record had another version. */
  readonly onConflict: (ended: Ended) => void;
  /** The ending can never be settled: its puts or writes are not what the store takes. */
  readonly onRefused: (ended: Ended, error: unknown) => void;
  readonly onTrouble: (error: unknown) => void;
}

/** For how long nothing is asked of a store that failed. */
const restMs = 200;

/**
 * Settles what has ended in batches. What is not known to have taken effect is settled again, until the engine says that it is settled
 * or lost: the token sees to it that nothing is done twice.
 */
export class Settler {
  readonly #options: SettlerOptions;
  readonly #batches: Batcher<Ended>;
  readonly #closed = new AbortController();

  constructor(options: SettlerOptions) {
    this.#options = options;
    this.#batches = new Batcher({
      countMax: pageMax / 2,
      flightsMax: 4,
      flush: batch => this.#settle(batch),
    });
  }

  settle(ended: Ended): void {
    ended.held.state = 'settling';
    this.#batches.add(ended);
  }

  /** Gives up what the store does not take. */
  close(): void {
    this.#closed.abort();
  }

  async #settle(batch: readonly Ended[]): Promise<void> {
    const { store, leaseMs, onRefused, onTrouble } = this.#options;
    let results: readonly SettleResult[];
    try {
      results = await store.settle(batch.map(settlementOf), { deadlineMs: leaseMs });
    } catch (thrown) {
      const isWrong = isWrongCall(thrown);
      if (isWrong && batch.length > 1) {
        for (const ended of batch) await this.#settle([ended]);
      } else if (isWrong) onRefused(batch[0] as Ended, thrown);
      else {
        onTrouble(thrown);
        await this.#again(batch);
      }
      return;
    }
    await this.#told(batch, results);
  }

  async #told(batch: readonly Ended[], results: readonly SettleResult[]): Promise<void> {
    const { onSettled, onLost, onConflict, onTrouble } = this.#options;
    const unknown: Ended[] = [];
    for (let index = 0; index < batch.length; index++) {
      const ended = batch[index] as Ended;
      const result = results[index] as SettleResult;
      if (result.outcome === 'applied') onSettled(ended);
      else if (result.outcome === 'unknown') {
        onTrouble(result.cause);
        unknown.push(ended);
      } else if (result.reason === 'lost') onLost(ended.held);
      else onConflict(ended);
    }
    if (unknown.length > 0) await this.#again(unknown);
  }

  /** After a rest. It need not wait for its place: a store that fails is not asked more often. */
  async #again(batch: readonly Ended[]): Promise<void> {
    const { signal } = this.#closed;
    await sleep(this.#options.clock, restMs, { signal }).catch(() => {});
    const open = batch.filter(({ held }) => held.state === 'settling');
    if (signal.aborted) for (const { held } of open) this.#options.onLost(held);
    else if (open.length > 0) await this.#settle(open);
  }
}

function settlementOf({ held, ending }: Ended): Settlement {
  const { puts, state } = ending;
  const action = actionOf(held, ending);
  if (puts === undefined && state === undefined) return { lease: held.handle, action };
  return { lease: held.handle, action, ...(puts && { puts }), ...(state && { state }) };
}

const acknowledge = { type: 'acknowledge' } as const;

function actionOf({ charge, hasStarted }: HeldMessage, ending: Ending): Settlement['action'] {
  if (ending.type === 'acknowledge') return acknowledge;
  const headers = ending.headers && { headers: ending.headers };
  if (ending.type === 'retry') {
    // Only what was certainly charged is taken back: one too many would never be charged again.
    const unstarted = charge === 'certainly' && !hasStarted && { unstarted: true };
    return { type: 'release', delayMs: ending.delayMs, ...headers, ...unstarted };
  }
  return { type: 'move', queue: ending.queue, ...headers };
}
