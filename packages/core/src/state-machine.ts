import type { LogIndex, Term } from './ids.ts';

/**
 * The StateMachine seam: what a replicated log is applied to.
 *
 * @experimental until two engines pass its conformance suite
 * @module
 */

/** A committed command. */
export interface Committed {
  readonly index: LogIndex;
  readonly term: Term;
  /** The leader's time when it took the command on, in ms since 1970. Never decreases along the log. */
  readonly leaderTimeMs: number;
  readonly command: Uint8Array;
}

/** A frozen view of the state, as of one index. Disposing gives its resources back. */
export interface StateSnapshot extends AsyncDisposable {
  readonly index: LogIndex;
  chunks(): AsyncIterable<Uint8Array>;
}

/**
 * State that follows from a log: the same commands in the same order give the same state and the same replies everywhere.
 * So it reads no clock, no randomness and no environment; time comes with each command.
 *
 * @experimental until two engines pass its conformance suite
 */
export interface StateMachine extends AsyncDisposable {
  /** The last command that the state contains, stored with it in one transaction. 0 when it is empty. */
  readonly appliedIndex: LogIndex;

  /** Applies commands in order and gives a reply for each. Never called twice for one index. */
  apply(commands: readonly Committed[]): readonly Uint8Array[];

  /** Answers a query from the present state, without changing it. */
  query(query: Uint8Array): Uint8Array;

  /** Freezes the present state cheaply; commands go on being applied while it is read. */
  snapshot(): StateSnapshot;

  /** Replaces the whole state. If it fails, the state before stands. */
  restore(index: LogIndex, chunks: AsyncIterable<Uint8Array>): Promise<void>;
}
