import type { Driver } from './driver.ts';
import type { ReplicaStatus } from './replica.ts';

/** A driver's state, as a copy. @param closed whether the replica was disposed of */
export function replicaStatus(driver: Driver, closed: boolean): ReplicaStatus {
  const { options, raft, early, applier, health } = driver;
  const { id, group, journal } = options;
  const status = raft.status();
  const held = journal.recover(group);
  const ranges = early.ranges();
  const isUnknown = ranges.some(({ term }) => status.role !== 'leader' || term !== status.term);
  return {
    id,
    group,
    state: closed ? 'closed' : driver.over === undefined ? 'running' : 'failed',
    role: status.role,
    term: status.term,
    leader: status.leader,
    membership: applier.membership,
    committed: status.committed,
    applied: applier.index,
    durable: status.durable,
    last: status.last,
    first: held.first,
    snapshotIndex: held.snapshot?.index ?? (0 as ReplicaStatus['snapshotIndex']),
    members: status.progress,
    leaseHeld: status.leaseHeld,
    early: ranges,
    loss: isUnknown ? 'unknown' : 'none',
    storage: health.full ? 'full' : 'room',
    stalled: health.unfit,
    sessionCount: applier.sessions.count,
    pendingWrites: driver.writes.size,
    transfers: driver.snapshots.transfers.status(),
    droppedMessages: status.droppedMessages + driver.malformedMessages,
  };
}
