import { type Clock, partitionOf, QueuePartition, type QueueStep } from '@quorate/core';
import { WatchIndex } from './watch-index.ts';

/** Whoever is told when something under a name may have changed. */
interface Listening {
  readonly prefix: string;
  tell(name: string): void;
}

/** Who listens, and what the step that is under way has to tell them. */
class Hints {
  readonly #listeners = new WatchIndex<Listening>();
  #names: string[] = [];

  note(name: string): void {
    if (!this.#listeners.isEmpty && this.#names.at(-1) !== name) this.#names.push(name);
  }

  /** Tells them after the step, so that they may begin another. */
  tell(): void {
    if (this.#names.length === 0) return;
    const names = new Set(this.#names);
    this.#names = [];
    for (const name of names) this.#listeners.forEach(name, listener => listener.tell(name));
  }

  listen(listener: Listening): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }
}

/**
 * The truth of a memory queue store: its partitions. Every call is one step within one thread.
 *
 * Partitions that hold nothing are forgotten; the largest number that one of them gave is where new ones begin to count.
 */
export class MemoryQueues {
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #idPrefix: string;
  readonly #partitions = new Map<string, QueuePartition>();
  readonly #ready = new Hints();
  readonly #state = new Hints();
  #forgotten = 0;

  /** @param incarnation names these queues among all that ever were */
  constructor(clock: Clock, incarnation: string) {
    this.#clock = clock;
    this.#startMs = clock.wallMs() - clock.monotonicMs();
    this.#idPrefix = `~${incarnation}.`;
  }

  /** Wall time as it was when the queues began, and monotonic from there on: nobody's setting the clock ends a lease. */
  now(): number {
    return this.#startMs + this.#clock.monotonicMs();
  }

  /** Carries the steps of one call out, at one time, and tells those whom they concern. */
  steps<Result>(steps: readonly QueueStep<Result>[]): Result[] {
    const nowMs = this.now();
    // Nearly always all are of one queue.
    let opened: string | undefined;
    let partition: QueuePartition | undefined;
    const results: Result[] = [];
    try {
      for (const { name, run } of steps) {
        if (partition === undefined || name !== opened) {
          if (partition !== undefined) this.#forgetEmpty(opened as string, partition);
          opened = name;
          partition = this.#partitionOf(name);
        }
        results.push(run(partition, nowMs));
      }
      return results;
    } finally {
      if (partition !== undefined) this.#forgetEmpty(opened as string, partition);
      this.#ready.tell();
      this.#state.tell();
    }
  }

  watchQueue(queue: string, onReady: () => void): Disposable {
    const tell = (name: string): void => {
      if (name === queue) onReady();
    };
    return this.#ready.listen({ prefix: queue, tell });
  }

  watchState(prefix: string, onChange: (key: string) => void): Disposable {
    return this.#state.listen({ prefix, tell: onChange });
  }

  #forgetEmpty(name: string, partition: QueuePartition): void {
    if (!partition.isEmpty) return;
    this.#partitions.delete(partitionOf(name));
    this.#forgotten = Math.max(this.#forgotten, partition.revision);
  }

  #partitionOf(name: string): QueuePartition {
    const partitionName = partitionOf(name);
    let partition = this.#partitions.get(partitionName);
    if (partition !== undefined) return partition;
    partition = new QueuePartition({
      onReady: queue => this.#ready.note(queue),
      onState: key => this.#state.note(key),
      idPrefix: this.#idPrefix,
      revision: this.#forgotten,
    });
    this.#partitions.set(partitionName, partition);
    return partition;
  }
}
