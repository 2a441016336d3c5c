import {
  errorCode,
  type OperationId,
  QuorateError,
  type Random,
  type Session,
  sleep,
  type Store,
  type WriteResult,
} from '@quorate/core';
import { absent, bytes, textOf } from './store-stage.ts';
import type { StoreSubject } from './store-subject.ts';

/** One call of a client, in the form that the linearizability checker of `@quorate/sim` takes. */
export interface RecordedOperation {
  readonly process: number;
  readonly input: unknown;
  /** Absent where nobody knows whether it took effect. */
  readonly output?: unknown;
  /** Counted up with each invocation and return. */
  readonly invokedAt: number;
  /** Absent where it never returned. */
  readonly returnedAt?: number;
}

/** What clients did at the same time. */
export interface RecordedHistory {
  /** Reads, and writes under a condition, of one key: for the model `register`. */
  readonly register: readonly RecordedOperation[];
  /** Reads and additions of one number, each repeated until it was known: for `counter`. Empty where a store cannot add. */
  readonly counter: readonly RecordedOperation[];
}

/** How much is done. */
export interface RecordOptions {
  /** How many clients there are. Default 4. */
  readonly clients?: number;
  /** How many operations each of them begins. Default 50. */
  readonly operations?: number;
  /** How long a call may take before its outcome is unknown, ms. Default 200. */
  readonly deadlineMs?: number;
  /** Called with the clients once they are open, to break what it likes until the signal aborts. */
  readonly disturb?: (stores: readonly Store[], signal: AbortSignal) => Promise<void>;
}

/**
 * Has several clients work on one key and one number at the same time, and writes down who was answered what, and when: a
 * linearizability checker says whether a store could have answered so.
 */
export async function recordStoreHistory(
  subject: StoreSubject,
  { clients = 4, operations = 50, deadlineMs = 200, disturb = async () => {} }: RecordOptions = {},
): Promise<RecordedHistory> {
  const partition = `history-${subject.random.uint32().toString(16)}-${subject.random.uint32().toString(16)}`;
  const stores = await Promise.all([...Array(clients).keys()].map(() => subject.open()));
  const ended = new AbortController();
  const disturbing = disturb(stores, ended.signal);
  // What it throws is thrown when everything has ended.
  disturbing.catch(() => {});
  try {
    const recorder = new HistoryRecorder();
    const workers = stores.map(
      (store, process) => new HistoryWorker(subject, recorder, { store, process, partition, deadlineMs }),
    );
    await Promise.all(workers.map(worker => worker.work(operations)));
    return { register: recorder.register, counter: recorder.counter };
  } finally {
    ended.abort();
    await disturbing;
    await Promise.all(stores.map(store => store[Symbol.asyncDispose]()));
  }
}

class HistoryRecorder {
  readonly register: RecordedOperation[] = [];
  readonly counter: RecordedOperation[] = [];
  #time = 0;

