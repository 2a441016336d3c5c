import type { Clock, GroupId, NodeId, Random, Transport } from '@quorate/core';
import type { FailureDetector } from './failure-detector.ts';
import type { Preset, SwimTuning } from './swim/swim-options.ts';

/** A member to join by. */
export interface Seed {
  readonly id: NodeId | string;
  /** Where it listens; see {@link MembershipOptions.introduce}. */
  readonly address?: string | undefined;
}

/** How a membership is made. */
export interface MembershipOptions {
  /** What messages go through. Its `self` is the member's id, unique among the living. It is not disposed of. */
  readonly transport: Transport;
  /** The transport's own id, where it shall be checked. */
  readonly self?: NodeId | string | undefined;
  /** Members to join by, one of which should live. None for the first member of all. */
  readonly seeds?: readonly (Seed | NodeId | string)[] | undefined;
  /** For which network: `local` processes of a machine, `lan` (the default), `wan`. */
  readonly preset?: Preset | undefined;
  /** Single fields in place of the preset's. */
  readonly tuning?: Partial<SwimTuning> | undefined;
  /** What others see of this member, at most `metaMaxBytes`. Default none. */
  readonly meta?: Uint8Array | undefined;
  /** Where this member listens, in the form that `introduce` of the others takes. At most 255 characters. */
  readonly address?: string | undefined;
  /** Told of each member's address before anything is sent to it: `(id, address) => transport.addPeer(id, address)`. */
  readonly introduce?: ((id: NodeId, address: string) => void) | undefined;
  /** Which of the transport's messages are the membership's. Default {@link membershipGroup}. */
  readonly group?: GroupId | undefined;
  /** Has a say before a member is suspected, beside its silence: `() => new PhiAccrual()`. Default none. */
  readonly detectorOf?: ((id: NodeId) => FailureDetector) | undefined;
  /** Default `systemClock`. */
  readonly clock?: Clock | undefined;
  /** Default `systemRandom`. */
  readonly random?: Random | undefined;
}
