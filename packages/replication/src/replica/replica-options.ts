import {
  type Clock,
  type GroupId,
  groupId,
  type Journal,
  type NodeId,
  nodeId,
  type Random,
  type StateMachine,
  systemClock,
  systemRandom,
  type Transport,
} from '@quorate/core';
import type { TraceEvent } from '../raft/trace-event.ts';
import { appendHeadBytes, entryHeadBytes, pieceHeadBytes } from '../wire/wire-format.ts';
import { checkOnce, idsOf } from './check-call.ts';

/** What a replica is made of, and how it behaves. All members of a group should be given the same times. */
export interface ReplicaOptions {
  /** The name of this member, for ever: one that lost its journal comes back under another. Must be that of `transport`. */
  readonly id: NodeId;
  /** Tells this group from others on the same transport and journal. Default 0. */
  readonly group?: GroupId | undefined;
  /**
   * The voters with which the group began, the same list on every member for ever, whatever changed since. Who joins later
   * is given it, too: it learns from the log or from a snapshot who takes part.
   */
  readonly members: readonly NodeId[];
  /** Not started yet; it is started here and stays the caller's to dispose of. For many groups: `shareTransport`. */
  readonly transport: Transport;
  /** Stays the caller's to dispose of, after the replica. */
  readonly journal: Journal;
  /** Stays the caller's to dispose of, after the replica. */
  readonly machine: StateMachine;
  /** Default: the platform's. */
  readonly clock?: Clock | undefined;
  /** Draws the election timeouts. Default: the platform's. */
  readonly random?: Random | undefined;
  /**
   * How long a follower goes without its leader before it campaigns: from this up to twice as long, or up to a quarter longer
   * where the connection to it broke, which tells of a process that ended. Default 1,000.
   */
  readonly electionTimeoutMs?: number | undefined;
  /** Default: a tenth of the election timeout. */
  readonly heartbeatMs?: number | undefined;
  /** Asks whether an election could be won before it disturbs anybody. Default `true`. */
  readonly preVote?: boolean | undefined;
  /** A leader that hears from no majority steps down. Default `true`. */
  readonly checkQuorum?: boolean | undefined;
  /** Whether `lease` reads are served. All members alike. Default: as `checkQuorum`. */
  readonly leases?: boolean | undefined;
  /**
   * By how much a lease ends early, for clocks that run at different rates; at most the election timeout, which leaves none.
   * Default: a tenth of it.
   */
  readonly leaseMarginMs?: number | undefined;
  /** A snapshot is taken when the log behind the last one takes so much, or as much as that one. Default 64 MiB. */
  readonly snapshotBytes?: number | undefined;
  /** The same by number. Default 1,000,000. */
  readonly snapshotEntries?: number | undefined;
  /** How much of the log before a snapshot is kept for whoever is a little behind. Default 16 MiB. */
  readonly trailingBytes?: number | undefined;
  /** How much of it a leader keeps for followers that are catching up. Default 256 MiB. */
  readonly catchUpBytes?: number | undefined;
  /** How much of the log's end stays in memory for followers that are a little behind. Default 4 MiB. */
  readonly tailBytes?: number | undefined;
  /** How much of a snapshot is under way to a follower. Default 1 MiB. */
  readonly transferWindowBytes?: number | undefined;
  /** How long sessions live that do not say. Default 5 minutes. */
  readonly sessionTtlMs?: number | undefined;
  /** How many sessions a leader lets be open. Default 100,000. */
  readonly sessionsMax?: number | undefined;
  /** How many bytes of commands may wait to be committed, and to be applied. Default 64 MiB. */
  readonly pendingBytesMax?: number | undefined;
  /**
   * Is told of every step of the core, for checking against a specification: `tlaTraceLine` of `@quorate/replication/raft`
   * writes one for etcd's. What it throws ends the replica.
   */
  readonly trace?: ((event: TraceEvent) => void) | undefined;
}

/** {@link ReplicaOptions} with everything in place. */
export interface ResolvedOptions {
  readonly id: NodeId;
  readonly group: GroupId;
  readonly members: readonly NodeId[];
  readonly transport: Transport;
  readonly journal: Journal;
  readonly machine: StateMachine;
  readonly clock: Clock;
  readonly random: Random;
  readonly electionTimeoutMs: number;
  readonly tickMs: number;
  readonly heartbeatTicks: number;
  readonly electionTicks: number;
  readonly leaseMarginTicks: number;
  readonly preVote: boolean;
  readonly checkQuorum: boolean;
  readonly leases: boolean;
  readonly snapshotBytes: number;
  readonly snapshotEntries: number;
  readonly trailingBytes: number;
  readonly catchUpBytes: number;
  readonly tailBytes: number;
  readonly transferWindowBytes: number;
  readonly sessionTtlMs: number;
  readonly sessionsMax: number;
  readonly pendingBytesMax: number;
  /** The longest payload of an entry. */
  readonly payloadMaxBytes: number;
  /** The most payload bytes in one append. */
  readonly appendBytesMax: number;
  /** The most bytes of a snapshot in one message. */
  readonly pieceBytes: number;
  readonly trace: ((event: TraceEvent) => void) | undefined;
}

