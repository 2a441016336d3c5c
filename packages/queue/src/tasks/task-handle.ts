import { boundedWait, type Durability, type WaitOptions } from '@quorate/core';
import type { Lookup } from './lookup.ts';

/** How a task stands. */
export interface TaskStatus {
  readonly state: /** It waits for a worker. */
    | 'ready'
    /** It waits for its time: it was sent with a delay, or rests after a failed attempt. */
    | 'delayed'
    /** It waits until others of its key are gone. */
    | 'held'
    /** A worker has it; of a flow: it is under way. */
    | 'running'
    | 'succeeded'
    | 'failed'
    | 'cancelled'
    /** Nothing is known of it: it was purged, its result has had its time, or it was never sent. */
    | 'gone';
  /** Starts so far, of one that waits or runs. */
  readonly attempts?: number;
  readonly deliveries?: number;
  /** When it can start, on the engine's clock. */
  readonly readyAtMs?: number;
}

/** A task or a flow that was sent, seen from anywhere. */
export interface TaskHandle<Output> {
  readonly id: string;
  /**
   * What it gave. It settles whatever happens to the task: when it ends, is cancelled, fails for good, or is gone.
   *
   * @throws QuorateError `TASK_FAILED` (its cause is the last attempt's error), `TASK_CANCELLED`, `TASK_GONE`; `ABORTED`,
   *   `DEADLINE_EXCEEDED`, which end the wait and not the task
   */
  result(options?: WaitOptions): Promise<Output>;
  status(options?: WaitOptions): Promise<TaskStatus>;
  /**
   * Asks for its end: it is not started any more, or its signal aborts where it runs. A run that ends well all the same has succeeded.
   *
   * @returns whether there was something to cancel
   */
  cancel(options?: WaitOptions): Promise<boolean>;
  /** What `context.progress` was last told; undefined where nothing. */
  progress(options?: WaitOptions): Promise<unknown>;
}

/** What `send` says of a task. */
export interface SentTask<Output> extends TaskHandle<Output> {
  /** Whether it had been sent under this id before, so that this is a handle of that one. */
  readonly duplicate: boolean;
  /** Where the engine has it now. */
  readonly durability: Durability;
}

export class LookupHandle<Output> implements TaskHandle<Output> {
  readonly id: string;
  readonly #lookup: Lookup;

  constructor(lookup: Lookup, id: string) {
    this.id = id;
    this.#lookup = lookup;
  }

  result(options: WaitOptions = {}): Promise<Output> {
    return this.#bounded(options, signal => this.#lookup.result(this.id, signal)) as Promise<Output>;
  }

  status(options: WaitOptions = {}): Promise<TaskStatus> {
    return this.#bounded(options, signal => this.#lookup.status(this.id, signal));
  }

  cancel(options: WaitOptions = {}): Promise<boolean> {
    return this.#bounded(options, signal => this.#lookup.cancel(this.id, signal), 'unknown');
  }

  progress(options: WaitOptions = {}): Promise<unknown> {
    return this.#bounded(options, signal => this.#lookup.progress(this.id, signal));
  }

  #bounded<Value>(
    options: WaitOptions,
    start: (signal: AbortSignal | undefined) => Promise<Value>,
    outcome: 'not-applied' | 'unknown' = 'not-applied',
  ): Promise<Value> {
    return boundedWait(this.#lookup.clock, options, outcome, start);
  }
}
