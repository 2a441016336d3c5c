import { expect, test } from 'vitest';
import { emptyMembership } from '../../src/raft/membership.ts';
import type { RaftMessage } from '../../src/raft/raft-message.ts';
import type { TraceEvent } from '../../src/raft/trace-event.ts';
import { tlaTraceLine } from '../../src/raft/tla-trace.ts';
import { ids, SmallCluster } from './small-cluster.ts';

interface Line {
  readonly tag: string;
  readonly event: {
    readonly name: string;
    readonly nid: string;
    readonly role: string;
    readonly log: number;
    readonly state: { readonly term: number; readonly vote: string; readonly commit: number };
    readonly conf: readonly [readonly string[], readonly string[]];
    readonly msg?: {
      readonly type: string;
      readonly from: string;
      readonly to: string;
      readonly term: number;
    };
    readonly prop?: {
      readonly cc?: { readonly newconf?: readonly string[]; readonly changes?: readonly unknown[] };
    };
  };
}

/** Runs a cluster and returns its trace. */
function traced(run: (cluster: SmallCluster) => void): Line[] {
  const events: TraceEvent[] = [];
  const cluster = SmallCluster.of('abc', { trace: event => events.push(event) });
  run(cluster);
  const lines = events.map(tlaTraceLine).filter(line => line !== undefined);
  return lines.map(line => JSON.parse(line) as Line);
}

test('the trace of an election and a write names every step as the specification does', () => {
  const lines = traced(cluster => {
    cluster.elect('a');
    cluster.at('a').propose(1);
    cluster.settle();
  });
  expect(lines.slice(0, 2).map(({ event }) => event.name)).toEqual(['InitState', 'BecomeFollower']);
  const own = lines.filter(({ event }) => event.nid === 'a').map(({ event }) => event.name);
  const order = [
    'BecomeCandidate',
    'SendRequestVoteResponse',
    'SendRequestVoteRequest',
    'ReceiveRequestVoteResponse',
    'BecomeLeader',
    'Replicate',
    'SendAppendEntriesResponse',
    'SendAppendEntriesRequest',
    'ReceiveAppendEntriesResponse',
    'Commit',
  ];
  expect(order.filter(name => !own.includes(name))).toEqual([]);
  // Each first happens after the one before it.
  const places = order.map(name => own.indexOf(name));
  expect(places).toEqual([...places].sort((a, b) => a - b));
  const last = lines.filter(({ event }) => event.nid === 'a').at(-1)?.event;
  expect(last).toMatchObject({ role: 'StateLeader', log: 2, state: { term: 1, vote: 'a', commit: 2 } });
  expect(last?.conf).toEqual([ids('abc'), []]);
});

/** Messages from the leader, or to it, that say something in each of their fields. */
const messages = [
  { type: 'append', index: 5, logTerm: 2, commit: 4, entries: [{}, {}] },
  { type: 'append-reply', index: 5, rejected: true, hint: 3, hintTerm: 2 },
  { type: 'heartbeat', commit: 4, round: 9 },
  { type: 'heartbeat-reply', round: 9 },
  { type: 'vote', index: 6, logTerm: 2, transfer: false },
  { type: 'vote-reply', rejected: true, commit: 4, commitTerm: 2 },
  { type: 'snapshot', snapshot: { index: 4, term: 2 } },
].map(fields => ({ from: 'a', to: 'b', term: 3, ...fields }) as unknown as RaftMessage);

/** As `state_trace.go` of etcd's Raft has them: every field in each message, with nothing where it has none to say. */
const empty = { entries: 0, logTerm: 0, index: 0, commit: 0, vote: '0', reject: false, rejectHint: 0 };

test.each(
  [
    ['AppendEntriesRequest', { type: 'MsgApp', entries: 2, logTerm: 2, index: 5, commit: 4 }],
    ['AppendEntriesResponse', { type: 'MsgAppResp', logTerm: 2, index: 5, reject: true, rejectHint: 3 }],
    ['AppendEntriesRequest', { type: 'MsgHeartbeat', commit: 4 }],
    ['AppendEntriesResponse', { type: 'MsgHeartbeatResp' }],
    ['RequestVoteRequest', { type: 'MsgVote', logTerm: 2, index: 6 }],
    ['RequestVoteResponse', { type: 'MsgVoteResp', reject: true }],
    ['AppendEntriesRequest', { type: 'MsgSnap', entries: 4 }],
  ].map((row, at) => [...row, messages[at]] as [string, object, RaftMessage]),
)('%s: a line has the fields of the schema, and no others (%o)', (name, fields, message) => {
  const event = {
    node: 'a',
    term: 3,
    votedFor: undefined,
    committed: 4,
    last: 6,
    role: 'pre-candidate',
    match: 4,
    next: 6,
    membership: { ...emptyMembership, voters: ids('ab'), votersOutgoing: ids('bc'), learners: ids('d') },
    message,
  };
  const prop = message.type === 'append' ? { prop: { match: 4, next: 6 } } : {};
  for (const step of ['Send', 'Receive']) {
    const line = tlaTraceLine({ ...event, step } as unknown as TraceEvent);
    expect(JSON.parse(line ?? '')).toEqual({
      tag: 'trace',
      event: {
        name: `${step}${name}`,
        nid: 'a',
        state: { term: 3, vote: '0', commit: 4 },
        role: 'StatePreCandidate',
        log: 6,
        conf: [
          ['a', 'b'],
          ['b', 'c'],
        ],
        msg: { from: 'a', to: 'b', term: 3, ...empty, ...fields },
        ...(step === 'Send' ? prop : {}),
      },
    });
  }
});

test('what the specification does not know leaves no line', () => {
  for (const type of ['pre-vote', 'timeout-now', 'read-index'] as const) {
    const message = { type, from: 'a', to: 'b', term: 3 } as RaftMessage;
    expect(tlaTraceLine({ step: 'Send', node: 'a', message } as TraceEvent)).toBeUndefined();
  }
});

test('every message that is received was sent before, as often', () => {
  const lines = traced(cluster => {
    cluster.elect('a');
    for (let value = 0; value < 5; value++) cluster.at('a').propose(value);
    cluster.settle();
    cluster.tick('abc', 15);
    cluster.elect('b');
  });
  const onTheWay = new Map<string, number>();
  for (const { event } of lines) {
    if (event.msg === undefined) continue;
    const name = `${event.name.replace(/^(Send|Receive)/, '')} ${JSON.stringify(event.msg)}`;
    const count = (onTheWay.get(name) ?? 0) + (event.name.startsWith('Send') ? 1 : -1);
    expect(count, name).toBeGreaterThanOrEqual(0);
    onTheWay.set(name, count);
  }
  expect(onTheWay.size).toBeGreaterThan(20);
});

test('a change of membership is traced where it is proposed and where it is applied', () => {
  const lines = traced(cluster => {
    cluster.elect('a');
    const changes = ids('c').map(node => ({ change: 'remove', node }) as const);
    cluster.at('a').raft.changeMembership({ transition: 'auto', changes });
    cluster.settle();
  });
  const changes = lines.filter(({ event }) => event.name === 'ChangeConf');
  expect(changes.map(({ event }) => event.prop?.cc?.changes)).toEqual([
    [{ nid: 'c', action: 'RemoveServer' }],
  ]);
  const applied = lines.filter(({ event }) => event.name === 'ApplyConfChange' && event.nid === 'a');
  expect(applied.map(({ event }) => event.prop?.cc?.newconf)).toEqual([['a', 'b']]);
});
