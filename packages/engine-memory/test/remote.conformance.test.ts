import { recordStoreHistory, runStoreCase, type StoreSubject, storeCases } from '@quorate/conformance';
import { nodeId, seededRandom, sleep, type Store, systemClock } from '@quorate/core';
import {
  checkLinearizability,
  counter,
  type CounterInput,
  type CounterOutput,
  type Operation,
  register,
  type RegisterInput,
  type RegisterOutput,
} from '@quorate/sim';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  connectStore,
  createMemoryStore,
  type MemoryStore,
  serveStore,
  type StoreServer,
} from '../src/index.ts';
import { Hub } from './hub.ts';

const random = seededRandom('remote');
const hub = new Hub(systemClock);
const server = nodeId('server');
const nodes = new Map<Store, ReturnType<typeof nodeId>>();
let store: MemoryStore;
let serving: StoreServer;
let count = 0;

const nodeOf = (client: Store): ReturnType<typeof nodeId> => nodes.get(client) as ReturnType<typeof nodeId>;

const subject: StoreSubject = {
  name: 'served memory',
  clock: systemClock,
  random,
  ttlMs: 1000,
  patienceMs: 20_000,
  async open({ clock = systemClock } = {}) {
    const self = nodeId(`client-${++count}`);
    // So long that no answer is taken for lost because the machine stood still.
    const options = { clock, random: random.fork(self), patienceMs: 5000, holdMs: 1000 };
    const client = await connectStore(hub.transport(self), server, options);
    nodes.set(client, self);
    return client;
  },
  cut: client => hub.cut(nodeOf(client)),
  heal: client => hub.heal(nodeOf(client)),
  sever: client => hub.sever(nodeOf(client)),
};

describe.concurrent('a served memory keeps what the seam promises', () => {
  beforeAll(async () => {
    store = createMemoryStore();
    serving = await serveStore(store, hub.transport(server));
  });

  afterAll(async () => {
    await serving[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  });

  test.for(storeCases)('$name', async (storeCase, { skip }) => {
    const reason = await runStoreCase(subject, storeCase);
    if (reason !== undefined) skip(reason);
  });

  test('what clients do at the same time is linearizable, while their connections break', async () => {
    const history = await recordStoreHistory(subject, {
      operations: 150,
      deadlineMs: 50,
      async disturb(stores, signal) {
        const over = (): boolean => signal.aborted;
        for (let count = 0; !over(); count++) {
          const client = stores[count % stores.length] as Store;
          if (count % 3 === 0) hub.cut(nodeOf(client));
          else hub.sever(nodeOf(client));
          await sleep(systemClock, 2 + random.below(10));
          hub.heal(nodeOf(client));
        }
      },
    });
    expect(history.register.some(({ returnedAt }) => returnedAt === undefined)).toBe(true);
    const keys = history.register as Operation<RegisterInput, RegisterOutput>[];
    const numbers = history.counter as Operation<CounterInput, CounterOutput>[];
    expect((await checkLinearizability(register(), keys)).verdict).toBe('ok');
    expect((await checkLinearizability(counter(), numbers)).verdict).toBe('ok');
  });
});
