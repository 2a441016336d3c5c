import type { Scenario } from '@quorate/sim';
import { bareHeartbeats } from '../src/kernels/bare-heartbeats.ts';
import { eventsOf, millisecondsOf, scenarioOf, seedsOf } from '../src/kernels/simulated-seeds.ts';
import { defineSuite, type Setup } from '../src/suite.ts';

/** Long enough that what it takes to set a world up hardly counts. */
const safetyMs = 300_000;
/** As long as a seed of the scenario: its liveness phase takes another half minute. */
const simulatedMs = safetyMs + 30_000;
const heartbeatSeeds = 4;
const registerSeeds = 10;

const heartbeats =
  (name: string): Setup =>
  async () =>
    eventsOf({ ...(await scenarioOf('heartbeat', name)), safetyMs }, heartbeatSeeds);

/** These draw, between them, every kind of fault that the scenario allows. */
const unhurriedSeeds = 3;
const unhurriedMs = 100_000;
/** As warm as a campaign is for all but its first seconds: the code of a replica is large, and its compiler takes its time. */
const replicaWarmups = 12;
/** Some eight simulated seconds each. */
const campaignSeeds = 20;
const replicas = (name: string): Promise<Scenario> => scenarioOf('replication', name, '@quorate/replication');
const unhurried = async (): Promise<Scenario> => ({
  ...(await replicas('replicationForMinutes')),
  safetyMs: unhurriedMs,
});
const forMinutes = '@quorate/replication, default times';
const asCampaigns = '@quorate/replication, as in campaigns';

export default defineSuite({
  name: 'sim',
  about: 'The simulator on one thread: time per event, and per seed.',
  benches: [
    {
      name: 'heartbeat events',
      about:
        'time per event of five nodes that tell each other that they live: with lost messages, partitions, crashes and clocks that drift; the bare heap has none of it and records nothing',
      contenders: {
        '@quorate/sim, callbacks': heartbeats('heartbeatCallbacks'),
        '@quorate/sim, async functions': heartbeats('heartbeatAsync'),
        'bare binary heap': context => bareHeartbeats(context.random('latencies'), simulatedMs),
      },
      warmupCycles: 3,
      goals: [
        { of: '@quorate/sim, callbacks', limit: 100 },
        { of: '@quorate/sim, async functions', limit: 250 },
      ],
    },
    {
      name: 'five replicas, events',
      about:
        'time per event of five replicas of a map under all faults, with clients, changes of members and the check of the history: at the times that replicas have by default and some three operations a simulated second; and as campaigns run them, with elections, snapshots and some seventeen operations crowded into seconds',
      contenders: {
        [forMinutes]: async () => eventsOf(await unhurried(), unhurriedSeeds),
        [asCampaigns]: async () => eventsOf(await replicas('replication'), campaignSeeds),
      },
      warmupCycles: replicaWarmups,
      goals: [{ of: forMinutes, limit: 1000 }],
    },
    {
      name: 'five replicas, simulated time',
      about:
        'time per simulated millisecond of the first of them: at 278 ns a simulated hour takes a second. Idle replicas have some 180 events a simulated second, most of them ticks and heartbeats',
      contenders: {
        [forMinutes]: async () => millisecondsOf(await unhurried(), unhurriedSeeds),
      },
      warmupCycles: replicaWarmups,
      goals: [{ of: forMinutes, limit: 1e9 / 3_600_000 }],
    },
    {
      name: 'quorum register seeds',
      about:
        'time per whole seed of a replicated register with crashes, disks and clients, its history checked: seeds 1 to 10, which differ tenfold in length',
      contenders: {
        '@quorate/sim': async () => seedsOf(await scenarioOf('quorum-register', 'correct'), registerSeeds),
      },
    },
  ],
});
