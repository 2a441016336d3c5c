import { type QuorateError, sleep, type Store } from '@quorate/core';
import {
  type ClientEnv,
  counter as counterModel,
  defineScenario,
  type Env,
  exactlyOnce,
  linearizable,
  type NodeEnv,
  type Scenario,
} from '@quorate/sim';
import { createCounters } from '../src/index.ts';

/** What is wrong on purpose. */
interface Bug {
  /** What is repeated is repeated under a new number. */
  readonly numbersAnew?: boolean;
}

const nodes = ['a', 'b', 'c'];
/** Additions of one node to one number: with powers of four the digits of a sum tell how often each counts. */
const digitsEach = 10;
const namesPerStart = 3;
const startsMax = 8;

/**
 * Processes that add to counters while the store loses requests and answers, and while they crash and stop. One who looks at the
 * end finds every addition that was acknowledged, once.
 */
function exactCounter(name: string, summary: string, bug: Bug = {}): Scenario {
  return defineScenario({
    name,
    summary,
    nodes,
    clients: 1,
    faults: { network: true, process: { downMax: 3, pauseMaxMs: 3000 }, clock: true },
    safetyMs: 8000,
    livenessMs: 120_000,
    probes: ['an outcome was lost with its session', 'a caller gave up'],
    invariants: [exactlyOnce],
    node: env => adds(env, bug),
    client: reads,
  });
}

async function adds(env: NodeEnv, bug: Bug): Promise<void> {
  if (env.incarnation > startsMax) return;
  const { clock, random } = env;
  const store = storeOf(env, bug);
  const counters = createCounters({ store, clock, random: random.fork('counters'), ttlMs: 1000 });
  const place = nodes.indexOf(env.self);
  for (let number = 0; number < digitsEach * namesPerStart; number++) {
    const digit = place * digitsEach + (number % digitsEach);
    const name = `${env.incarnation}-${Math.floor(number / digitsEach)}`;
    const options = random.below(4) === 0 ? { deadlineMs: random.below(500) + 1 } : {};
    const added = counters.counter(name).add(4n ** BigInt(digit), options);
    const told = added.then(
      () => env.observe({ type: 'accepted', id: `${name}:${digit}` }),
      (thrown: unknown) => {
        const { code, outcome } = thrown as QuorateError;
        if (outcome === 'not-applied') env.observe({ type: 'refused', id: `${name}:${digit}` });
        if (code === 'ADD_UNKNOWN') env.reached('an outcome was lost with its session');
        if (code === 'DEADLINE_EXCEEDED') env.reached('a caller gave up');
      },
    );
    if (random.below(3) === 0) await told;
    else await sleep(clock, random.below(50));
  }
}

/** Reads all numbers once nothing can be under way any more. */
async function reads(env: ClientEnv): Promise<void> {
  const { clock, random } = env;
  while (!env.workload.aborted) await sleep(clock, 100);
  await sleep(clock, 20_000);
  const counters = createCounters({ store: env.store, clock, random: random.fork('counters'), ttlMs: 1000 });
  for (let start = 1; start <= startsMax; start++) {
    for (let part = 0; part < namesPerStart; part++) {
      const name = `${start}-${part}`;
      const value = await counters.counter(name).get();
      for (let digit = 0; digit < nodes.length * digitsEach; digit++) {
        const times = Number((value >> BigInt(2 * digit)) & 3n);
        for (let time = 0; time < times; time++) env.observe({ type: 'processed', id: `${name}:${digit}` });
      }
    }
  }
  await counters[Symbol.asyncDispose]();
}

function storeOf({ store }: Env, { numbersAnew = false }: Bug): Store {
  return numbersAnew ? numbering(store) : store;
}

/** A store whose additions are numbered anew each time that they are sent. */
function numbering(store: Store): Store {
  let sequence = 0;
  const add = store.add?.bind(store);
  return Object.assign(store, {
    add: (...[key, delta, options]: Parameters<NonNullable<Store['add']>>) =>
      add?.(key, delta, { ...options, operation: { ...options.operation, sequence: ++sequence } }),
  });
}

const inAnyOrder = linearizable(counterModel());

/** Clients that add to one counter and read it, several at a time: what they are told has an order that explains all of it. */
function linearCounter(name: string, summary: string, bug: Bug = {}): Scenario {
  return defineScenario({
    name,
    summary,
    nodes: ['idle'],
    clients: 3,
    faults: { network: true },
    safetyMs: 3000,
    livenessMs: 60_000,
    // Those of one client overlap, so each is taken for a process of its own.
    check: history => inAnyOrder(history.map((operation, index) => ({ ...operation, process: `p${index}` }))),
    node: () => {},
    async client(env) {
      const { clock, random } = env;
      const counters = createCounters({
        store: storeOf(env, bug),
        clock,
        random: random.fork('counters'),
        ttlMs: 1000,
      });
      const counter = counters.counter('n');
      while (!env.workload.aborted) {
        // Several at once, so that they are combined.
        const count = random.below(3) + 1;
        await Promise.all(
          Array.from({ length: count }, () => {
            if (random.below(4) === 0)
              return env.operation({ type: 'read' }, async () =>
                Number(await counter.get({ deadlineMs: 1000 })),
              );
            const by = random.below(5) - 1;
            return env.operation({ type: 'add', by }, async () => Number((await counter.add(by)).value));
          }),
        );
        await sleep(clock, random.below(400));
      }
      await counters[Symbol.asyncDispose]();
    },
  });
}

export const linear: Scenario = linearCounter(
  'linear-counter',
  'A counter whose additions are combined: every value that was returned has its place in one order',
);

export const linearNumbersAnew: Scenario = linearCounter(
  'linear-counter-numbers-anew',
  'Bug: an addition that is repeated is taken for another one',
  { numbersAnew: true },
);

export const correct: Scenario = exactCounter(
  'exact-counter',
  'Counters of processes that crash: every addition that was acknowledged counts once',
);

export const numbersAnew: Scenario = exactCounter(
  'exact-counter-numbers-anew',
  'Bug: an addition that is repeated is taken for another one',
  { numbersAnew: true },
);

export default correct;
