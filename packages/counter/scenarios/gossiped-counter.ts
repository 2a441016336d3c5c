import { groupId, logIndex, type NodeId, sleep, term } from '@quorate/core';
import { crdtConvergence, defineScenario, type NodeEnv, type Scenario } from '@quorate/sim';
import { createPnCounter, type PnCounter } from '../src/index.ts';

/** What is wrong on purpose. */
interface Bug {
  /** What was taken over from departed actors is forgotten at once. */
  readonly collectsEarly?: boolean;
}

interface State {
  readonly value: string;
}

interface Update {
  /** Which power of four was added. */
  readonly digit: number;
}

const replicas = ['a', 'b', 'c'];
const digitsEach = 10;
const group = groupId(1);
const text = new TextEncoder();
const read = new TextDecoder();

/** What a process stores before it tells anybody. */
interface Stored {
  readonly actor: string;
  readonly next: number;
  readonly state: readonly number[];
}

/**
 * A PN-counter on processes that crash: each stores its state before it acknowledges or tells, starts again under a fresh actor id,
 * and prunes its former one. All end with every update that was acknowledged, each once.
 */
function gossipedCounter(name: string, summary: string, bug: Bug = {}): Scenario {
  return defineScenario({
    name,
    summary,
    nodes: replicas,
    clients: 1,
    faults: {
      network: { mode: 'datagram', loss: true, duplication: true, reordering: true, partitions: true },
      process: true,
    },
    safetyMs: 5000,
    livenessMs: 30_000,
    probes: ['a former actor was pruned'],
    invariants: [() => crdtConvergence<State, Update>({ replicas, includes: hasOnce })],
    node: env => replica(env, bug),
    async client(env) {
      while (!env.workload.aborted) await sleep(env.clock, 100);
      // By then gossip goes on without faults.
      await sleep(env.clock, 8000);
    },
  });
}

async function replica(env: NodeEnv, bug: Bug): Promise<void> {
  const { clock, random, journal } = env;
  const found = await recover(env);
  const state = found === undefined ? {} : { state: Uint8Array.from(found.state) };
  const counter = createPnCounter(env.self, { random: random.fork('actor'), ...state });
  const peers = new Map<string, string>();
  const others = replicas.filter(peer => peer !== (env.self as string));
  await env.transport.start({
    onMessage(from, message) {
      const [actor, news] = unpack(message);
      if (bug.collectsEarly === true) counter.collect([]);
      counter.merge(news);
      peers.set(from, actor);
    },
  });
  let next = found?.next ?? 0;
  let { last } = journal.recover(group);
  const store = async (): Promise<Uint8Array> => {
    const bytes = counter.state();
    const stored: Stored = { actor: counter.actor, next, state: [...bytes] };
    last = logIndex(last + 1);
    await journal.write({
      group,
      entries: [{ index: last, term: term(1), kind: 0, payload: text.encode(JSON.stringify(stored)) }],
    });
    return bytes;
  };
  for (let turn = random.below(2); ; turn++) {
    await sleep(clock, random.below(120) + 20);
    if (found !== undefined) pruneFormer(env, counter, found.actor, peers);
    const digit = replicas.indexOf(env.self) * digitsEach + next;
    const counts = next < digitsEach && random.below(3) === 0;
    if (counts) {
      counter.increment(4n ** BigInt(digit));
      next++;
    }
    const { actor } = counter;
    const bytes = await store();
    if (counts) {
      const id = `${env.self}:${digit}`;
      env.observe({ type: 'acknowledged-update', id, update: { digit } });
    }
    env.transport.send(others[turn % others.length] as NodeId, pack(actor, bytes));
    env.observe({ type: 'replica-state', replica: env.self, state: { value: `${counter.value}` } });
  }
}

function pruneFormer(
  env: NodeEnv,
  counter: PnCounter,
  former: string,
  peers: ReadonlyMap<string, string>,
): void {
  if (peers.size < replicas.length - 1 || !counter.actors.includes(former)) return;
  const { outcome } = counter.prune(former, [counter.actor, ...peers.values()]);
  if (outcome === 'pruned') env.reached('a former actor was pruned');
}

async function recover({ journal }: NodeEnv): Promise<Stored | undefined> {
  const { last } = journal.recover(group);
  if (last === 0) return undefined;
  const [entry] = await journal.read(group, last, logIndex(last + 1));
  return JSON.parse(read.decode(entry?.payload)) as Stored;
}

function pack(actor: string, state: Uint8Array): Uint8Array {
  const name = text.encode(actor);
  return Uint8Array.of(name.length, ...name, ...state);
}

function unpack(message: Uint8Array): [actor: string, state: Uint8Array] {
  const end = 1 + (message[0] as number);
  return [read.decode(message.subarray(1, end)), message.slice(end)];
}

/** Whether an update counts, and counts once. */
function hasOnce({ value }: State, { digit }: Update): boolean {
  return ((BigInt(value) >> BigInt(2 * digit)) & 3n) === 1n;
}

export const correct: Scenario = gossipedCounter(
  'gossiped-pn-counter',
  'A PN-counter on processes that crash and prune their former selves: all end with the same, nothing lost or twice',
);

export const collectsEarly: Scenario = gossipedCounter(
  'gossiped-pn-counter-collects-early',
  'Bug: what was taken over is forgotten before all have heard of it',
  { collectsEarly: true },
);

export default correct;
