import { systemClock, systemRandom, type Store } from '@quorate/core';
import type { StoreSubject } from '@quorate/conformance';
import { type Proxy, type RedisOptions, type Server, startProxy, startRedis } from '@quorate/servers';
import { Redis } from 'ioredis';
import { createRedisStore, type RedisStoreOptions } from '../src/index.ts';

/** A Redis server, and stores on it that each have a link of their own. */
export class RedisStand implements AsyncDisposable {
  readonly server: Server;
  readonly #open = new AsyncDisposableStack();
  readonly #proxies = new Map<Store, Proxy>();
  readonly options: Partial<RedisStoreOptions>;

  private constructor(server: Server, options: Partial<RedisStoreOptions>) {
    this.server = server;
    this.options = options;
  }

  static async start(
    options: RedisOptions = { appendfsync: 'always' },
    storeOptions: Partial<RedisStoreOptions> = {
      sweepMs: 200,
      keepAliveMs: 300,
      silenceMs: 1000,
      watchCheckMs: 5000,
    },
  ): Promise<RedisStand> {
    return new RedisStand(await startRedis(options), storeOptions);
  }

  /** Opens a store behind a proxy of its own. */
  async open(options: Partial<RedisStoreOptions> = {}): Promise<Store> {
    const proxy = this.#open.use(await startProxy({ port: this.server.port }));
    const client = new Redis({ port: proxy.port, host: '127.0.0.1', lazyConnect: true });
    const store = await createRedisStore({ client, ...this.options, ...options });
    this.#proxies.set(store, proxy);
    this.#open.use(store);
    return store;
  }

  /** A client of one's own, straight to the server. */
  client(): Redis {
    const client = new Redis(this.server.port, '127.0.0.1');
    client.on('error', () => {});
    this.#open.defer(() => client.disconnect());
    return client;
  }

  proxyOf(store: Store): Proxy {
    return this.#proxies.get(store) as Proxy;
  }

  subject(): StoreSubject {
    return {
      name: 'Redis',
      clock: systemClock,
      random: systemRandom,
      ttlMs: 400,
      open: options => this.open(options),
      cut: store => this.proxyOf(store).mute(),
      heal: store => this.proxyOf(store).heal(),
      sever: store => this.proxyOf(store).reset(),
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

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#open[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
  }
}
