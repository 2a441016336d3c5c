import type { QueueStore } from '@quorate/core';
import type { EngineTime } from './engine-time.ts';

/** Writes how far a task is: one write at a time, the latest value alone. */
export class ProgressWriter {
  readonly #store: QueueStore;
  readonly #time: EngineTime;
  readonly #key: string;
  readonly #ttlMs: number;
  #latest: Uint8Array | undefined;
  #writing: Promise<void> | undefined;

  constructor(store: QueueStore, time: EngineTime, key: string, ttlMs: number) {
    this.#store = store;
    this.#time = time;
    this.#key = key;
    this.#ttlMs = ttlMs;
  }

  /** Resolves when it, or what came after it, is written or lost. */
  write(value: Uint8Array): Promise<void> {
    this.#latest = value;
    this.#writing ??= this.#flush();
    return this.#writing;
  }

  async #flush(): Promise<void> {
    for (;;) {
      const value = this.#latest;
      if (value === undefined) {
        this.#writing = undefined;
        return;
      }
      this.#latest = undefined;
      try {
        const expiresAtMs = (await this.#time.now()) + this.#ttlMs;
        await this.#store.state.write({ key: this.#key, value, expiresAtMs });
      } catch {
        // Progress is for onlookers: the task goes on without.
      }
    }
  }
}
