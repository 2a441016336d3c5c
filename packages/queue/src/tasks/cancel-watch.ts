import type { Clock, QueueStore, Timer } from '@quorate/core';
import { Batcher } from '../batch/batcher.ts';
import { statePages } from '../state-pages.ts';
import type { Places } from './envelope.ts';

/** One who wants to know whether any of these was cancelled. */
interface Question {
  readonly ids: readonly string[];
  readonly answer: (isCancelled: boolean) => void;
  readonly fail: (error: unknown) => void;
}

export interface CancelWatchOptions {
  readonly store: QueueStore;
  readonly clock: Clock;
  readonly places: Places;
  /** How often they are read while something runs: hints may be lost. */
  readonly pollMs: number;
}

/**
 * Knows which tasks somebody wants to have cancelled. All starts of a turn are answered by one read, which begins after they asked; so
 * what was cancelled before it started is not started. What is read is one record that changes with every wish; only then the wishes.
 */
export class CancelWatch implements Disposable {
  readonly #options: CancelWatchOptions;
  readonly #prefix: string;
  readonly #questions: Batcher<Question>;
  readonly #running = new Map<string, Set<() => void>>();
  readonly #watch: Disposable;
  /** As they were when the record had this version. Some may have been fulfilled since. */
  #wishes: ReadonlySet<string> = new Set();
  #version = 0;
  #timer: Timer | undefined;

  constructor(options: CancelWatchOptions) {
    const { store, places } = options;
    this.#options = options;
    this.#prefix = places.cancel('');
    this.#questions = new Batcher({ countMax: 1000, flightsMax: 1, flush: batch => this.#answer(batch) });
    this.#watch = store.state.watch(this.#prefix, key => {
      if (this.#running.has(key.slice(this.#prefix.length))) void this.#look();
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
      },
    };
  }

  #arm(): void {
    this.#timer ??= this.#options.clock.setTimer(this.#options.pollMs, () => {
      this.#timer = undefined;
      if (this.#running.size > 0) void this.#look();
    });
  }

  async #look(): Promise<void> {
    try {
      const wishes = await this.#read();
      for (const [id, listeners] of this.#running) {
        if (wishes.has(id) && (await this.#isWished(id))) for (const onCancel of listeners) onCancel();
      }
    } catch {
      // The next look is not far: what runs is told a little later.
    }
    if (this.#running.size > 0) this.#arm();
  }

  async #answer(batch: readonly Question[]): Promise<void> {
    let wishes: ReadonlySet<string>;
    try {
      wishes = await this.#read();
    } catch (thrown) {
      for (const { fail } of batch) fail(thrown);
      return;
    }
    for (const { ids, answer, fail } of batch) {
      const wished = ids.find(id => wishes.has(id));
      if (wished === undefined) answer(false);
      else this.#isWished(wished).then(answer, fail);
    }
  }

  /** Whether it still is: its id may be that of a later task by now. */
  async #isWished(id: string): Promise<boolean> {
    const { store, places } = this.#options;
    return (await store.state.get(places.cancel(id))) !== undefined;
  }

  async #read(): Promise<ReadonlySet<string>> {
    const { store, places } = this.#options;
    const { version } = (await store.state.get(places.cancelMark)) ?? { version: 0 };
    if (version === this.#version) return this.#wishes;
    const wishes = new Set<string>();
    for await (const records of statePages(store, this.#prefix)) {
      for (const { key } of records) wishes.add(key.slice(this.#prefix.length));
    }
    // A wish that came in between is in the set or changes the record again.
    if (version > this.#version) [this.#wishes, this.#version] = [wishes, version];
    return wishes;
  }
}
