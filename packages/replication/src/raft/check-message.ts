import type { LogEntry } from '@quorate/core';
import { entryKind } from './entry-kind.ts';
import { decodeMembershipChange } from './membership-codec.ts';
import type { AppendMessage, RaftMessage } from './raft-message.ts';
import type { RaftState } from './raft-state.ts';

/**
 * Why a message cannot be what a correct peer sends, whatever happened on the way; `undefined` when it can. Types are the
 * codec's business: this is about what the numbers say. O(entries).
 */
export function faultOf(state: RaftState, message: RaftMessage): string | undefined {
  if (message.to !== state.id) return 'A message for another replica';
  if (message.from === state.id) return 'A message from this replica itself';
  if (!isCount(message.term) || message.term === 0) return 'A term that is none';
  switch (message.type) {
    case 'append':
      return faultOfAppend(message);
    case 'append-reply':
      return areCounts(message.index, message.hint, message.hintTerm) ? undefined : 'An index that is none';
    case 'heartbeat':
      return areCounts(message.commit, message.round) ? undefined : 'An index that is none';
    case 'vote':
    case 'pre-vote':
      if (!areCounts(message.index, message.logTerm)) return 'An index that is none';
      return message.logTerm <= message.term ? undefined : 'A candidate whose log is ahead of its term';
    case 'snapshot':
      if (!areCounts(message.snapshot.index, message.snapshot.term)) return 'An index that is none';
      if (message.snapshot.index === 0) return 'A snapshot of nothing';
      return message.snapshot.term <= message.term ? undefined : 'A snapshot from a later term';
    case 'read-index-reply':
      return areCounts(message.index, message.request) ? undefined : 'An index that is none';
    case 'heartbeat-reply':
      return isCount(message.round) ? undefined : 'A round that is none';
    case 'read-index':
      return isCount(message.request) ? undefined : 'A request that is none';
    case 'vote-reply':
    case 'pre-vote-reply':
      return areCounts(message.commit, message.commitTerm) ? undefined : 'An index that is none';
    case 'timeout-now':
      return undefined;
    default:
      return 'A message of an unknown type';
  }
}

function faultOfAppend(message: AppendMessage): string | undefined {
  if (!areCounts(message.index, message.logTerm, message.commit)) return 'An index that is none';
  if (message.logTerm > message.term) return 'An entry from a later term';
  const entries: readonly LogEntry[] = message.entries;
  let term = Math.max(1, message.logTerm);
  for (let at = 0; at < entries.length; at++) {
    const entry = entries[at];
    if (entry === undefined || entry.index !== message.index + 1 + at) return 'Entries with a gap';
    if (!isCount(entry.term)) return 'A term that is none';
    if (entry.term < term || entry.term > message.term) return 'Entries whose terms go back';
    if (entry.kind === entryKind.membership && decodeMembershipChange(entry.payload) === undefined) {
      return 'A change of membership that cannot be read';
    }
    term = entry.term;
  }
  return undefined;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function areCounts(a: number, b: number, c = 0): boolean {
  return isCount(a) && isCount(b) && isCount(c);
}