  /** Records a call, but for one that certainly did not happen. */
  async record(
    name: 'register' | 'counter',
    process: number,
    input: unknown,
    call: () => Promise<unknown>,
  ): Promise<void> {
    const invokedAt = ++this.#time;
    try {
      const output = await call();
      this[name].push({ process, input, output, invokedAt, returnedAt: ++this.#time });
    } catch (thrown) {
      if (!(thrown instanceof QuorateError)) throw thrown;
      if (thrown.outcome !== 'not-applied') this[name].push({ process, input, invokedAt });
    }
  }
}

interface WorkerOptions {
  readonly store: Store;
  readonly process: number;
  readonly partition: string;
  readonly deadlineMs: number;
}

class HistoryWorker {
  readonly #subject: StoreSubject;
  readonly #recorder: HistoryRecorder;
  readonly #options: WorkerOptions;
  readonly #random: Random;
  #session: Session | undefined;
  #sequence = 0;

  constructor(subject: StoreSubject, recorder: HistoryRecorder, options: WorkerOptions) {
    this.#subject = subject;
    this.#recorder = recorder;
    this.#options = options;
    this.#random = subject.random;
  }

  async work(count: number): Promise<void> {
    for (let turn = 1; turn <= count; turn++) {
      const kind = this.#random.below(4);
      if (kind < 2) await this.#compareAndSet(turn);
      else if (this.#options.store.capabilities.verbs.add)
        await (kind === 2 ? this.#add() : this.#readNumber());
      else await this.#readKey();
      if (this.#random.below(4) === 0) await sleep(this.#subject.clock, this.#random.below(3));
    }
  }

  get #key(): string {
    return `${this.#options.partition}/key`;
  }

  #readKey(): Promise<void> {
    const { store, process, deadlineMs } = this.#options;
    return this.#recorder.record('register', process, { type: 'read' }, async () => {
      const entry = await store.get(this.#key, { deadlineMs });
      return textOf(entry) ?? null;
    });
  }

  /** Sets what it read under the condition that nobody else has since. Each value is written once. */
  async #compareAndSet(turn: number): Promise<void> {
    const { store, process, deadlineMs } = this.#options;
    await this.#readKey();
    const current = await store.get(this.#key, { deadlineMs }).catch(ignoreUnavailable);
    if (current === null) return;
    const from = textOf(current) ?? null;
    const to = current !== undefined && this.#random.below(4) === 0 ? null : `${process}:${turn}`;
    await this.#recorder.record('register', process, { type: 'cas', from, to }, async () => {
      const result: WriteResult =
        to === null && current !== undefined
          ? await store.delete(this.#key, { modified: current.modified }, { deadlineMs })
          : await store.put(
              this.#key,
              bytes(to ?? ''),
              current === undefined ? absent : { modified: current.modified },
              { deadlineMs },
            );
      if (result.outcome === 'unknown') throw result.cause;
      return result.outcome === 'applied';
    });
  }

  #readNumber(): Promise<void> {
    const { store, process, partition, deadlineMs } = this.#options;
    return this.#recorder.record('counter', process, { type: 'read' }, async () =>
      Number(textOf(await store.get(`${partition}/number`, { deadlineMs })) ?? 0),
    );
  }

  async #add(): Promise<void> {
    if (this.#session === undefined || this.#session.lost.aborted) {
      const ttlMs = Math.max(10_000, this.#subject.ttlMs);
      this.#session =
        (await this.#options.store.session({ ttlMs, deadlineMs: 5000 }).catch(ignoreUnavailable)) ??
        undefined;
      this.#sequence = 0;
    }
    if (this.#session === undefined) return;
    const operation = { session: this.#session.id, sequence: ++this.#sequence };
    const by = 1 + this.#random.below(9);
    const { process } = this.#options;
    await this.#recorder.record('counter', process, { type: 'add', by }, () => this.#addOnce(operation, by));
  }

  /** Adds until it is known. What is refused after an answer was lost may have taken effect before. */
  async #addOnce(operation: OperationId, by: number): Promise<number> {
    const { store, partition, deadlineMs } = this.#options;
    let lost: QuorateError | undefined;
    for (;;) {
      const options = { operation, deadlineMs };
      const result = await store.add!(`${partition}/number`, BigInt(by), options)
        .catch(ignoreUnavailable)
        .catch((thrown: unknown) => {
          throw lost ?? thrown;
        });
      if (result?.outcome === 'applied') return Number(result.value);
      lost = result?.cause ?? lost;
      if (lost !== undefined && ['SESSION_LOST', 'OPERATION_SUPERSEDED'].includes(lost.code)) throw lost;
      await sleep(this.#subject.clock, 5);
    }
  }
}

/** Null where the store could not be reached, or not in time. */
function ignoreUnavailable(thrown: unknown): null {
  if (['UNAVAILABLE', 'DEADLINE_EXCEEDED'].includes(errorCode(thrown) ?? '')) return null;
  throw thrown;
}
