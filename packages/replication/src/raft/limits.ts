import type { RaftOptions } from './raft-options.ts';

/** The numbers and switches among the options, all of them set. */
export interface RaftLimits {
  readonly heartbeatTicks: number;
  readonly electionTicks: number;
  /** After how many ticks, up to twice as many, a candidate that was not given enough asks again. */
  readonly retryTicks: number;
  readonly preVote: boolean;
  readonly checkQuorum: boolean;
  readonly leaseReads: boolean;
  /** How long a lease lasts after the confirmed round was sent. */
  readonly leaseTicks: number;
  readonly appendBytesMax: number;
  readonly inflightMax: number;
  readonly inflightBytesMax: number;
  readonly uncommittedBytesMax: number;
  readonly tailBytesMax: number;
  readonly stepDownOnRemoval: 'once-known' | 'at-once' | 'never';
  readonly applyBeforeDurable: boolean;
  readonly eagerAppend: boolean;
  readonly lazyCommits: boolean;
  readonly paceCatchUp: boolean;
  readonly uncheckedMembershipChanges: boolean;
  readonly membershipChangeBeforeNoop: boolean;
}

const mebi = 1024 * 1024;

/** @throws RangeError where a number is out of its bounds; TypeError for lease reads without `checkQuorum` */
export function raftLimits(options: RaftOptions): RaftLimits {
  const heartbeatTicks = integer('Heartbeat ticks', options.heartbeatTicks ?? 1, 1);
  const electionTicks = integer('Election ticks', options.electionTicks ?? 10, heartbeatTicks + 1);
  const margin = integer('Lease margin ticks', options.leaseMarginTicks ?? Math.ceil(electionTicks / 10), 0);
  const checkQuorum = options.checkQuorum ?? true;
  const leaseReads = options.leaseReads ?? false;
  if (leaseReads && !checkQuorum) {
    throw new TypeError('Lease reads need checkQuorum: without it followers vote while the lease is held');
  }
  const appendBytesMax = integer('Append size', options.appendBytesMax ?? mebi, 1);
  return {
    heartbeatTicks,
    electionTicks,
    retryTicks: Math.max(heartbeatTicks, Math.ceil(electionTicks / 4)),
    preVote: options.preVote ?? true,
    checkQuorum,
    leaseReads,
    leaseTicks: electionTicks - 2 - margin,
    appendBytesMax,
    inflightMax: integer('Appends under way', options.inflightMax ?? 256, 1),
    inflightBytesMax: integer('Bytes under way', options.inflightBytesMax ?? 16 * mebi, 1),
    uncommittedBytesMax: integer('Uncommitted bytes', options.uncommittedBytesMax ?? 256 * mebi, 1),
    tailBytesMax: integer('Tail bytes', options.tailBytesMax ?? 4 * mebi, 0),
    stepDownOnRemoval: options.stepDownOnRemoval ?? 'once-known',
    applyBeforeDurable: options.applyBeforeDurable ?? false,
    eagerAppend: options.eagerAppend ?? false,
    lazyCommits: options.lazyCommits ?? false,
    paceCatchUp: options.paceCatchUp ?? false,
    uncheckedMembershipChanges: options.uncheckedMembershipChanges ?? false,
    membershipChangeBeforeNoop: options.membershipChangeBeforeNoop ?? false,
  };
}

function integer(what: string, value: number, min: number): number {
  if (!Number.isSafeInteger(value) || value < min) {
    throw new RangeError(`${what} must be an integer of at least ${min}: received ${String(value)}`);
  }
  return value;
}
