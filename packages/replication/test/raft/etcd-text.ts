import type { HardState, LogEntry, NodeId, SnapshotMetadata } from '@quorate/core';
import { entryKind } from '../../src/raft/entry-kind.ts';
import { decodeMembership, decodeMembershipChange } from '../../src/raft/membership-codec.ts';
import type { MemberChange, Membership } from '../../src/raft/membership.ts';
import type { RaftMessage } from '../../src/raft/raft-message.ts';
import type { ProgressStatus, RaftRole } from '../../src/raft/raft-status.ts';

/**
 * Our messages and states in the words of etcd's transcripts, and their transcripts without what is not compared.
 *
 * @module
 */

/** In a change's context: it was proposed in etcd's first format. Only the transcripts know of formats. */
export const firstFormat: Uint8Array = Uint8Array.of(1);

const typeNames: Record<RaftMessage['type'], string> = {
  append: 'MsgApp',
  'append-reply': 'MsgAppResp',
  heartbeat: 'MsgHeartbeat',
  'heartbeat-reply': 'MsgHeartbeatResp',
  vote: 'MsgVote',
  'vote-reply': 'MsgVoteResp',
  'pre-vote': 'MsgPreVote',
  'pre-vote-reply': 'MsgPreVoteResp',
  snapshot: 'MsgSnap',
  'timeout-now': 'MsgTimeoutNow',
  'read-index': 'MsgReadIndex',
  'read-index-reply': 'MsgReadIndexResp',
};

const roleNames: Record<RaftRole, string> = {
  follower: 'StateFollower',
  'pre-candidate': 'StatePreCandidate',
  candidate: 'StateCandidate',
  leader: 'StateLeader',
};

export function messageType(message: RaftMessage): string {
  return typeNames[message.type];
}

export function roleText(role: RaftRole): string {
  return roleNames[role];
}

export function messageText(message: RaftMessage): string {
  const head = `${message.from}->${message.to} ${typeNames[message.type]} Term:${message.term}`;
  switch (message.type) {
    case 'append': {
      const entries =
        message.entries.length === 0 ? '' : ` Entries:[${message.entries.map(entryText).join(', ')}]`;
      return `${head} Log:${message.logTerm}/${message.index}${commitText(message.commit)}${entries}`;
    }
    case 'append-reply':
      if (!message.rejected) return `${head} Log:0/${message.index}`;
      return `${head} Log:${message.hintTerm}/${message.index} Rejected (Hint: ${message.hint})`;
    case 'heartbeat':
      return `${head} Log:0/0${commitText(message.commit)}`;
    case 'vote':
    case 'pre-vote':
      return `${head} Log:${message.logTerm}/${message.index}`;
    case 'vote-reply':
    case 'pre-vote-reply':
      return `${head} Log:0/0${message.rejected ? ' Rejected (Hint: 0)' : ''}`;
    case 'snapshot':
      return `${head} Log:0/0\n  Snapshot: ${snapshotText(message.snapshot)}`;
    case 'heartbeat-reply':
    case 'timeout-now':
      return `${head} Log:0/0`;
    case 'read-index':
    case 'read-index-reply':
      break;
  }
  return head;
}

export function entryText(entry: LogEntry): string {
  const place = `${entry.term}/${entry.index}`;
  if (entry.kind !== entryKind.membership)
    return `${place} EntryNormal "${new TextDecoder().decode(entry.payload)}"`;
  const change = decodeMembershipChange(entry.payload);
  if (change === undefined) throw new Error('An entry whose change cannot be read');
  const format = change.context?.[0] === 1 ? 'EntryConfChange' : 'EntryConfChangeV2';
  return [place, format, ...change.changes.map(({ change: what, node }) => `${what.charAt(0)}${node}`)].join(
    ' ',
  );
}

export function hardStateText(state: HardState): string {
  const vote = state.votedFor === undefined ? '' : ` Vote:${state.votedFor}`;
  return `HardState Term:${state.term}${vote} Commit:${state.committed}`;
}

