import { FaultyStore, type StoreFaults } from '@quorate/conformance';
import { type Entry, ManualClock, seededRandom, type Store } from '@quorate/core';
import { createMemoryStore, type MemoryStore } from '@quorate/engine-memory';
import { createLocks, type Locks, type LocksOptions } from '../src/index.ts';

/** One turn of the event loop: everything that waits for nothing but promises has run then. */
export function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}

/** Several clients of one store, with time that moves when it is told to. */
export class Stand {
  readonly clock = new ManualClock({ wallMs: 1_790_000_000_000 });
  readonly store: MemoryStore;
  readonly #random;
  readonly #locks: Locks[] = [];
  readonly #stores: Store[] = [];

  constructor(seed = 1) {
    this.#random = seededRandom(seed);
    this.store = createMemoryStore({ clock: this.clock, random: this.#random.fork('store') });
  }

  /** A manager with a client of its own, as in a process of its own. */
  locks(options: Partial<LocksOptions> = {}, faults: StoreFaults = {}): Locks {
    const clock = options.clock ?? this.clock;
    const store = new FaultyStore(this.store.open({ clock }), faults, clock);
    this.#stores.push(store);
    const random = this.#random.fork(`locks ${this.#locks.length}`);
    const locks = createLocks({ store, clock, random, ttlMs: 1000, ...options });
    this.#locks.push(locks);
    return locks;
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
  async until<Value>(promise: Promise<Value>, limitMs = 120_000): Promise<Value> {
    const state = { isSettled: false };
    const settle = (): void => {
      state.isSettled = true;
    };
    promise.then(settle, settle);
    for (let passedMs = 0; passedMs < limitMs; passedMs += 50) {
      await turn();
      if (state.isSettled) return promise;
      this.clock.advance(50);
    }
    throw new Error(`Not settled within ${limitMs} ms`);
  }

  async entries(partition: string, store: Store = this.store): Promise<readonly Entry[]> {
    return (await store.list(`${partition}/`)).entries;
  }

  /** Closes all managers, and lets nothing be left of them. */
  async close(): Promise<void> {
    await this.until(Promise.all(this.#locks.map(locks => locks[Symbol.asyncDispose]())));
    for (const store of [...this.#stores, this.store]) await store[Symbol.asyncDispose]();
  }
}
