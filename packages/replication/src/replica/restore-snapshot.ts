import type { GroupId, Journal, LogIndex, StateMachine } from '@quorate/core';
import { decodeMembership } from '../raft/membership-codec.ts';
import { ChunkReader } from '../sessions/chunk-reader.ts';
import { decodeSessions } from '../sessions/session-snapshot.ts';
import type { AppliedState } from './applied-state.ts';
import { machineFailed, snapshotUnreadable } from './replica-error.ts';

/**
 * Reads the newest snapshot of the journal: the sessions and the membership always, and the state into the machine unless it
 * has more by itself.
 *
 * @returns undefined where there is no snapshot
 * @throws QuorateError `SNAPSHOT_UNREADABLE`, `MACHINE_FAILED`, or what the journal throws
 */
export async function restoreSnapshot(
  journal: Journal,
  group: GroupId,
  machine: StateMachine,
): Promise<AppliedState | undefined> {
  const snapshot = journal.openSnapshot(group);
  if (snapshot === undefined) return undefined;
  const { index, membership: encoded } = snapshot.metadata;
  const membership = decodeMembership(encoded);
  const reader = new ChunkReader(snapshot.chunks);
  try {
    const sessions = await decodeSessions(reader);
    if (membership === undefined || sessions === undefined) throw snapshotUnreadable(index);
    if (machine.appliedIndex < index) await restoreMachine(machine, index, reader);
    return { index, machineApplied: Math.max(index, machine.appliedIndex) as LogIndex, membership, sessions };
  } finally {
    await reader.close();
  }
}

async function restoreMachine(machine: StateMachine, index: LogIndex, reader: ChunkReader): Promise<void> {
  try {
    await machine.restore(index, reader.rest());
  } catch (error) {
    throw machineFailed('restore a snapshot', error);
  }
}
