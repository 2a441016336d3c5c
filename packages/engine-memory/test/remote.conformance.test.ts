import { runStoreCase, type StoreSubject, storeCases } from '@quorate/conformance';
import { nodeId, seededRandom, type Store, systemClock } from '@quorate/core';
import { afterAll, beforeAll, describe, test } from 'vitest';
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
  ttlMs: 500,
  async open({ clock = systemClock } = {}) {
    const self = nodeId(`client-${++count}`);
    const options = { clock, random: random.fork(self), patienceMs: 400, holdMs: 1000 };
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
});
