import { FaultyStore, type StoreFaults } from '@quorate/conformance';
import { ManualClock, type Random, seededRandom } from '@quorate/core';
import { createMemoryStore, type MemoryStore } from '@quorate/engine-memory';
import { type Counters, type CountersOptions, createCounters } from '../src/index.ts';

/** One turn of the event loop: everything that waits for nothing but promises has run then. */
export function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}

/** What a promise is rejected with; undefined where it is not. */
export function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
}

/** Several clients of one store, with time that moves when it is told to. */
export class Stand {
  readonly clock: ManualClock = new ManualClock({ wallMs: 1_790_000_000_000 });
  readonly store: MemoryStore;
  readonly random: Random;
  readonly faulty: FaultyStore[] = [];
  readonly #managers: Counters[] = [];

  constructor(seed: number | string = 1) {
    this.random = seededRandom(seed);
    this.store = createMemoryStore({ clock: this.clock, random: this.random.fork('store') });
  }

  /** A manager with a client of its own, as in a process of its own. */
  counters(options: Partial<CountersOptions> = {}, faults: StoreFaults = {}): Counters {
    const { clock = this.clock } = options;
    const random = this.random.fork(`manager ${this.#managers.length}`);
    faults.random ??= random.fork('faults');
    const store = new FaultyStore(this.store.open({ clock }), faults, clock);
    this.faulty.push(store);
    const counters = createCounters({ store, clock, random, ttlMs: 1000, ...options });
    this.#managers.push(counters);
    return counters;
  }

  /** Lets so much time pass, and everything happen that happens in it. */
  async pass(durationMs: number, stepMs = 50): Promise<void> {
    for (let leftMs = durationMs; leftMs > 0; leftMs -= stepMs) {
      await turn();
      this.clock.advance(Math.min(stepMs, leftMs));
    }
    await turn();
  }

  /** Lets time pass until a promise has settled. */
  async until<Value>(promise: Promise<Value>, limitMs = 120_000, stepMs = 20): Promise<Value> {
    const state = { isSettled: false };
    const settle = (): void => void (state.isSettled = true);
    promise.then(settle, settle);
    for (let passedMs = 0; !state.isSettled && passedMs < limitMs; passedMs += stepMs) {
      await turn();
      if (!state.isSettled) this.clock.advance(stepMs);
    }
    if (!state.isSettled) throw new Error(`Not settled within ${limitMs} ms`);
    return promise;
  }

  /** Closes all managers, and lets nothing be left of them. */
  async close(): Promise<void> {
    for (const { faults } of this.faulty) Object.assign(faults, { refused: 0, lost: 0 });
    await this.until(Promise.all(this.#managers.map(counters => counters[Symbol.asyncDispose]())));
    await Promise.all(this.faulty.map(store => store[Symbol.asyncDispose]()));
    await this.store[Symbol.asyncDispose]();
  }
}
