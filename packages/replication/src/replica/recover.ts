import type {
  GroupId,
  HardState,
  Journal,
  LogIndex,
  NodeId,
  RecoveredLog,
  StateMachine,
} from '@quorate/core';
import { entryKind } from '../raft/entry-kind.ts';
import { emptyMembership, type Membership, sortedIds } from '../raft/membership.ts';
import type { RestoredState } from '../raft/stored-log.ts';
import { emptySessions } from '../sessions/session-table.ts';
import { earlyLeader, payloadBodyAt, payloadTimeMs } from '../wire/entry-payload.ts';
import type { AppliedState } from './applied-state.ts';
import type { EarlyAcks } from './early-acks.ts';
import type { LeaderClock } from './leader-clock.ts';
import { stateAhead } from './replica-error.ts';
import { restoreSnapshot } from './restore-snapshot.ts';

/** What a replica starts from. */
export interface Recovered {
  readonly applied: AppliedState;
  readonly raft: RestoredState;
}

const readBytesMax = 0x10_0000;

/**
 * Brings journal, snapshot and state machine together after a start.
 *
 * Everything after the snapshot is applied again, as far as it is known to be committed: sessions and membership are made
 * from it, while the state machine is spared what it has stored itself.
 *
 * @param members the voters with which the group began
 */
export async function recover(
  journal: Journal,
  group: GroupId,
  machine: StateMachine,
  members: readonly NodeId[],
): Promise<Recovered> {
  checkHeld(journal.recover(group), machine.appliedIndex);
  const snapshot = await restoreSnapshot(journal, group, machine);
  const applied: AppliedState = snapshot ?? {
    index: 0 as LogIndex,
    machineApplied: machine.appliedIndex,
    membership: { ...emptyMembership, voters: sortedIds(members) },
    sessions: emptySessions,
  };
  const raft = restoredState(journal, group, applied.index, applied.membership, machine.appliedIndex);
  return { applied, raft };
}

/**
 * Refuses to go on from a journal that has lost what it held: its replica may have acknowledged what is not there, and voted.
 *
 * No crash leaves one like that. Writes become durable in order, and a commit index is in the write of the entries that it
 * counts on or in a later one (`LogWriter`); a state machine is given what is durable alone; what a log begins after, a
 * snapshot stands for. A journal that loses all of its end, commit index and state machine with it, cannot be told from one
 * that never had it.
 */
function checkHeld({ hardState, snapshot, first, last: lastEntry }: RecoveredLog, applied: LogIndex): void {
  const snapshotIndex = snapshot?.index ?? 0;
  const last = Math.max(lastEntry, snapshotIndex);
  const committed = hardState?.committed ?? 0;
  if (applied > last) throw stateAhead(`the state machine contains entry ${applied}`, `ends at ${last}`);
  if (committed > last) throw stateAhead(`entry ${committed} was committed here`, `ends at ${last}`);
  if (first <= snapshotIndex + 1) return;
  throw stateAhead(`there is no snapshot after entry ${snapshotIndex}`, `begins at ${first}`);
}

/**
 * What is durable, as the core begins with it.
 *
 * @param known an index that is known to be committed, however little the hard state says
 */
export function restoredState(
  journal: Journal,
  group: GroupId,
  applied: LogIndex,
  membership: Membership,
  known: LogIndex,
): RestoredState {
  const { hardState, snapshot, last: lastEntry } = journal.recover(group);
  const last = Math.max(lastEntry, snapshot?.index ?? 0) as LogIndex;
  const committed = Math.max(hardState?.committed ?? 0, known, applied) as LogIndex;
  const hasState = hardState !== undefined || last > 0;
  const term = Math.max(hardState?.term ?? 0, snapshot?.term ?? 0) as HardState['term'];
  const votedFor = term === hardState?.term ? hardState.votedFor : undefined;
  return {
    hardState: hasState ? { term, votedFor, committed } : undefined,
    last,
    applied,
    membership,
  };
}

/**
 * Looks through what is not known to be committed: for the leader's times, which a later leader must not fall behind, and for
 * what this replica may have acknowledged early.
 */
export async function readTail(
  journal: Journal,
  group: GroupId,
  self: NodeId,
  { hardState, last }: RestoredState,
  early: EarlyAcks,
  clock: LeaderClock,
): Promise<void> {
  const { first } = journal.recover(group);
  const end = (last + 1) as LogIndex;
  for (let from = Math.max((hardState?.committed ?? 0) + 1, first) as LogIndex; from < end; ) {
    const entries = await journal.read(group, from, end, { bytesMax: readBytesMax });
    for (const { index, term, kind, payload } of entries) {
      if (kind !== entryKind.command || payloadBodyAt(payload) === undefined) continue;
      clock.observe(payloadTimeMs(payload));
      if (earlyLeader(payload) === self) early.note(index, term, false);
    }
    from = (from + entries.length) as LogIndex;
  }
}
