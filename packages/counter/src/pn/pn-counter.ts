import type { Random } from '@quorate/core';
import type { Delta } from '../int64.ts';

/** Options of `createPnCounter`. */
export interface PnCounterOptions {
  /** Where the part of the actor's id comes from that is never used twice. Default: the platform's. */
  readonly random?: Random;
  /** The most actors of a state, those that departed and were not pruned included. Default 1,000. */
  readonly actorsMax?: number;
  /** How many actors that are pruned everywhere are remembered, so that late messages do not bring them back. Default 10,000. */
  readonly retiredMax?: number;
  /** The state of an earlier start of this replica, encoded. Its former actor id is never used again. */
  readonly state?: Uint8Array;
}

/** What a `prune` came to. */
export type PruneResult =
  /** Its counts are ours now. */
  | { readonly outcome: 'pruned' }
  /** Nothing is known of it, or it was pruned before. */
  | { readonly outcome: 'nothing' }
  /** It had itself pruned others, which these replicas have not heard yet: try again later. */
  | { readonly outcome: 'waits'; readonly for: readonly string[] };

/** The newest version that is known of each actor: what a peer is asked with for what it lacks. */
export type PnDigest = ReadonlyMap<string, number>;

/**
 * A counter that every replica may change at any time without asking anybody. Replicas that have heard of the same changes have
 * the same value, in whatever order, and however often they heard.
 *
 * Sources: Shapiro, Preguiça, Baquero, Zawirski 2011, §3.1.2 (PN-Counter); Almeida, Shoker, Baquero 2018 (delta states); the way of
 * pruning is Akka's `RemovedNodePruning`, with what was taken over written down, so that two survivors at once do no harm.
 */
export interface PnCounter {
  /** Under which this replica counts: the name with 96 random bits, so that no start counts under the id of another. */
  readonly actor: string;
  readonly value: bigint;
  /** Actors of which there is a record. */
  readonly actors: readonly string[];

  /** @throws TypeError, RangeError unless an integer of at least 0 that keeps the actor's count within 2^63 - 1 */
  increment(by?: Delta): void;
  /** @throws as {@link PnCounter.increment} */
  decrement(by?: Delta): void;

  /** All that is known, encoded: a state. */
  state(): Uint8Array;
  /** What has changed here since the last call, own changes and those heard, as a state; nothing where nothing has. Forward it to all peers. */
  takeDelta(): Uint8Array | undefined;
  /** What is known here, for {@link PnCounter.deltaFor} of a peer. */
  digest(): PnDigest;
  /** What a peer with such a digest lacks, as a state; nothing where it has all. */
  deltaFor(digest: PnDigest): Uint8Array | undefined;

  /**
   * Takes a state or a delta in. Commutative, associative, idempotent.
   *
   * @returns whether anything was new
   * @throws QuorateError `PN_STATE_REFUSED` where it is malformed, of another format, or too large: nothing was taken in
   */
  merge(state: Uint8Array): boolean;

  /**
   * Takes the counts of an actor over that will never count again. Let one replica do it at a time, and whoever takes that task over
   * merge the states of all others first. Two at once are made good while both live: one leaves it to the other.
   *
   * @param replicas the ids of the replicas that live
   * @throws RangeError for the own actor
   * @throws QuorateError `PN_STATE_REFUSED` where it has taken over `actorsMax` already that were not collected
   */
  prune(actor: string, replicas: readonly string[]): PruneResult;

  /**
   * Forgets what was taken over from actors that nobody has a record of any more.
   *
   * @param replicas the ids of all replicas that live or may come back: each must have said that it knows
   * @returns how many were forgotten
   */
  collect(replicas: readonly string[]): number;
}
