import type { LeasedMessage, WaitOptions } from '@quorate/core';
import type { Ending } from './ending.ts';

/** Messages of one queue being handled, until it is drained or disposed of. */
export interface Work extends AsyncDisposable {
  readonly queue: string;
  /** Starts no more handlers and leases no more; what was leased and not started goes back. What runs goes on. */
  pause(): void;
  resume(): void;
  /**
   * Pauses for good, waits until everything that runs has ended and is settled, and ends the work.
   *
   * @throws QuorateError `ABORTED`, `DEADLINE_EXCEEDED`: the wait is over, the work goes on ending
   */
  drain(options?: WaitOptions): Promise<void>;
  /** Settles when the work has ended. Rejects where it cannot go on: the store is closed, or cannot do what is asked for. */
  readonly done: Promise<void>;
  /**
   * Ends it at once: aborts the signals of handlers, waits for them `graceMs` at most, and gives their messages back. A message whose
   * handler goes on after that comes back when its lease ends.
   */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What happens to the messages of a work. */
export type WorkEvent =
  | { readonly type: 'leased'; readonly count: number }
  | { readonly type: 'started'; readonly message: LeasedMessage; readonly attempt: number }
  /** The handler threw; what `ending` says follows from it. */
  | {
      readonly type: 'failed';
      readonly message: LeasedMessage;
      readonly error: unknown;
      readonly ending: Ending;
    }
  | { readonly type: 'settled'; readonly message: LeasedMessage; readonly ending: Ending }
  /** Somebody else has the message, or may have it. Whatever its handler says is dropped. */
  | { readonly type: 'lost'; readonly message: LeasedMessage }
  /** A call of the store failed; it is made again. */
  | { readonly type: 'trouble'; readonly error: unknown };
