import type { NodeId, Random } from '@quorate/core';
import type { StoredLog } from './stored-log.ts';
import type { TraceEvent } from './trace-event.ts';

/** How one replica's core is set up. */
export interface RaftOptions {
  readonly id: NodeId;
  /** Draws the election timeouts. */
  readonly random: Random;
  readonly log: StoredLog;
  /** Ticks between a leader's heartbeats. Default 1. */
  readonly heartbeatTicks?: number;
  /**
   * Ticks without a leader before an election: a random number from this up to twice it, less one; up to a quarter more than
   * it after `reportUnreachable(leader)`. Default 10.
   */
  readonly electionTicks?: number;
  /** Asks whether an election could be won before raising the term (Ongaro 2014, §9.6). Default `true`. */
  readonly preVote?: boolean;
  /**
   * A leader that hears from no majority for `electionTicks` steps down, and a follower that hears its leader takes part in
   * no other's election (Ongaro 2014, §6.2 and §4.2.3). Default `true`.
   */
  readonly checkQuorum?: boolean;
  /** Serves reads by the lease where it is held (Ongaro 2014, §6.4.1). Needs `checkQuorum`. Default `false`. */
  readonly leaseReads?: boolean;
  /**
   * By how many ticks the lease ends early, for clocks that drift apart: the lease is `electionTicks - 2 - leaseMarginTicks`
   * after the confirmed heartbeat was sent, of which the 2 are for ticks being whole. Default a tenth of `electionTicks`,
   * rounded up.
   */
  readonly leaseMarginTicks?: number;
  /** The most payload bytes in one append, though never less than one entry. Default 1 MiB. */
  readonly appendBytesMax?: number;
  /** The most appends under way to one follower. Default 256. */
  readonly inflightMax?: number;
  /** The most payload bytes under way to one follower. Default 16 MiB. */
  readonly inflightBytesMax?: number;
  /** The most payload bytes that wait to be committed before proposals are refused as `full`. Default 256 MiB. */
  readonly uncommittedBytesMax?: number;
  /**
   * The most payload bytes of durable and committed entries that are kept in memory for followers that are a little behind; at
   * times an eighth less. Default 4 MiB.
   */
  readonly tailBytesMax?: number;
  /**
   * When a leader that is removed or demoted steps down. `once-known`: it leads on, counts itself no more and takes nothing
   * on, until a majority of those who stay knows for good that it goes (Ongaro 2014, §4.2.2), and then has one of them
   * campaign. `at-once` and `never` are what etcd's core does: where the news is lost, those who stay may need the vote of
   * whom they believe a member. Default `once-known`.
   */
  readonly stepDownOnRemoval?: 'once-known' | 'at-once' | 'never';
  /**
   * Hands committed entries out before this replica's own disk has them. Only for state machines that forget with the
   * process. Default `false`.
   */
  readonly applyBeforeDurable?: boolean;
  /**
   * One append and one acknowledgement per step instead of one per flush, and a write for every commit index, as etcd's core
   * does. For comparison with it. Default `false`.
   */
  readonly eagerAppend?: boolean;
  /**
   * What is committed is told to followers with the next entries, the next heartbeat, or after `sendCommits`, instead of in
   * an append of its own. Default `false`.
   */
  readonly lazyCommits?: boolean;
  /**
   * A follower that is far behind is sent its next slice of the log only after `Raft.catchUp`, which `Effects.turns` asks
   * for, while a majority is in step without it. Default `false`: as fast as it goes.
   */
  readonly paceCatchUp?: boolean;
  /** Appends membership changes without looking whether they fit the present one; an outer layer must. Default `false`. */
  readonly uncheckedMembershipChanges?: boolean;
  /**
   * Accepts a membership change before an entry of the leader's own term is committed, as etcd's core does: it is safe where a
   * membership takes effect only once applied, as here. Default `false`.
   */
  readonly membershipChangeBeforeNoop?: boolean;
  /** Is told of every step, for checking against a specification. */
  readonly trace?: ((event: TraceEvent) => void) | undefined;
}
