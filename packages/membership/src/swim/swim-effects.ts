import type { NodeId } from '@quorate/core';
import { type Member, type MemberState, stateName } from './member.ts';

/** A member as its user sees it: a copy that does not change. */
export interface MemberView {
  readonly id: NodeId;
  readonly state: MemberState;
  readonly incarnation: number;
  /** The application's bytes. Not to be changed. */
  readonly meta: Uint8Array;
  /** Grows with each change of `meta`, over restarts of the member too. */
  readonly metaVersion: number;
  /** Where it listens; empty where it does not say. */
  readonly address: string;
}

/**
 * - `joined`: it was not known, or taken for gone, and lives.
 * - `restarted`: it lives, and is another process than before: what it had in memory is lost.
 * - `suspected`: it did not answer; it counts as living still.
 * - `recovered`: it was suspected, and said that it lives.
 * - `failed`: it did not say so in time.
 * - `left`: it said good-bye.
 * - `updated`: its metadata or its address changed.
 */
export interface MemberChange {
  readonly type: 'joined' | 'restarted' | 'suspected' | 'recovered' | 'failed' | 'left' | 'updated';
  readonly member: MemberView;
  /** Whose word it is that a member is suspected or has failed. */
  readonly accuser?: NodeId;
}

/** A message to hand to the transport, best effort. */
export interface OutgoingMessage {
  readonly to: NodeId;
  readonly bytes: Uint8Array;
}

/** What came of inputs, in order. */
export interface SwimEffects {
  readonly messages: readonly OutgoingMessage[];
  readonly changes: readonly MemberChange[];
  /** Members with which the whole state was just exchanged, or found to be equal. */
  readonly synced: readonly NodeId[];
  /** A message of this member came back to it: what it took for a peer is itself. */
  readonly echoed: boolean;
  /** Members that are remembered no more. */
  readonly forgotten: readonly NodeId[];
  /** The others have been told that this member leaves, as often as anything is told. */
  readonly leaveTold: boolean;
}

/** What a user sees of a member now. */
export function viewOf(member: Member): MemberView {
  const { id, state, incarnation, meta, metaVersion, address } = member;
  return { id, state: stateName(state), incarnation, meta, metaVersion, address };
}
