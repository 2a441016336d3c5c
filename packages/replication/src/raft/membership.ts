import type { NodeId } from '@quorate/core';

/**
 * Who takes part, as of some index: the incoming voters, and while a joint change is under way the outgoing ones, too (Ongaro
 * 2014, §4.3). Every list is sorted and free of repetition.
 */
export interface Membership {
  readonly voters: readonly NodeId[];
  /** Empty unless joint: a decision then takes a majority of these as well. */
  readonly votersOutgoing: readonly NodeId[];
  /** Receive the log and have no say. */
  readonly learners: readonly NodeId[];
  /** Outgoing voters that become learners when the joint configuration is left. */
  readonly learnersNext: readonly NodeId[];
  /** Whether the leader leaves the joint configuration by itself once it is applied. */
  readonly autoLeave: boolean;
}

/** One step of a change. `voter` adds or promotes, `learner` adds or demotes. */
export interface MemberChange {
  readonly change: 'voter' | 'learner' | 'remove';
  readonly node: NodeId;
}

/**
 * A change of membership, carried by one entry. No changes: leave the joint configuration.
 *
 * - `auto`: simple when at most one member changes, else joint and left by itself.
 * - `joint-implicit`: joint, left by itself.
 * - `joint-explicit`: joint until it is left by a change without changes.
 */
export interface MembershipChange {
  readonly transition: 'auto' | 'joint-implicit' | 'joint-explicit';
  readonly changes: readonly MemberChange[];
  /** For the host. */
  readonly context?: Uint8Array;
}

/** Nobody: what a replica knows before its first snapshot. */
export const emptyMembership: Membership = {
  voters: [],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
};

/** Whether two majorities decide at present. */
export function isJoint(membership: Membership): boolean {
  return membership.votersOutgoing.length > 0;
}

/** Every member, voters of both sides and learners, sorted. */
export function membersOf(membership: Membership): readonly NodeId[] {
  const { voters, votersOutgoing, learners, learnersNext } = membership;
  return sortedIds([...voters, ...votersOutgoing, ...learners, ...learnersNext]);
}

/** Whoever votes, on either side. */
export function votersOf({ voters, votersOutgoing }: Membership): readonly NodeId[] {
  return [...voters, ...votersOutgoing];
}

/** Sorted by code units, without repetition: the order in which members are always visited. */
export function sortedIds(ids: Iterable<NodeId>): readonly NodeId[] {
  return [...new Set(ids)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** Whether the change only ends a joint configuration. */
export function leavesJoint(change: MembershipChange): boolean {
  return change.changes.length === 0 && change.transition === 'auto';
}

/** Whether the change goes through a joint configuration; `undefined` for a simple one. */
export function entersJoint(change: MembershipChange): { readonly autoLeave: boolean } | undefined {
  if (change.transition === 'auto' && change.changes.length <= 1) return undefined;
  return { autoLeave: change.transition !== 'joint-explicit' };
}