const mebi = 0x10_0000;
const dayMs = 86_400_000;
/** Ticks per heartbeat: lets election timeouts of different replicas differ by less than a heartbeat. */
const heartbeatTicks = 2;

/** @throws TypeError, RangeError for what cannot be */
export function resolveOptions(options: ReplicaOptions): ResolvedOptions {
  const { transport, journal, machine } = options;
  const id = nodeId(options.id);
  checkSeam('Transport', transport, 'start');
  checkSeam('Journal', journal, 'recover');
  checkSeam('Machine', machine, 'apply');
  if (transport.self !== id) {
    throw new RangeError(`Transport must be that of "${id}": received that of "${transport.self}"`);
  }
  const members = idsOf('Members', options.members);
  if (members.length === 0) throw new RangeError('Members must be at least one: received none');
  checkOnce('Members', members);
  const electionTimeoutMs = within('Election timeout in ms', options.electionTimeoutMs ?? 1000, 10, dayMs);
  const heartbeatMs = within(
    'Heartbeat in ms',
    options.heartbeatMs ?? electionTimeoutMs / 10,
    1,
    electionTimeoutMs / 3,
  );
  const tickMs = heartbeatMs / heartbeatTicks;
  const electionTicks = Math.max(heartbeatTicks * 3, Math.round(electionTimeoutMs / tickMs));
  const marginMs = within(
    'Lease margin in ms',
    options.leaseMarginMs ?? electionTimeoutMs / 10,
    0,
    electionTimeoutMs,
  );
  const checkQuorum = options.checkQuorum ?? true;
  const leases = options.leases ?? checkQuorum;
  const messageMaxBytes = transport.capabilities.messageMaxBytes;
  return {
    id,
    group: groupId(options.group ?? 0),
    members,
    transport,
    journal,
    machine,
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    electionTimeoutMs,
    tickMs,
    heartbeatTicks,
    electionTicks,
    leaseMarginTicks: Math.ceil(marginMs / tickMs),
    preVote: options.preVote ?? true,
    checkQuorum,
    leases,
    snapshotBytes: size('Snapshot threshold in bytes', options.snapshotBytes ?? 64 * mebi, 1024),
    snapshotEntries: size('Snapshot threshold in entries', options.snapshotEntries ?? 1_000_000, 1),
    trailingBytes: size('Trailing log in bytes', options.trailingBytes ?? 16 * mebi, 0),
    catchUpBytes: size('Log kept for catching up in bytes', options.catchUpBytes ?? 256 * mebi, 0),
    tailBytes: size('Tail in memory in bytes', options.tailBytes ?? 4 * mebi, 0),
    transferWindowBytes: size('Transfer window in bytes', options.transferWindowBytes ?? mebi, 1024),
    sessionTtlMs: checkSessionTtl(options.sessionTtlMs ?? 300_000),
    sessionsMax: size('Sessions', options.sessionsMax ?? 100_000, 0),
    pendingBytesMax: size('Pending bytes', options.pendingBytesMax ?? 64 * mebi, 1024),
    payloadMaxBytes: Math.min(
      journal.capabilities.recordMaxBytes,
      messageMaxBytes - appendHeadBytes - entryHeadBytes,
    ),
    appendBytesMax: Math.max(1, Math.min(mebi, Math.floor(messageMaxBytes / 2))),
    pieceBytes: Math.max(1, Math.min(0x1_0000, messageMaxBytes - pieceHeadBytes)),
    trace: options.trace,
  };
}

/** @throws RangeError for what no session may live */
export function checkSessionTtl(ttlMs: number): number {
  return within('Time to live of a session in ms', ttlMs, 1000, 30 * dayMs);
}

/** @throws TypeError for what is none of the kind, before it fails in the middle of something */
function checkSeam<Seam>(what: string, seam: Seam, method: keyof Seam & string): void {
  if (typeof seam?.[method] === 'function') return;
  throw new TypeError(`${what} must have a method "${method}": received ${String(seam)}`);
}

function within(what: string, value: number, least: number, most: number): number {
  if (Number.isFinite(value) && value >= least && value <= most) return value;
  throw new RangeError(`${what} must be a number from ${least} to ${most}: received ${String(value)}`);
}

function size(what: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new RangeError(`${what} must be an integer of at least ${least}: received ${String(value)}`);
}
