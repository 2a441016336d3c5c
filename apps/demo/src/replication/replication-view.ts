import type { ReplicaReport } from '@quorate/node';
import type { HistoryVerdict } from './judge.ts';
import { isLeader } from './replica-group.ts';
import type { Replication } from './replication.ts';

/** One replica as the page shows it. */
export interface ReplicaCard {
  readonly id: string;
  /** `down`: its process is gone, or it does not answer. `failed`: its process runs, and the replica in it does not. */
  readonly role: ReplicaReport['role'] | 'down' | 'failed';
  readonly term: number;
  readonly first: number;
  readonly last: number;
  readonly committed: number;
  readonly applied: number;
  readonly snapshot: number;
  readonly keys: number;
  /** Entries that the leader has and does not know to be here; null while nobody leads. */
  readonly lag: number | null;
}

/** The group as the page shows it. */
export interface ReplicationView {
  readonly term: number;
  readonly leader: string | null;
  readonly replicas: readonly ReplicaCard[];
  /** How many replicas a write needs. */
  readonly majority: number;
  readonly acknowledged: number;
  readonly gap: { readonly gapMs: number; readonly term: number } | null;
  readonly verdict: HistoryVerdict | null;
}

/** Asks all replicas how they are. */
export async function viewOf(replication: Replication): Promise<ReplicationView> {
  const { group, lastGap, lastVerdict } = replication;
  const reports = new Map((await group.reports()).map(report => [report.id, report]));
  const term = Math.max(0, ...[...reports.values()].map(report => report.term));
  const leader = [...reports.values()].find(report => isLeader(report) && report.term === term);
  return {
    term,
    leader: leader?.id ?? null,
    replicas: group.ids.map(id => cardOf(id, reports.get(id), leader, group.lastKnown(id))),
    majority: Math.floor(group.ids.length / 2) + 1,
    acknowledged: replication.acknowledged,
    gap: lastGap === undefined ? null : { gapMs: lastGap.gapMs, term: lastGap.term },
    verdict: lastVerdict ?? null,
  };
}

/** Of a replica that is down, how far its log was when it was last heard of. */
function cardOf(
  id: string,
  report: ReplicaReport | undefined,
  leader: ReplicaReport | undefined,
  lastKnown: number,
): ReplicaCard {
  if (report === undefined) {
    const last = lastKnown;
    const lag = leader === undefined ? null : Math.max(0, leader.log.last - last);
    return { id, role: 'down', term: 0, first: 0, last, committed: 0, applied: 0, snapshot: 0, keys: 0, lag };
  }
  const lag = leader?.members.find(member => member.id === id)?.lag ?? null;
  const { term, keys, log } = report;
  const role = report.state === 'running' ? report.role : 'failed';
  const { first, last, committed, applied, snapshot } = log;
  return { id, role, term, first, last, committed, applied, snapshot, keys, lag };
}
