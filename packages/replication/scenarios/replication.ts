import { errorCode, type Journal, sleep } from '@quorate/core';
import { openJournal } from '@quorate/journal';
import {
  type ClientEnv,
  defineScenario,
  type FaultOptions,
  linearizable,
  type NodeEnv,
  type Operation,
  type Scenario,
} from '@quorate/sim';
import { seeAgreement } from './parts/agreement.ts';
import { Calls } from './parts/calls.ts';
import { lossesAreReported } from './parts/losses-are-reported.ts';
import { mapOfRegisters, useMap } from './parts/map-client.ts';
import { oneHistory, oneLeaderPerTerm } from './parts/one-history.ts';
import { operate } from './parts/operator.ts';
import { watchMap } from './parts/map-watcher.ts';
import {
  calls as callsGroup,
  hurried,
  serveReplica,
  type ServedReplicaOptions,
  unhurried,
} from './parts/served-replica.ts';

const nodes = ['ada', 'bob', 'cyd', 'dan', 'eve'];
const clients = 5;
const isLinearizable = linearizable(mapOfRegisters);
const mapTypes = new Set(['read', 'write', 'cas']);

/** What is done to the members, and what is acknowledged early, is no business of the map. */
function check(history: readonly Operation[]): ReturnType<typeof isLinearizable> {
  return isLinearizable(history.filter(({ input }) => mapTypes.has((input as { type: string }).type)));
}

/** @param ease how many times as long clients pause between two calls */
async function client(env: ClientEnv, ease: number): Promise<void> {
  const calls = new Calls(env, callsGroup);
  await calls.start();
  if (env.index === clients - 1) await operate(env, calls, ease);
  else if (env.index === clients - 2) await watchMap(env, calls, ease);
  else await useMap(env, calls, ease);
  // Whoever is the last to end sees the end.
  await seeAgreement(env, calls);
}

function replicationScenario(
  name: string,
  summary: string,
  openJournalOf: ServedReplicaOptions['openJournal'],
  disk: FaultOptions['disk'],
  probes: readonly string[],
): Scenario {
  return defineScenario({
    name,
    summary,
    nodes,
    clients,
    faults: {
      network: { mode: 'stream' },
      process: { pauseMaxMs: 5000 },
      clock: { skewMaxMs: 60_000, driftMax: 0.02, jumps: true },
      disk: disk ?? false,
    },
    safetyMs: 6000,
    livenessMs: 30_000,
    probes: [...probes],
    invariants: [oneLeaderPerTerm, oneHistory, lossesAreReported],
    check,
    node: env => serveReplica(env, { members: nodes, openJournal: openJournalOf, pace: hurried }),
    client: env => client(env, 1),
  });
}

/** The journal on the simulated disk, once it lets itself be opened. */
async function openOnDisk(env: NodeEnv): Promise<Journal> {
  const { clock, disk, random } = env;
  for (;;) {
    try {
      return await openJournal({ disk, segmentBytes: 65_536, cacheBytes: 16_384, clock, random });
    } catch (error) {
      const code = errorCode(error);
      if (code !== 'STORAGE_FULL' && code !== 'IO_FAILED') throw error;
      await sleep(clock, 100);
    }
  }
}

const probes = [
  'snapshot taken',
  'snapshot installed',
  'state restored',
  'joint',
  'joint left',
  'members changed',
  'handed over',
  'lost perhaps',
  'stalled: disk',
  'stalled: event-loop',
  'disk full',
  'disk room',
  'read by lease',
  'semiSync degraded',
  'LEADERSHIP_LOST',
  'SEMI_SYNC_TIMEOUT',
  'SESSION_EXPIRED',
];

export const replication: Scenario = replicationScenario(
  'replication',
  'Five replicas of a map whose members change, under all faults, with retries, leases and early acknowledgements',
  async env => env.journal,
  { latencyMaxMs: 1500, full: true },
  // One seed in two hundred gets there: where each takes longer, too few are run.
  [...probes, 'lost exactly', 'SUPERSEDED'],
);

/**
 * The others crowd elections and snapshots into a few seconds. Here replicas have the times and sizes that they have by default,
 * faults strike for minutes, and clients work at their ease. It is also what says how fast replicas are simulated.
 */
export const replicationForMinutes: Scenario = {
  ...replication,
  name: 'replication-for-minutes',
  summary:
    'Five replicas of a map for five minutes, with the times that they have by default, under all faults',
  safetyMs: 300_000,
  probes: [
    'snapshot taken',
    'snapshot installed',
    'state restored',
    'joint',
    'members changed',
    'read by lease',
  ],
  node: env =>
    serveReplica(env, {
      members: nodes,
      openJournal: () => Promise.resolve(env.journal),
      pace: unhurried,
    }),
  client: env => client(env, 20),
};

export const replicationOnDisk: Scenario = replicationScenario(
  'replication-on-disk',
  'The same on journals of simulated disks, which tear writes, fill up and fail to sync',
  openOnDisk,
  { latencyMaxMs: 1500, torn: true, full: true, syncFailures: true },
  [...probes, 'failed'],
);
