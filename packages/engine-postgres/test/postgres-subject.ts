import { seededRandom, type Store, systemClock, systemRandom } from '@quorate/core';
import type { StoreSubject } from '@quorate/conformance';
import { LinkedClients, startPostgres } from '@quorate/servers';
import { createPostgresStore } from '../src/index.ts';

/** A server of its own with a store on it, each client over a link of its own that can be cut. */
export class PostgresStand extends LinkedClients<Store> {
  static async start(settings: Readonly<Record<string, string | number>> = {}): Promise<PostgresStand> {
    return new PostgresStand(await startPostgres({ settings }));
  }

  /** Where the server is, by the way of a port. */
  urlAt(port: number): string {
    return `postgres://postgres@127.0.0.1:${port}/postgres`;
  }

  open(options: Partial<Parameters<typeof createPostgresStore>[0]> = {}): Promise<Store> {
    return this.openLinked(port =>
      createPostgresStore({ connectionString: this.urlAt(port), connectionsMax: 4, ...options }),
    );
  }

  subject(): StoreSubject {
    return {
      name: 'PostgreSQL',
      clock: systemClock,
      random: seededRandom(systemRandom.uint32()),
      ttlMs: 1000,
      patienceMs: 20_000,
      open: ({ clock = systemClock } = {}) => this.open({ clock }),
      ...this.faults,
    };
  }
}
