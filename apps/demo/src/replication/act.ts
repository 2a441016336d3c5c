import type { Demo } from '../demo.ts';
import type { Check } from '../tour.ts';
import type { HistoryVerdict } from './judge.ts';
import { isComplete, type ReadBackReport } from './read-back.ts';
import { electionTimeoutMs } from './replica-group.ts';
import type { FailoverReport, TransferReport } from './replication.ts';
import type { CatchUpReport } from './revival.ts';
import { callerCount } from './stream.ts';

/** What the second act came to. */
export interface ReplicationReport {
  readonly replicas: readonly string[];
  /** What the journals keep a write through: `fsync`, or `os` where nodes may not sync. */
  readonly durability: 'memory' | 'os' | 'fsync';
  readonly electionTimeoutMs: number;
  readonly clients: number;
  readonly durationMs: number;
  readonly writesAcknowledged: number;
  readonly reads: number;
  /** Requests that were sent again, because they were refused or their outcome was unknown. */
  readonly retried: number;
  readonly failover: FailoverReport;
  readonly catchUp: CatchUpReport;
  readonly transfer: TransferReport;
  /** Once more, when everything is still. */
  readonly readBack: ReadBackReport;
  readonly history: HistoryVerdict;
}

const operationsPerSecond = 400;
const beforeKillMs = 1000;
const pauseMs = 500;

/**
 * The second act: the living nodes host a replication group, topped up to as many as it needs. Under a stream of writes and
 * reads its leader is killed, started again on its journal, and leadership is handed over; then all that was acknowledged is
 * read back, and what clients saw is judged.
 */
export async function runReplication(demo: Demo, nodeCount: number): Promise<ReplicationReport> {
  const startMs = performance.now();
  const replication = await demo.replicate(nodeCount);
  await replication.startStream(demo.keys.keys, operationsPerSecond);
  await demo.pause(beforeKillMs);
  const failover = await replication.killLeader();
  await demo.pause(pauseMs);
  const catchUp = await replication.startAgain(failover.killed);
  await demo.pause(pauseMs);
  const transfer = await replication.transfer();
  await demo.pause(pauseMs);
  await replication.stopStream();
  const { history } = replication;
  const writesAcknowledged = history.acknowledged.length;
  const readBack = await replication.readBack('when all is still');
  const verdict = await replication.judge();
  const { durability } = await replication.group.leader();
  return {
    replicas: replication.group.ids,
    durability,
    electionTimeoutMs,
    clients: callerCount,
    durationMs: Math.round(performance.now() - startMs),
    writesAcknowledged,
    reads: history.operations.filter(
      ({ input, returnedAt }) => input.type === 'get' && returnedAt !== undefined,
    ).length,
    retried: replication.retried,
    failover,
    catchUp,
    transfer,
    readBack,
    history: verdict,
  };
}

/** What the second act promised, and whether it was kept. */
export function replicationChecks({
  failover,
  catchUp,
  transfer,
  readBack,
  history,
}: ReplicationReport): Check[] {
  const { killed, leader, gapMs } = failover;
  return [
    {
      name: `kill ${killed}, the leader: no acknowledged write lost`,
      ok: isComplete(failover.readBack) && failover.readBack.keys > 0,
      detail: `${readBackText(failover.readBack)}; ${leader} went on after ${gapMs} ms`,
    },
    {
      name: `${catchUp.node} came back on its journal and caught up`,
      ok: catchUp.heldEntries >= Math.max(1, catchUp.durableEntries) && catchUp.missedEntries > 0,
      detail: `${catchUp.heldEntries} entries held, of ${catchUp.durableEntries} known to be on its disk; ${catchUp.missedEntries} more in ${catchUp.catchUpMs} ms, after ${catchUp.startMs} ms to start`,
    },
    {
      name: `${transfer.from} handed leadership over`,
      ok: transfer.to !== transfer.from,
      detail: `${transfer.to} went on after ${transfer.gapMs} ms`,
    },
    {
      name: 'replication, all still: no acknowledged write lost',
      ok: isComplete(readBack) && readBack.keys > 0,
      detail: readBackText(readBack),
    },
    {
      name: 'replication: what clients saw is linearizable',
      ok: history.verdict === 'ok',
      detail: `${history.verdict}: ${history.operations} operations on ${history.keys} keys, ${history.open} open${history.detail === null ? '' : `; ${history.detail}`}`,
    },
  ];
}

function readBackText({ acknowledged, keys, right, lost, wrong, unreadable }: ReadBackReport): string {
  return `${acknowledged} writes acknowledged; ${keys} keys read: ${right} right, ${lost} lost, ${wrong} wrong, ${unreadable} unreadable`;
}
