import type { RaftRole } from '@quorate/replication';
import type { ReplicaSeat } from './replica-seat.ts';

/** What the leader knows of one member. */
export interface FollowerReport {
  readonly id: string;
  readonly url: string | null;
  readonly state: 'probe' | 'replicate' | 'snapshot';
  /** Whether it was heard of lately. */
  readonly active: boolean;
  /** The last entry that is known to be durable there. */
  readonly match: number;
  /** Entries of the leader's log that are not known to be there. */
  readonly lag: number;
}

/** What `GET /v1/replica` tells. Log positions are indices of entries. */
export interface ReplicaReport {
  readonly id: string;
  readonly state: 'running' | 'failed' | 'closed';
  readonly role: RaftRole;
  readonly term: number;
  readonly leader: { readonly id: string; readonly url: string | null } | null;
  readonly voters: readonly string[];
  readonly log: {
    readonly first: number;
    readonly last: number;
    readonly durable: number;
    readonly committed: number;
    readonly applied: number;
    readonly snapshot: number;
  };
  /** What the journal keeps entries through. */
  readonly durability: 'memory' | 'os' | 'fsync';
  readonly keys: number;
  readonly sessions: number;
  /** In the leader's answer alone; elsewhere nobody knows. */
  readonly members: readonly FollowerReport[];
}

/** @throws Problem `NO_REPLICA` */
export function replicaReport(seat: ReplicaSeat): ReplicaReport {
  const status = seat.replica.status();
  const { id, state, role, term, leader, last } = status;
  const urlOf = (member: string): string | null => seat.member(member)?.url ?? null;
  return {
    id,
    state,
    role,
    term,
    leader: leader === undefined ? null : { id: leader, url: urlOf(leader) },
    voters: [...status.membership.voters],
    log: {
      first: status.first,
      last,
      durable: status.durable,
      committed: status.committed,
      applied: status.applied,
      snapshot: status.snapshotIndex,
    },
    durability: seat.durability,
    keys: seat.keyCount,
    sessions: status.sessionCount,
    members: status.members.map(member => ({
      id: member.id,
      url: urlOf(member.id),
      state: member.state,
      active: member.id === id || member.recentlyActive,
      match: member.match,
      lag: Math.max(0, last - member.match),
    })),
  };
}
