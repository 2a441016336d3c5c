import type { QueueStore, Wake } from '@quorate/core';

/** Tells those who wait for results of changes: one watch for all of them, and none while nobody waits. */
export class ResultWatch {
  readonly #store: QueueStore;
  readonly #prefix: string;
  readonly #waiting = new Map<string, Set<Wake>>();
  #watch: Disposable | undefined;

  constructor(store: QueueStore, prefix: string) {
    this.#store = store;
    this.#prefix = prefix;
  }

  /** Calls `wake` whenever the record of `id` may have changed, until it is disposed of. */
  listen(id: string, wake: Wake): Disposable {
    this.#watch ??= this.#store.state.watch(this.#prefix, key => this.#tell(key.slice(this.#prefix.length)));
    const wakes = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, wakes.add(wake));
    return {
      [Symbol.dispose]: () => {
        if (!wakes.delete(wake) || wakes.size > 0) return;
        this.#waiting.delete(id);
        if (this.#waiting.size > 0) return;
        this.#watch?.[Symbol.dispose]();
        this.#watch = undefined;
      },
    };
  }

  #tell(id: string): void {
    for (const wake of this.#waiting.get(id) ?? []) wake.call();
  }
}