export function snapshotText(snapshot: SnapshotMetadata): string {
  const membership = decodeMembership(snapshot.membership);
  if (membership === undefined) throw new Error('A snapshot whose membership cannot be read');
  const { voters, votersOutgoing, learners, learnersNext, autoLeave } = membership;
  const list = (ids: readonly NodeId[]) => `[${ids.join(' ')}]`;
  return (
    `Index:${snapshot.index} Term:${snapshot.term} ConfState:Voters:${list(voters)} ` +
    `VotersOutgoing:${list(votersOutgoing)} Learners:${list(learners)} LearnersNext:${list(learnersNext)} ` +
    `AutoLeave:${autoLeave}`
  );
}

export function membershipText(membership: Membership): string {
  const list = (ids: readonly NodeId[]) => `(${[...ids].sort((a, b) => Number(a) - Number(b)).join(' ')})`;
  const outgoing = membership.votersOutgoing.length > 0 ? `&&${list(membership.votersOutgoing)}` : '';
  const learners = membership.learners.length > 0 ? ` learners=${list(membership.learners)}` : '';
  const next = membership.learnersNext.length > 0 ? ` learners_next=${list(membership.learnersNext)}` : '';
  return `voters=${list(membership.voters)}${outgoing}${learners}${next}${membership.autoLeave ? ' autoleave' : ''}`;
}

export function progressText(progress: ProgressStatus): string {
  const states = { probe: 'StateProbe', replicate: 'StateReplicate', snapshot: 'StateSnapshot' };
  const flags = [
    `${progress.id}: ${states[progress.state]} match=${progress.match} next=${progress.next}`,
    progress.learner ? 'learner' : '',
    progress.paused ? 'paused' : '',
    progress.pendingSnapshot > 0 ? `pendingSnap=${progress.pendingSnapshot}` : '',
    progress.recentlyActive ? '' : 'inactive',
    progress.inflight > 0 ? `inflight=${progress.inflight}${progress.inflightFull ? '[full]' : ''}` : '',
  ];
  return flags.filter(Boolean).join(' ');
}

/** `v2 l3 r4` as changes. `u5` and node 0 change nothing and are left out. */
export function changesOf(text: string): readonly MemberChange[] {
  const kinds = { v: 'voter', l: 'learner', r: 'remove' } as const;
  return text
    .split(/\s+/)
    .filter(word => /^[vlr]/.test(word) && word !== 'v0' && word !== 'l0' && word !== 'r0')
    .map(word => ({ change: kinds[word.charAt(0) as keyof typeof kinds], node: word.slice(1) as NodeId }));
}

const uncompared: readonly RegExp[] = [
  /^(INFO|DEBUG|WARN|ERROR) /,
  /^raft( proposal dropped|: )/,
  /^(ok|\]|no messages|<empty Ready>|Processing:|Responses:)$/,
  // A Ready that needs no sync is told by the absence of one that does.
  /^Ready MustSync=false:$/,
  /(Append|Apply)Thread/,
  /^(\d+)->\1 /,
];

/**
 * What of a transcript is compared: no prose of the log, no messages of a replica to itself or to its disk, and no heading
 * without something below it. Entries on lines of their own are joined.
 */
export function comparable(text: string): string {
  const joined = text.replace(/Entries:\[\n([^\]]*)\]/g, (_whole, entries: string) => {
    const list = entries.split('\n').map(line => line.trim());
    return `Entries:[${list.filter(Boolean).join(', ')}]`;
  });
  const lines = joined
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !uncompared.some(pattern => pattern.test(line)));
  const kept: string[] = [];
  for (const line of lines) {
    const before = kept.at(-1);
    if (isHeading(line) && before !== undefined && isHeading(before)) kept.pop();
    kept.push(line);
  }
  if (kept.length > 0 && isHeading(kept.at(-1) ?? '')) kept.pop();
  return kept.join('\n');
}

function isHeading(line: string): boolean {
  return line.startsWith('> ') || line === 'Messages:';
}

/** etcd leaves a commit index of 0 out. */
function commitText(commit: number): string {
  return commit === 0 ? '' : ` Commit:${commit}`;
}
