import { type QueueStore, seededRandom, systemClock, systemRandom } from '@quorate/core';
import type { QueueSubject } from '@quorate/conformance';
import { LinkedClients, startPostgres } from '@quorate/servers';
import pg from 'pg';
import { createPostgresQueueStore, type PostgresQueueOptions } from '../src/index.ts';

/** A server of its own with queues on it, each client over a link of its own that can be cut. */
export class QueueStand extends LinkedClients<QueueStore> {
  static async start(settings: Readonly<Record<string, string | number>> = {}): Promise<QueueStand> {
    return new QueueStand(
      await startPostgres({ settings: { max_connections: 300, deadlock_timeout: '100ms', ...settings } }),
    );
  }

  /** Where the server is, by the way of a port. */
  urlAt(port: number): string {
    return `postgres://postgres@127.0.0.1:${port}/postgres`;
  }

  open(options: Partial<PostgresQueueOptions> = {}): Promise<QueueStore> {
    return this.openLinked(port =>
      createPostgresQueueStore({ connectionString: this.urlAt(port), connectionsMax: 4, ...options }),
    );
  }

  /** A client whose calls wait for ever where they wait for each other in a ring: the server ends none of them. */
  openPatient(options: Partial<PostgresQueueOptions> = {}): Promise<QueueStore> {
    const settings = encodeURIComponent('-c deadlock_timeout=1h');
    const connectionString = `${this.urlAt(this.server.port)}?options=${settings}`;
    return this.open({ connectionString, ...options });
  }

  /** A connection beside the stores, for what others do. It is the caller's to end. */
  async connect(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: this.urlAt(this.server.port) });
    await client.connect();
    return client;
  }

  /** Settles when a call waits for a transaction of somebody else. */
  untilOneWaits(): Promise<void> {
    return this.untilWaiting(1);
  }

  /** Settles when so many do. */
  async untilWaiting(count: number): Promise<void> {
    const client = await this.connect();
    const text = `select count(*)::integer as count from pg_stat_activity where wait_event_type = 'Lock'`;
    while (((await client.query<{ count: number }>(text)).rows[0]?.count ?? 0) < count);
    await client.end();
  }

  subject(): QueueSubject {
    return {
      name: 'PostgreSQL',
      clock: systemClock,
      random: seededRandom(systemRandom.uint32()),
      leaseMs: 250,
      patienceMs: 30_000,
      histories: process.env['QUORATE_LONG'] === undefined ? 2 : 20,
      open: ({ clock = systemClock } = {}) => this.open({ clock }),
      ...this.faults,
    };
  }
}
