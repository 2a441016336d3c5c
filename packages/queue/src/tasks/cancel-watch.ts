import type { Clock, QueueStore, Timer } from '@quorate/core';
import { Batcher } from '../batch/batcher.ts';

/** One who wants to know whether any of these was cancelled. */
interface Question {
  readonly ids: readonly string[];
  readonly answer: (isCancelled: boolean) => void;
  readonly fail: (error: unknown) => void;
}

export interface CancelWatchOptions {
  readonly store: QueueStore;
  readonly clock: Clock;
  /** What keys of wishes to cancel begin with. */
  readonly prefix: string;
  /** How often they are read while something runs: hints may be lost. */
  readonly pollMs: number;
}

/**
 * Knows which tasks somebody wants to have cancelled. All starts of a turn are answered by one read of the wishes, which begins after
 * they asked; so what was cancelled before it started is not started.
 */
export class CancelWatch implements Disposable {
  readonly #options: CancelWatchOptions;
  readonly #questions: Batcher<Question>;
  readonly #running = new Map<string, Set<() => void>>();
  readonly #watch: Disposable;
  #timer: Timer | undefined;

  constructor(options: CancelWatchOptions) {
    this.#options = options;
    this.#questions = new Batcher({ countMax: 1000, flightsMax: 1, flush: batch => this.#answer(batch) });
    this.#watch = options.store.state.watch(options.prefix, key => {
      // Deletions are told as well, so it is looked at.
      if (this.#running.has(key.slice(options.prefix.length))) void this.#look();
    });
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#running.clear();
    this.#watch[Symbol.dispose]();
  }

  /** Whether any of these was cancelled before it was asked. */
  isCancelled(ids: readonly string[]): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#questions.add({ ids, answer: resolve, fail: reject });
    });
  }

  /** Calls back when one of these is cancelled, until it is disposed of. */
  listen(ids: readonly string[], onCancel: () => void): Disposable {
    for (const id of ids) this.#running.set(id, (this.#running.get(id) ?? new Set()).add(onCancel));
    this.#arm();
    return {
      [Symbol.dispose]: () => {
        for (const id of ids) {
          const listeners = this.#running.get(id);
          if (listeners?.delete(onCancel) === true && listeners.size === 0) this.#running.delete(id);
        }
        if (this.#running.size > 0) return;
        this.#timer?.cancel();
        this.#timer = undefined;
      },
    };
  }

  #arm(): void {
    if (this.#running.size === 0) return;
    this.#timer ??= this.#options.clock.setTimer(this.#options.pollMs, () => {
      this.#timer = undefined;
      void this.#look();
    });
  }

  async #look(): Promise<void> {
    try {
      const wishes = await this.#read();
      for (const [id, listeners] of this.#running) {
        if (wishes.has(id)) for (const onCancel of listeners) onCancel();
      }
    } catch {
      // The next look is not far: what runs is told a little later.
    }
    this.#arm();
  }

  async #answer(batch: readonly Question[]): Promise<void> {
    try {
      const wishes = await this.#read();
      for (const { ids, answer } of batch) answer(ids.some(id => wishes.has(id)));
    } catch (thrown) {
      for (const { fail } of batch) fail(thrown);
    }
  }

  async #read(): Promise<ReadonlySet<string>> {
    const { store, prefix } = this.#options;
    const wishes = new Set<string>();
    for (let cursor: string | undefined; ; ) {
      const page = await store.state.scan(prefix, {
        limit: 1000,
        ...(cursor === undefined ? {} : { cursor }),
      });
      for (const { key } of page.items) wishes.add(key.slice(prefix.length));
      if (page.cursor === undefined) return wishes;
      cursor = page.cursor;
    }
  }
}
