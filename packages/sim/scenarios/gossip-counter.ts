import { crdtConvergence } from '../src/invariants/crdt-convergence.ts';
import { callUntilAnswered, pause, startCalls } from './parts/calls.ts';
import { DurableCell } from './parts/durable-cell.ts';
import { defineScenario, type NodeEnv, type Scenario } from '../src/scenario.ts';

/** What is wrong on purpose. */
interface Bug {
  /** Nodes tell how much they have counted since, and what is heard twice is added twice. */
  readonly addsUp?: boolean;
  /** A node that starts again counts its own increments from 0. */
  readonly forgetful?: boolean;
}

type Counts = Readonly<Record<string, number>>;

/** A node's count as it was acknowledged. */
interface Update {
  readonly node: string;
  readonly count: number;
}

const replicas = ['a', 'b', 'c'];

/**
 * A counter that grows only: each node counts its own increments and gossips all that it knows; the larger count of a node is
 * the newer (Shapiro et al., "A comprehensive study of Convergent and Commutative Replicated Data Types", 2011, §3.1.1).
 */
function gossipCounter(name: string, summary: string, bug: Bug = {}): Scenario {
  return defineScenario({
    name,
    summary,
    nodes: replicas,
    clients: 2,
    faults: { network: { mode: 'datagram' }, process: true, disk: { torn: true } },
    safetyMs: 4000,
    invariants: [() => crdtConvergence<Counts, Update>({ replicas, includes: hasCounted })],
    node: env => replica(env, bug),
    async client(env) {
      const calls = await startCalls(env);
      for (let number = 1; !env.workload.aborted; number++) {
        await pause(env, env.random.below(100) + 1);
        const at = replicas[env.random.below(replicas.length)] as string;
        const id = `${env.index}:${number}`;
        try {
          const count = await calls.call<number>(at, 'increment', null, 300);
          // That node has counted so far: no replica may end with less of it.
          env.observe({ type: 'acknowledged-update', id, update: { node: at, count } });
        } catch {
          // Nobody knows whether it was counted, and it is not repeated.
        }
      }
      // By then gossip goes on without faults.
      await pause(env, 1500);
      if (env.index !== 0) return;
      for (const at of replicas) {
        const counts = await callUntilAnswered<Counts>(env, calls, at, 'counts', null);
        env.observe({ type: 'replica-state', replica: at, state: counts });
      }
    },
  });
}

async function replica(env: NodeEnv, bug: Bug): Promise<void> {
  const cell = await DurableCell.open<Counts>(env.disk, 'counts', {});
  const own = env.self as string;
  let counts: Counts = bug.forgetful === true ? { ...cell.value, [own]: 0 } : cell.value;
  const learn = (node: string, count: number): void => {
    const known = counts[node] ?? 0;
    if (bug.addsUp === true && node !== own) counts = { ...counts, [node]: known + count };
    else counts = { ...counts, [node]: Math.max(known, count) };
  };
  const calls = await startCalls(env, {
    counts: () => counts,
    async increment(): Promise<number> {
      const count = (counts[own] ?? 0) + 1;
      counts = { ...counts, [own]: count };
      await cell.set(counts);
      return count;
    },
    gossip(theirs: Counts): boolean {
      for (const [node, count] of Object.entries(theirs)) learn(node, count);
      return true;
    },
  });
  void (async () => {
    const told = new Map<string, number>();
    const peers = replicas.filter(peer => peer !== own);
    // Each in turn: of peers drawn at random one may be left out for longer than anybody waits.
    for (let turn = env.random.below(peers.length); ; turn++) {
      await pause(env, env.random.below(200) + 50);
      const peer = peers[turn % peers.length] as string;
      const news = counts;
      const count = counts[own] ?? 0;
      await cell.settled();
      // Whoever adds up tells only what its peer has not heard yet, as far as it knows.
      const more = { [own]: count - (told.get(peer) ?? 0) };
      const heard = calls.call(peer, 'gossip', bug.addsUp === true ? more : news, 100);
      await heard.then(
        () => void told.set(peer, count),
        () => {},
      );
    }
  })();
}

function hasCounted(counts: Counts, { node, count }: Update): boolean {
  return (counts[node] ?? 0) >= count;
}

export const correct: Scenario = gossipCounter(
  'gossip-counter',
  'A counter that is replicated by gossip: every replica ends with the same counts, and none is lost',
);

export const addsUp: Scenario = gossipCounter(
  'gossip-counter-adds-up',
  'Bug: what is heard twice is counted twice',
  { addsUp: true },
);

export const forgetful: Scenario = gossipCounter(
  'gossip-counter-forgetful',
  'Bug: after a crash a node counts its own increments from 0 again',
  { forgetful: true },
);
