import { ManualClock, type Random, seededRandom } from '@quorate/core';
import { createMemoryQueueStore, type MemoryQueueStore } from '@quorate/engine-memory';

/** One turn of the event loop: everything that waits for nothing but promises has run then. */
export function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}

/** A store in memory, with time that moves when it is told to, and what ends with it. */
export class Stand {
  readonly clock: ManualClock = new ManualClock({ wallMs: 1_790_000_000_000 });
  readonly random: Random;
  readonly store: MemoryQueueStore;
  readonly #ending: AsyncDisposable[] = [];
  /** Those that were opened beside the first. */
  readonly #clients: MemoryQueueStore[] = [];

  constructor(seed = 1, options: { readonly bodyMaxBytes?: number } = {}) {
    this.random = seededRandom(seed);
    this.store = createMemoryQueueStore({ clock: this.clock, random: this.random.fork('store'), ...options });
    const open = this.store.open.bind(this.store);
    this.store.open = () => {
      const client = open();
      this.#clients.push(client);
      return client;
    };
  }

  /** It ends with the stand. */
  endsWith<Thing extends AsyncDisposable>(thing: Thing): Thing {
    this.#ending.push(thing);
    return thing;
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
  async until<Value>(promise: Promise<Value>, limitMs = 120_000, stepMs = 50): Promise<Value> {
    const state = { isSettled: false };
    const settle = (): void => {
      state.isSettled = true;
    };
    promise.then(settle, settle);
    for (let passedMs = 0; passedMs < limitMs; passedMs += stepMs) {
      await turn();
      if (state.isSettled) return promise;
      this.clock.advance(stepMs);
    }
    throw new Error(`Not settled within ${limitMs} ms`);
  }

  /** Ends all of it and the store; nothing is left of them. */
  async close(): Promise<void> {
    await this.until(Promise.all(this.#ending.map(each => each[Symbol.asyncDispose]())));
    for (const client of [...this.#clients, this.store]) await client[Symbol.asyncDispose]();
  }
}
