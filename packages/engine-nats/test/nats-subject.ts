import { seededRandom, type Store, systemClock, systemRandom } from '@quorate/core';
import type { StoreSubject } from '@quorate/conformance';
import { connect } from '@nats-io/transport-node';
import { type NatsOptions, type Proxy, type Server, startNats, startProxy } from '@quorate/servers';
import { createNatsStore, type NatsStoreOptions } from '../src/index.ts';

/** A server of its own with a store on it, each client over a link of its own that can be cut. */
export class NatsStand implements AsyncDisposable {
  readonly server: Server;
  readonly #links = new Map<Store, Proxy>();

  constructor(server: Server) {
    this.server = server;
  }

  static async start(options: NatsOptions = {}): Promise<NatsStand> {
    return new NatsStand(await startNats(options));
  }

  linkOf(store: Store): Proxy {
    return this.#links.get(store) as Proxy;
  }

  /** A handshake that is cut off is only given up after its timeout, so that is short. */
  connect(port: number = this.server.port): ReturnType<typeof connect> {
    return connect({
      port,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 5,
      reconnectJitter: 0,
      pingInterval: 2000,
      timeout: 1000,
    });
  }

  async open(options: Partial<NatsStoreOptions> = {}): Promise<Store> {
    const link = await startProxy({ port: this.server.port });
    const connection = await this.connect(link.port);
    const store = await createNatsStore({ connection, closesConnection: true, ...options });
    this.#links.set(store, link);
    return store;
  }

  subject(): StoreSubject {
    return {
      name: 'NATS JetStream',
      clock: systemClock,
      random: seededRandom(systemRandom.uint32()),
      ttlMs: 1000,
      patienceMs: 20_000,
      open: ({ clock = systemClock } = {}) => this.open({ clock }),
      cut: store => this.linkOf(store).mute(),
      heal: store => this.linkOf(store).heal(),
      sever: store => this.linkOf(store).reset(),
      restart: async () => {
        await this.server.kill();
        await this.server.restart();
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const link of this.#links.values()) await link[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
  }
}
