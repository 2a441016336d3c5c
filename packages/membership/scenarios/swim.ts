import { type Clock, type NodeId, type SendResult, type Transport, sleep } from '@quorate/core';
import { type MemberChange, type Membership, createMembership } from '@quorate/membership';
import {
  type ClientEnv,
  type Fact,
  type Invariant,
  type NodeEnv,
  type Scenario,
  defineScenario,
} from '@quorate/sim';

/** What is wrong on purpose, so that the invariants are seen to find it. */
interface Bug {
  /** Members exchange no states: what news did not tell them, they never learn. */
  readonly exchangesNothing?: boolean;
}

/** Message types on the wire, as far as bugs need to know them. */
const firstOfExchange = 6;
/** How long after the faults everybody has to agree. */
const settleMs = 15_000;

/** A transport that loses what `loses` says. */
function lossy(transport: Transport, loses: (message: Uint8Array) => boolean): Transport {
  return {
    self: transport.self,
    capabilities: transport.capabilities,
    start: handlers => transport.start(handlers),
    send: (to, message, group): SendResult => (loses(message) ? 'sent' : transport.send(to, message, group)),
    queuedBytes: peer => transport.queuedBytes(peer),
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
}

/** A wall clock that always says the same, as after a restart of a machine without a battery. */
function stuckWall(clock: Clock): Clock {
  return {
    bootId: clock.bootId,
    wallMs: () => 1000,
    monotonicMs: () => clock.monotonicMs(),
    bootMs: () => clock.bootMs(),
    setTimer: (delayMs, callback) => clock.setTimer(delayMs, callback),
  };
}

async function node(env: NodeEnv, bug: Bug): Promise<void> {
  const { random } = env;
  const loses = (message: Uint8Array): boolean =>
    bug.exchangesNothing === true && (message[1] as number) >= firstOfExchange && random.below(20) > 0;
  const membership = createMembership({
    transport: lossy(env.transport, loses),
    clock: random.below(3) === 0 ? stuckWall(env.clock) : env.clock,
    random,
    seeds: env.nodes.slice(0, 2),
    preset: 'local',
  });
  await membership.start();
  // Who leaves before it was let in has waited in vain.
  membership.join().catch(() => {});
  void follow(env, membership);
  // What a member denies of itself is no change that it is told of.
  const look = (): void => {
    tell(env, membership);
    env.clock.setTimer(1000, look);
  };
  look();
  void live(env, membership);
}

/** Tells the invariants what this node sees. */
function tell(env: NodeEnv, membership: Membership): void {
  const members = membership.members().map(({ id, meta }) => [id, meta[0] ?? 0]);
  env.observe({ type: 'view', node: env.self, life: env.incarnation, members });
}

async function follow(env: NodeEnv, membership: Membership): Promise<void> {
  for await (const change of membership.changes({ signal: new AbortController().signal })) {
    if (change.type === 'resync') continue;
    probe(env, change);
    const { id, incarnation } = change.member;
    env.observe({
      type: 'change',
      state: change.member.state,
      node: env.self,
      life: env.incarnation,
      change: change.type,
      member: id,
      incarnation,
    });
    tell(env, membership);
    if (membership.status().healthScore >= 4) env.reached('bad local health');
  }
}

function probe(env: NodeEnv, change: MemberChange): void {
  env.reached(change.type);
  if (change.accuser !== undefined && change.accuser !== env.self) env.reached('believed an accuser');
}

/** Changes its metadata now and then; one life in six leaves. */
async function live(env: NodeEnv, membership: Membership): Promise<void> {
  const leavesAfterMs = env.random.below(6) === 0 ? env.random.below(8000) : Number.POSITIVE_INFINITY;
  const startMs = env.clock.monotonicMs();
  for (let value = 1; value < 5; value++) {
    await sleep(env.clock, 200 + env.random.below(2500));
    if (env.clock.monotonicMs() - startMs > leavesAfterMs) {
      env.observe({ type: 'leaving', node: env.self, life: env.incarnation });
      await membership.leave();
      env.reached('a good-bye was told');
      return;
    }
    membership.setMeta(Uint8Array.of(value));
    tell(env, membership);
  }
}

/** Waits until the nodes have had time to agree; the invariants look at what they see then. */
async function client(env: ClientEnv): Promise<void> {
  if (!env.workload.aborted) await new Promise(resolve => env.workload.addEventListener('abort', resolve));
  await sleep(env.clock, settleMs);
}

type Seen = readonly (readonly [id: NodeId, meta: number])[];

/** Once the faults are over, every member that lives sees exactly those that live, each with its last metadata. */
function agreement(): Invariant {
  const rule = 'agreement';
  const views = new Map<unknown, Seen>();
  const lives = new Map<unknown, unknown>();
  const gone = new Set<unknown>();
  return {
    name: rule,
    observe(fact) {
      if (fact.type === 'leaving') gone.add(fact['node']);
      if (fact.type !== 'view') return undefined;
      if (fact['life'] !== lives.get(fact['node'])) gone.delete(fact['node']);
      lives.set(fact['node'], fact['life']);
      views.set(fact['node'], fact['members'] as Seen);
      return undefined;
    },
    finish() {
      const live = [...views].filter(([id]) => !gone.has(id));
      const own = new Map(live.map(([id, seen]) => [id, String(seen.find(([member]) => member === id))]));
      const expected = [...own.values()].sort().join(' ');
      for (const [id, seen] of live) {
        const found = seen
          .map(each => each.join())
          .sort()
          .join(' ');
        if (found !== expected)
          return { rule, message: `${String(id)} sees ${found}, but there are ${expected}` };
      }
      return undefined;
    },
  };
}

/** A member's incarnation never goes back in anybody's eyes, and everybody knows that itself lives. */
function incarnationsGrow(): Invariant {
  const rule = 'incarnations-grow';
  const known = new Map<string, number>();
  return {
    name: rule,
    observe(fact) {
      if (fact.type !== 'change') return undefined;
      const key = `${String(fact['node'])} ${String(fact['life'])} ${String(fact['member'])}`;
      const incarnation = fact['incarnation'] as number;
      const before = known.get(key) ?? -1;
      known.set(key, incarnation);
      if (fact['member'] === fact['node'])
        return { rule, message: `${String(fact['node'])} was told of itself` };
      if (incarnation >= before) return undefined;
      return { rule, message: `${key}: incarnation ${incarnation} after ${before}` };
    },
  };
}

/** Which change may follow which, of one member at one other. */
const next: Readonly<Record<string, RegExp>> = {
  none: /^joined$/,
  live: /^(?:restarted|suspected|updated|failed|left)$/,
  suspect: /^(?:restarted|recovered|updated|failed|left)$/,
  gone: /^(?:joined|left)$/,
};

/** The changes of each member are a history that can have been. */
function changesFollow(): Invariant {
  const rule = 'changes-follow';
  const states = new Map<string, string>();
  return {
    name: rule,
    observe(fact: Fact) {
      if (fact.type !== 'change') return undefined;
      const key = `${String(fact['node'])} ${String(fact['life'])} ${String(fact['member'])}`;
      const change = String(fact['change']);
      const before = states.get(key) ?? 'none';
      const state = String(fact['state']);
      states.set(key, state === 'alive' ? 'live' : state === 'suspect' ? 'suspect' : 'gone');
      if (next[before]?.test(change) === true) return undefined;
      return { rule, message: `${key}: ${change} of one that is ${before}` };
    },
  };
}

type Mode = 'stream' | 'datagram';

function swimScenario(name: string, summary: string, mode: Mode, bug: Bug = {}): Scenario {
  return defineScenario({
    name,
    summary,
    nodes: ['ada', 'bob', 'cyd', 'dan', 'eve'],
    clients: 1,
    // Bytes arrive as they were sent: transports have checksums.
    faults: {
      network:
        mode === 'stream'
          ? { mode }
          : {
              mode,
              loss: true,
              duplication: true,
              reordering: true,
              partitions: true,
              clogs: true,
              latencyMaxMs: 200,
            },
      process: { pauseMaxMs: 5000 },
      clock: { skewMaxMs: 60_000, driftMax: 0.05, jumps: true, jumpMaxMs: 60_000 },
    },
    safetyMs: 20_000,
    livenessMs: 30_000,
    probes: [
      'joined',
      'restarted',
      'suspected',
      'recovered',
      'failed',
      'left',
      'updated',
      'believed an accuser',
      'bad local health',
      'a good-bye was told',
    ],
    invariants: [agreement, incarnationsGrow, changesFollow],
    node: env => node(env, bug),
    client,
  });
}

export const correct: Scenario = swimScenario(
  'swim',
  'Five members that crash, pause, leave and are parted agree on who lives once that ends',
  'stream',
);

export const datagrams: Scenario = swimScenario(
  'swim-datagrams',
  'The same where messages are lost, repeated and reordered',
  'datagram',
);

export const exchangesNothing: Scenario = swimScenario(
  'swim-exchanges-nothing',
  'Bug: hardly any states are exchanged, so those who know each other as dead stay apart',
  'stream',
  { exchangesNothing: true },
);
