import { type Clock, partitionOf, QueuePartition } from '@quorate/core';
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

  /** Carries one step out in the partition of a queue or key, and tells those whom it concerns. */
  step<Result>(name: string, step: (partition: QueuePartition, nowMs: number) => Result): Result {
    const partitionName = partitionOf(name);
    const partition = this.#partitions.get(partitionName) ?? this.#opened(partitionName);
    try {
      return step(partition, this.now());
    } finally {
      if (partition.isEmpty) {
        this.#partitions.delete(partitionName);
        this.#forgotten = Math.max(this.#forgotten, partition.revision);
      }
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

  #opened(name: string): QueuePartition {
    const partition = new QueuePartition({
      onReady: queue => this.#ready.note(queue),
      onState: key => this.#state.note(key),
      idPrefix: this.#idPrefix,
      revision: this.#forgotten,
    });
    this.#partitions.set(name, partition);
    return partition;
  }
}
