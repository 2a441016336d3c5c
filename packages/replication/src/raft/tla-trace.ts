import type { RaftMessage } from './raft-message.ts';
import type { RaftRole } from './raft-status.ts';
import type { TraceEvent } from './trace-event.ts';

const roles: Record<RaftRole, string> = {
  follower: 'StateFollower',
  'pre-candidate': 'StatePreCandidate',
  candidate: 'StateCandidate',
  leader: 'StateLeader',
};

/** etcd's name of a message, and of the step that it is part of: sent or received. Others are not in the specification. */
const messages: Partial<Record<RaftMessage['type'], readonly [type: string, step: string]>> = {
  append: ['MsgApp', 'AppendEntriesRequest'],
  heartbeat: ['MsgHeartbeat', 'AppendEntriesRequest'],
  snapshot: ['MsgSnap', 'AppendEntriesRequest'],
  'append-reply': ['MsgAppResp', 'AppendEntriesResponse'],
  'heartbeat-reply': ['MsgHeartbeatResp', 'AppendEntriesResponse'],
  vote: ['MsgVote', 'RequestVoteRequest'],
  'vote-reply': ['MsgVoteResp', 'RequestVoteResponse'],
};

const actions = { voter: 'AddNewServer', learner: 'AddLearner', remove: 'RemoveServer' } as const;

/**
 * A step as a line for the trace checker of etcd's TLA+ specification (etcd-io/raft, `tla/Traceetcdraft.tla`, and
 * `state_trace.go`, which defines the fields): JSON without a line end. `undefined` for a step that it does not know.
 *
 * Lines of several replicas form one trace in the order in which the steps happened; the checker wants every message
 * received after it was sent. To check one: `JSON=trace.ndjson java -cp … tlc2.TLC -config Traceetcdraft.cfg -lncheck final
 * Traceetcdraft.tla`, as etcd's `tla/validate.sh` does. It accepts those of three cores with writes, failovers and a removal,
 * and refuses one in which an acknowledged index was changed.
 */
export function tlaTraceLine(event: TraceEvent): string | undefined {
  const name = nameOf(event);
  if (name === undefined) return undefined;
  const { membership } = event;
  return JSON.stringify({
    tag: 'trace',
    event: {
      name,
      nid: event.node,
      state: { term: event.term, vote: event.votedFor ?? '0', commit: event.committed },
      role: roles[event.role],
      log: event.last,
      conf: [membership.voters, membership.votersOutgoing],
      ...(event.message === undefined ? {} : { msg: messageFields(event.message) }),
      ...propertiesOf(event),
    },
  });
}

function nameOf({ step, message }: TraceEvent): string | undefined {
  if (message === undefined) return step;
  const known = messages[message.type];
  return known === undefined ? undefined : `${step}${known[1]}`;
}

function messageFields(message: RaftMessage): Record<string, unknown> {
  const fields = {
    type: messages[message.type]?.[0],
    term: message.term,
    from: message.from,
    to: message.to,
    entries: 0,
    logTerm: 0,
    index: 0,
    commit: 0,
    vote: '0',
    reject: false,
    rejectHint: 0,
  };
  switch (message.type) {
    case 'append':
      return {
        ...fields,
        entries: message.entries.length,
        logTerm: message.logTerm,
        index: message.index,
        commit: message.commit,
      };
    case 'append-reply':
      return {
        ...fields,
        logTerm: message.hintTerm,
        index: message.index,
        reject: message.rejected,
        rejectHint: message.hint,
      };
    case 'heartbeat':
      return { ...fields, commit: message.commit };
    case 'snapshot':
      // To the specification a snapshot is an append of everything up to its index.
      return { ...fields, entries: message.snapshot.index };
    case 'vote':
      return { ...fields, logTerm: message.logTerm, index: message.index };
    case 'vote-reply':
      return { ...fields, reject: message.rejected };
    case 'heartbeat-reply':
    case 'pre-vote':
    case 'pre-vote-reply':
    case 'timeout-now':
    case 'read-index':
    case 'read-index-reply':
      break;
  }
  return fields;
}

function propertiesOf(event: TraceEvent): { readonly prop?: Record<string, unknown> } {
  if (event.step === 'ChangeConf') {
    const changes = event.change?.changes.map(({ change, node }) => ({ nid: node, action: actions[change] }));
    return { prop: { cc: { changes } } };
  }
  if (event.step === 'ApplyConfChange') return { prop: { cc: { newconf: event.membership.voters } } };
  if (event.step === 'Send' && event.message?.type === 'append') {
    return { prop: { match: event.match, next: event.next } };
  }
  return {};
}
