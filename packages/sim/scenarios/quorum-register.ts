import { firstAnswers, pause, startCalls } from './parts/calls.ts';
import { DurableCell } from './parts/durable-cell.ts';
import { linearizable } from '../src/linearizability/linearizable.ts';
import { register } from '../src/linearizability/models/register.ts';
import { type ClientEnv, defineScenario, type NodeEnv, type Scenario } from '../src/scenario.ts';

/** What is wrong on purpose. */
interface Bug {
  /** Readers do not write back what they found: a later reader may find an older value. */
  readonly noWriteBack?: boolean;
  /** There are four nodes, and answers of two are taken for enough. */
  readonly half?: boolean;
}

interface Version {
  readonly counter: number;
  readonly writer: number;
  readonly value: number | null;
}

/**
 * A register on three nodes of which any one may be down: reads and writes ask a majority twice, for the newest version and to
 * store it (Attiya, Bar-Noy and Dolev, "Sharing Memory Robustly in Message-Passing Systems", 1995; with many writers as in
 * Lynch and Shvartsman, 1997).
 */
function quorumRegister(name: string, summary: string, bug: Bug = {}): Scenario {
  const replicas = bug.half === true ? ['a', 'b', 'c', 'd'] : ['a', 'b', 'c'];
  return defineScenario({
    name,
    summary,
    nodes: replicas,
    clients: 4,
    faults: {
      network: { mode: 'datagram' },
      process: { downMax: 1 },
      clock: true,
      disk: { torn: true },
    },
    safetyMs: 4000,
    probes: ['a reader found an older version at some node'],
    check: linearizable(register()),
    node: replica,
    async client(env) {
      const calls = await startCalls(env);
      for (let turn = 0; !env.workload.aborted; turn++) {
        await pause(env, env.random.below(20) + 1);
        const ask = <Output>(method: string, input: unknown): Promise<Output[]> =>
          firstAnswers(env, calls, replicas, 2, method, input);
        if (env.random.below(4) > 0) await read(env, ask, bug);
        else await write(env, ask, env.index * 1000 + turn);
      }
    },
  });
}

async function replica(env: NodeEnv): Promise<void> {
  const none: Version = { counter: 0, writer: 0, value: null };
  const cell = await DurableCell.open<Version>(env.disk, 'register', none);
  await startCalls(env, {
    newest: () => cell.value,
    async store(version: Version) {
      await (isNewer(version, cell.value) ? cell.set(version) : cell.settled());
      return true;
    },
  });
}

/** Asks all nodes, and takes the answers of a majority. */
type Ask = <Output>(method: string, input: unknown) => Promise<Output[]>;

async function read(env: ClientEnv, ask: Ask, bug: Bug): Promise<void> {
  await env.operation({ type: 'read' }, async () => {
    const versions = await ask<Version>('newest', null);
    const newest = newestOf(versions);
    if (versions.some(version => isNewer(newest, version))) {
      env.reached('a reader found an older version at some node');
    }
    if (bug.noWriteBack !== true) await ask('store', newest);
    return newest.value;
  });
}

async function write(env: ClientEnv, ask: Ask, value: number): Promise<void> {
  await env.operation({ type: 'write', value }, async () => {
    const { counter } = newestOf(await ask<Version>('newest', null));
    const version: Version = { counter: counter + 1, writer: env.index, value };
    await ask('store', version);
    return null;
  });
}

function newestOf(versions: readonly Version[]): Version {
  return versions.reduce((newest, version) => (isNewer(version, newest) ? version : newest));
}

function isNewer(version: Version, other: Version): boolean {
  return (
    version.counter > other.counter || (version.counter === other.counter && version.writer > other.writer)
  );
}

export const correct: Scenario = quorumRegister(
  'quorum-register',
  'A linearizable register on a majority of three nodes, with crashes, lost and repeated messages',
);

export const noWriteBack: Scenario = quorumRegister(
  'quorum-register-stale-read',
  'Bug: readers do not write back, so that a read may go back in time',
  { noWriteBack: true },
);

export const half: Scenario = quorumRegister(
  'quorum-register-half',
  'Bug: two of four nodes are taken for a majority',
  { half: true },
);
