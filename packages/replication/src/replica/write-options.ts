import type { LogIndex, Term, WaitOptions } from '@quorate/core';
import type { SessionOperation } from '../wire/entry-payload.ts';

/** The log of so many other replicas, on top of the leader's own. */
export interface SemiSync {
  /** How many other replicas must have the entry durably; at least 1. */
  readonly semiSync: number;
  /** How long they have. Default: the election timeout. */
  readonly timeoutMs?: number;
  /**
   * `fail`: `SEMI_SYNC_TIMEOUT`. `degrade`: acknowledge with fewer, and say so in the receipt; it fails so all the same where
   * the leader's own disk has not got the entry by then. Default `fail`.
   */
  readonly onTimeout?: 'fail' | 'degrade';
}

/**
 * When a write is acknowledged.
 *
 * - `leader`: it is durable in the leader's log. Lost where the leader is, until a quorum has it.
 * - {@link SemiSync}: durable in so many other logs as well.
 * - `quorum`: committed and applied. It survives whatever leaves a majority.
 * - `all`: committed, applied, and durable in the log of every voter.
 *
 * The first two acknowledge the log alone: reads show what is committed, and a failover may drop the rest. Who was the leader
 * then reports the exact range.
 */
export type AckLevel = 'leader' | 'quorum' | 'all' | SemiSync;

/** How a write is to be done. */
export interface WriteOptions extends WaitOptions {
  /** Default `quorum`. */
  readonly ack?: AckLevel | undefined;
  /**
   * Makes a retry safe: the same operation is applied once, however often and to whichever replica it is sent, as long as the
   * session lives. See `ClientSession.begin`.
   */
  readonly session?: SessionOperation | undefined;
}

/** What is known of a write that was acknowledged. */
export interface WriteReceipt {
  readonly index: LogIndex;
  readonly term: Term;
  /** What each of the replicas that are counted here keeps it through. */
  readonly durability: 'memory' | 'os' | 'fsync';
  /** How many replicas are known to have it durably, the leader among them. At least so many. */
  readonly replicas: number;
  /** It was acknowledged with less than was asked for. */
  readonly degraded: boolean;
  /** What the state machine answered. Only where the write was applied: `quorum` and `all`. */
  readonly reply: Uint8Array | undefined;
}

/**
 * How a query is answered.
 *
 * - `linearizable`: by the leader, after a majority has confirmed that it still is one. Shows every write that was
 *   acknowledged at `quorum` or `all` before the read began. Rests on no clock.
 * - `lease`: by the leader, at once while it holds a lease, else like `linearizable`. Rests on clocks that run at about the
 *   same rate.
 * - `follower`: by this replica, whatever it is, at an index that the leader gives. As strong as `linearizable`.
 * - `local`: by this replica as it is, or with `maxStalenessMs` at most so far behind.
 */
export type ReadMode = 'linearizable' | 'lease' | 'follower' | 'local';

/** How a query is to be answered. */
export interface ReadOptions extends WaitOptions {
  /** Default `linearizable`. */
  readonly mode?: ReadMode | undefined;
  /**
   * Of `local`: how old the state may be. It is measured on this replica's own clock, from when it last asked the leader for
   * an index; where that is too long ago, it asks again. Default: as old as it is.
   */
  readonly maxStalenessMs?: number | undefined;
}
