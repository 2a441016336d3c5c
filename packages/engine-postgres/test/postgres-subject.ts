import { seededRandom, type Store, systemClock, systemRandom } from '@quorate/core';
import type { StoreSubject } from '@quorate/conformance';
import { type Proxy, type Server, startPostgres, startProxy } from '@quorate/servers';
import { createPostgresStore } from '../src/index.ts';

/** A server of its own with a store on it, each client over a link of its own that can be cut. */
export class PostgresStand implements AsyncDisposable {
  readonly server: Server;
  readonly #links = new Map<Store, Proxy>();

  constructor(server: Server) {
    this.server = server;
  }

  static async start(settings: Readonly<Record<string, string | number>> = {}): Promise<PostgresStand> {
    return new PostgresStand(await startPostgres({ settings }));
  }

  /** Where the server is, by the way of a port. */
  urlAt(port: number): string {
    return `postgres://postgres@127.0.0.1:${port}/postgres`;
  }

  linkOf(store: Store): Proxy {
    return this.#links.get(store) as Proxy;
  }

  async open(options: Partial<Parameters<typeof createPostgresStore>[0]> = {}): Promise<Store> {
    const link = await startProxy({ port: this.server.port });
    const store = await createPostgresStore({
      connectionString: this.urlAt(link.port),
      connectionsMax: 4,
      ...options,
    });
    this.#links.set(store, link);
    return store;
  }

  subject(): StoreSubject {
    return {
      name: 'PostgreSQL',
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
