import { missing } from '@quorate/servers';
import { type Engine, lmdb, memory, nats, postgres, redis } from '../src/kernels/store/engines.ts';
import { adds, counter, incr } from '../src/kernels/store/adds.ts';
import { type Program, services, unchecked } from '../src/kernels/store/services.ts';
import { get, pair, watch } from '../src/kernels/store/store-kernels.ts';
import { type Bench, defineSuite, type Setup } from '../src/suite.ts';

const programs: Readonly<Record<string, Program>> = {
  '@quorate/engine-redis': 'redis',
  '@quorate/engine-nats': 'nats',
  '@quorate/engine-postgres': 'postgres',
};

/** The same on every engine; calls that wait for a disk are fewer. */
function onEngines(
  kernel: (engine: Engine, calls: number) => Setup,
): Pick<Bench, 'contenders' | 'unchecked' | 'slow' | 'surroundings' | 'skip'> {
  return {
    unchecked,
    slow: true,
    surroundings: services(...Object.values(programs)),
    skip: contender => {
      const program = programs[contender];
      return program === undefined ? undefined : missing(program);
    },
    contenders: {
      '@quorate/engine-memory': kernel(memory, 500),
      '@quorate/engine-lmdb': kernel(lmdb, 50),
      '@quorate/engine-redis': kernel(redis, 50),
      '@quorate/engine-nats': kernel(nats, 20),
      '@quorate/engine-postgres': kernel(postgres, 10),
    },
  };
}

export default defineSuite({
  name: 'store',
  about:
    'What each engine of the Store takes for what locks and counters are made of. They promise different things.',
  benches: [
    {
      name: 'create and delete',
      about: 'an entry at the end of a queue, named by its operation, and its deletion',
      ...onEngines(pair),
    },
    { name: 'get', about: 'a linearizable read', ...onEngines(get) },
    { name: 'watch', about: "from a write to its event in another client's watch", ...onEngines(watch) },
    {
      name: 'add',
      about:
        'callers who each wait for their addition to a number on Redis; ours counts once whatever is sent again',
      params: { callers: [64] },
      unchecked,
      surroundings: services('redis'),
      skip: () => missing('redis'),
      contenders: { '@quorate/counter': adds(counter), 'INCR, autopipelined': adds(incr) },
      goals: [{ of: '@quorate/counter', to: 'INCR, autopipelined', atMost: 1 / 0.85 }],
    },
  ],
});
