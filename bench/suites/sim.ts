import { bareHeartbeats } from '../src/kernels/bare-heartbeats.ts';
import { eventsOf, scenarioOf, seedsOf } from '../src/kernels/simulated-seeds.ts';
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
      name: 'quorum register seeds',
      about:
        'time per whole seed of a replicated register with crashes, disks and clients, its history checked: seeds 1 to 10, which differ tenfold in length',
      contenders: {
        '@quorate/sim': async () => seedsOf(await scenarioOf('quorum-register', 'correct'), registerSeeds),
      },
    },
  ],
});
