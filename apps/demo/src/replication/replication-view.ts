import type { ReplicaReport } from '@quorate/node';
import type { HistoryVerdict } from './judge.ts';
import { majorityOf, missingMajority } from './majority-watch.ts';
import { isLeader } from './replica-group.ts';
import type { Replication } from './replication.ts';

/** One replica as the page shows it. */
export interface ReplicaCard {
  readonly id: string;
  /** `down`: its process is gone. `silent`: that runs, and does not answer. `failed`: the replica in it does not run. */
  readonly role: ReplicaReport['role'] | 'down' | 'silent' | 'failed';
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
  /** Why nothing can be written, in a sentence; null where a majority runs. */
  readonly missing: string | null;
  readonly acknowledged: number;
  readonly gap: { readonly gapMs: number; readonly term: number } | null;
  readonly verdict: HistoryVerdict | null;
}

/** Asks all replicas how they are. */
export async function viewOf(replication: Replication, withinMs: number): Promise<ReplicationView> {
  const { group, lastGap, lastVerdict } = replication;
  const answers = await group.reports(withinMs);
  const reports = new Map(answers.map(report => [report.id, report]));
  const term = Math.max(0, ...[...reports.values()].map(report => report.term));
  const leader = [...reports.values()].find(report => isLeader(report) && report.term === term);
  return {
    term,
    leader: leader?.id ?? null,
    replicas: group.ids.map(id => {
      const report = reports.get(id);
      if (report !== undefined) return cardOf(report, leader);
      return absent(id, group.isRunning(id) ? 'silent' : 'down', leader, group.lastKnown(id));
    }),
    majority: majorityOf(group.ids.length),
    missing: missingMajority(group.ids, answers) ?? null,
    acknowledged: replication.acknowledged,
    gap: lastGap === undefined ? null : { gapMs: lastGap.gapMs, term: lastGap.term },
    verdict: lastVerdict ?? null,
  };
}

/** Of a replica that does not answer, how far its log was when it was last heard of. */
function absent(
  id: string,
  role: 'down' | 'silent',
  leader: ReplicaReport | undefined,
  last: number,
): ReplicaCard {
  const lag = leader === undefined ? null : Math.max(0, leader.log.last - last);
  return { id, role, term: 0, first: 0, last, committed: 0, applied: 0, snapshot: 0, keys: 0, lag };
}

function cardOf(report: ReplicaReport, leader: ReplicaReport | undefined): ReplicaCard {
  const { id, term, keys, log } = report;
  const lag = leader?.members.find(member => member.id === id)?.lag ?? null;
  const role = report.state === 'running' ? report.role : 'failed';
  const { first, last, committed, applied, snapshot } = log;
  return { id, role, term, first, last, committed, applied, snapshot, keys, lag };
}
