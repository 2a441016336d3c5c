import type { PartitionKey } from './model.ts';

/** What a check found out. */
export type LinearizabilityResult<State> = Linearizable | NotLinearizable<State> | Undecided;

/** The history is linearizable, and this is how. */
export interface Linearizable {
  readonly verdict: 'ok';
  /** For each partition an order that the model allows; see {@link linearizationPoints}. */
  readonly linearization: readonly PartitionOrder[];
  readonly steps: number;
}

export interface PartitionOrder {
  /** Absent where the model has no partitions. */
  readonly partition: PartitionKey | undefined;
  /** Indices in the history. Operations that never returned are in it only where they took effect. */
  readonly order: Int32Array;
}

/**
 * The history is not linearizable, since this partition of it is not: `stuck[0]` cannot have returned what it did.
 *
 * Everything that had returned before it is explained by `prefix`, and no order explains this return as well.
 */
export interface NotLinearizable<State> {
  readonly verdict: 'violation';
  readonly partition: PartitionKey | undefined;
  /**
   * The longest linearizable prefix: an order, as indices in the history, of all operations of the partition that returned
   * before `stuck[0]` did, and perhaps of others that were under way then. No order explains more returns; another one may have
   * more of those others in it.
   */
  readonly prefix: Int32Array;
  /** What the operations of the prefix lead to. */
  readonly state: State;
  /** The operations that were under way and are not in the prefix; the first is the one whose return cannot be explained. */
  readonly stuck: Int32Array;
  readonly steps: number;
  /** The violation in a sentence. */
  readonly message: string;
}

/** Nobody knows: the check was stopped. */
export interface Undecided {
  readonly verdict: 'unknown';
  /** `deadline`, `memory` and `steps` are the limits of the options; `aborted` is their signal. */
  readonly why: 'deadline' | 'memory' | 'steps' | 'aborted';
  /** A partition that is not decided; absent where the history was still being read. */
  readonly partition?: PartitionKey | undefined;
  /** How many partitions are not decided; no other is violated. */
  readonly undecided: number;
  readonly steps: number;
}
