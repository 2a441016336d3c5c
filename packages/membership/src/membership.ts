import type { NodeId, TransportHandlers, WaitOptions } from '@quorate/core';
import type { Resync } from './change-feed.ts';
import type { MembershipOptions } from './membership-options.ts';
import { SwimMembership } from './swim-membership.ts';
import type { MemberChange, MemberView } from './swim/swim-effects.ts';

/** How a member is, for people. */
export interface MembershipStatus {
  /** How many members live as far as it knows, itself included. */
  readonly liveCount: number;
  /** 0 is well; each step makes it wait longer before it doubts others. */
  readonly healthScore: number;
  /** Of how many members it has news to tell. */
  readonly newsCount: number;
  /** Messages that were none, and were dropped. */
  readonly malformedCount: number;
  /** The longest time by which its timers were late since it began. */
  readonly lateMaxMs: number;
  /** Addresses of members that {@link MembershipOptions.peers} would not take. */
  readonly refusedAddressCount: number;
  /** Why nobody was met at the address of a seed, the last time that it was tried; or that the seed is this member. */
  readonly seedFault: string | undefined;
}

/** One member's view of who lives, and its own part in that of others. */
export interface Membership extends AsyncDisposable {
  readonly self: NodeId;

  /** Takes the transport's messages, for whoever starts the transport in another way than by {@link start}. */
  readonly handlers: TransportHandlers;

  /** Starts the transport. Messages of other groups go to `others`, and so does everything that is told of connections. */
  start(others?: TransportHandlers): Promise<void>;

  /**
   * Settles once this member and one of the seeds have told each other all that they know; at once where there are no seeds, and
   * as soon as it is found out where each of them is this member itself, under another name or address: then it is the first.
   * It goes on trying when the wait is given up. Whoever has left does not come back: make another member.
   *
   * @throws QuorateError `ABORTED`, `DEADLINE_EXCEEDED`, `CLOSED`
   */
  join(options?: WaitOptions): Promise<void>;

  /** Who lives, this member included and those that are suspected too, by id. */
  members(): readonly MemberView[];

  /** What is known of one member; of one that failed or left, for as long as it is remembered. */
  member(id: NodeId | string): MemberView | undefined;

  /** How much a member's detector doubts it; nothing where there is no detector or no such member. */
  score(id: NodeId | string): number | undefined;

  /**
   * Changes from this call on, in the order in which this member learned of them. A listener that is more than 1,024 behind
   * gets `resync` in their place: look at {@link members} again. Ends when the signal aborts, or with the membership.
   */
  changes(options: { readonly signal: AbortSignal }): AsyncIterable<MemberChange | Resync>;

  /** Replaces what others see of this member. The bytes are copied. @throws RangeError when longer than `metaMaxBytes` */
  setMeta(meta: Uint8Array): void;

  /**
   * Says good-bye, so that others need not find out. Settles when it was told as often as any news. Members that hear of it
   * later take it for failed until they do. Then dispose.
   *
   * @throws QuorateError `ABORTED`, `DEADLINE_EXCEEDED`, `CLOSED`
   */
  leave(options?: WaitOptions): Promise<void>;

  status(): MembershipStatus;
}

/**
 * Makes a member. It speaks from {@link Membership.start} on, and belongs to the others from {@link Membership.join} on.
 *
 * Disposing ends it at once, as a crash would: {@link Membership.leave} first, where there is time.
 *
 * @throws RangeError, TypeError for options that are none
 */
export function createMembership(options: MembershipOptions): Membership {
  return new SwimMembership(options);
}
