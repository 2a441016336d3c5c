import type { QueueSubject, StoreSubject } from '@quorate/conformance';
import { type QueueStore, type Store, systemClock, systemRandom } from '@quorate/core';
import {
  type Proxy,
  type RedisOptions,
  type Server,
  startProxy,
  startRedis,
  startRedisCluster,
} from '@quorate/servers';
import { Cluster, Redis } from 'ioredis';
import {
  createRedisQueueStore,
  createRedisStore,
  type RedisQueueStoreOptions,
  type RedisStoreOptions,
  type RedisTemplate,
} from '../src/index.ts';

type StoreOptions = Partial<RedisStoreOptions>;

/** Everything sooner than by default, so that tests need not wait; not so soon that a disk or a machine that stands still is taken for a dead server. */
const soon: StoreOptions = { sweepMs: 200, keepAliveMs: 300, silenceMs: 5000, watchCheckMs: 5000 };

/** Redis, or a cluster of it, and stores on it that each have links of their own. */
export class RedisStand implements AsyncDisposable {
  readonly servers: readonly Server[];
  readonly options: StoreOptions;
  readonly #open = new AsyncDisposableStack();
  readonly #proxies = new Map<Store | QueueStore, readonly Proxy[]>();

  private constructor(servers: readonly Server[], options: StoreOptions) {
    this.servers = servers;
    this.options = { ...soon, ...options };
  }

  static async start(options: RedisOptions = {}, storeOptions: StoreOptions = {}): Promise<RedisStand> {
    const server = await startRedis(options);
    const stand = new RedisStand([server], storeOptions);
    stand.#open.use(server);
    return stand;
  }

  static async startCluster(): Promise<RedisStand> {
    const cluster = await startRedisCluster();
    const stand = new RedisStand(cluster.nodes, {});
    stand.#open.use(cluster);
    return stand;
  }

  get server(): Server {
    return this.servers[0] as Server;
  }

  /** Opens a store behind a proxy of its own, or as many as there are servers. */
  open(options: StoreOptions = {}): Promise<Store> {
    return this.#linked(client => createRedisStore({ client, ...this.options, ...options }));
  }

  /** The same with a queue store. */
  openQueues(options: Partial<RedisQueueStoreOptions> = {}): Promise<QueueStore> {
    const { keepAliveMs = 300, silenceMs = 5000 } = this.options;
    return this.#linked(client => createRedisQueueStore({ client, keepAliveMs, silenceMs, ...options }));
  }

  /** A client of one's own, straight to the first server. */
  client(): Redis {
    const client = new Redis(this.server.port, '127.0.0.1');
    client.on('error', () => {});
    this.#open.defer(() => client.disconnect());
    return client;
  }

  /** The link of a store on a single server. */
  proxyOf(store: Store | QueueStore): Proxy {
    return this.linksOf(store)[0] as Proxy;
  }

  subject(): StoreSubject {
    const subject: StoreSubject = {
      name: this.servers.length === 1 ? 'Redis' : 'Redis Cluster',
      clock: systemClock,
      random: systemRandom,
      ttlMs: 1000,
      patienceMs: 20_000,
      open: options => this.open(options),
      cut: store => this.linksOf(store).forEach(proxy => proxy.mute()),
      heal: store => this.linksOf(store).forEach(proxy => proxy.heal()),
      sever: store => this.linksOf(store).forEach(proxy => proxy.reset()),
    };
    return this.servers.length > 1 ? subject : { ...subject, ...this.#ends() };
  }

  queueSubject(): QueueSubject {
    const { name, clock, random, patienceMs = 20_000 } = this.subject();
    const subject: QueueSubject = {
      name,
      clock,
      random,
      patienceMs,
      leaseMs: 300,
      open: options => this.openQueues(options),
      cut: store => this.linksOf(store).forEach(proxy => proxy.mute()),
      heal: store => this.linksOf(store).forEach(proxy => proxy.heal()),
      sever: store => this.linksOf(store).forEach(proxy => proxy.reset()),
    };
    return this.servers.length > 1 ? subject : { ...subject, ...this.#ends() };
  }

  #ends(): { restart(): Promise<void>; lose(): Promise<void> } {
    return {
      restart: async () => {
        await this.server.kill();
        await this.server.restart();
      },
      lose: async () => {
        await this.client().flushall();
        await this.server.restart();
      },
    };
  }

  async #linked<Linked extends Store | QueueStore>(
    open: (template: RedisTemplate) => Promise<Linked>,
  ): Promise<Linked> {
    const proxies = await Promise.all(this.servers.map(({ port }) => startProxy({ port })));
    for (const proxy of proxies) this.#open.use(proxy);
    const store = await open(this.#template(proxies));
    this.#proxies.set(store, proxies);
    this.#open.use(store);
    return store;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#open[Symbol.asyncDispose]();
  }

  /** The links of a store, one to each server. */
  linksOf(store: Store | QueueStore): readonly Proxy[] {
    return this.#proxies.get(store) as readonly Proxy[];
  }

  #template(proxies: readonly Proxy[]): RedisTemplate {
    const [first] = proxies as [Proxy];
    if (proxies.length === 1) return new Redis({ port: first.port, host: '127.0.0.1', lazyConnect: true });
    const natMap = Object.fromEntries(
      this.servers.map(({ port }, index) => [
        `127.0.0.1:${port}`,
        { host: '127.0.0.1', port: (proxies[index] as Proxy).port },
      ]),
    );
    return new Cluster([{ host: '127.0.0.1', port: first.port }], { natMap, lazyConnect: true });
  }
}
