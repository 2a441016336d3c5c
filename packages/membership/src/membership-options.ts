import type { Clock, GroupId, NodeId, Random, Transport } from '@quorate/core';
import type { FailureDetector } from './failure-detector.ts';
import type { PeerBook } from './introductions.ts';
import type { Preset, SwimTuning } from './swim/swim-options.ts';

/** A member to join by: its name, where it listens, or both. */
export interface Seed {
  /** Who it is. May be left out where {@link PeerBook.meet} finds that out. */
  readonly id?: NodeId | string | undefined;
  /** Where it listens, in the form that {@link MembershipOptions.peers} takes. */
  readonly address?: string | undefined;
}

/** How a membership is made. */
export interface MembershipOptions {
  /** What messages go through. Its `self` is the member's id, unique among the living. It is not disposed of. */
  readonly transport: Transport;
  /** The transport's own id, where it shall be checked. */
  readonly self?: NodeId | string | undefined;
  /**
   * Members to join by, one of which should live. None for the first member of all. One that is this member itself counts as
   * none, so that all members can be given the same seeds.
   */
  readonly seeds?: readonly (Seed | NodeId | string)[] | undefined;
  /** For which network: `local` processes of a machine, `lan` (the default), `wan`. */
  readonly preset?: Preset | undefined;
  /** Single fields in place of the preset's. */
  readonly tuning?: Partial<SwimTuning> | undefined;
  /** What others see of this member, at most `metaMaxBytes`. Default none. */
  readonly meta?: Uint8Array | undefined;
  /**
   * Where this member listens, in the form that `peers` of the others takes. At most 255 characters. A function is asked once
   * the transport is started: then it knows the port.
   */
  readonly address?: string | (() => string) | undefined;
  /**
   * Told of each member's address before anything is sent to it, and of those who are forgotten: a TCP transport, usually the
   * one of `transport`. Without it the transport has to know all members beforehand.
   */
  readonly peers?: PeerBook | undefined;
  /** Which of the transport's messages are the membership's. Default {@link membershipGroup}. */
  readonly group?: GroupId | undefined;
  /** Has a say before a member is suspected, beside its silence: `() => new PhiAccrual()`. Default none. */
  readonly detectorOf?: ((id: NodeId) => FailureDetector) | undefined;
  /** Default `systemClock`. */
  readonly clock?: Clock | undefined;
  /** Default `systemRandom`. */
  readonly random?: Random | undefined;
}
