import { EventEmitter } from 'node:events';
import { ManualClock } from '@quorate/core';
import { expect, test } from 'vitest';
import { Connections } from '../src/host/connections.ts';
import type { PostgresConnection, PostgresPool } from '../src/postgres-client.ts';

/** A connection on which no answer comes, until its socket is destroyed. */
class SilentConnection extends EventEmitter {
  readonly released: (boolean | undefined)[] = [];
  #fail: (error: Error) => void = () => {};
  readonly connection = {
    stream: { destroy: (): void => this.#fail(new Error('Connection terminated')) },
  };

  query(): Promise<never> {
    return new Promise((_, reject) => (this.#fail = reject));
  }

  release(destroy?: boolean): void {
    this.released.push(destroy);
  }
}

test('a call that was given up lets go of its connection, also where no answer ever comes', async () => {
  const [silent, clock] = [new SilentConnection(), new ManualClock()];
  const pool: PostgresPool = {
    connect: async () => silent as unknown as PostgresConnection,
    on: () => {},
    off: () => {},
    end: async () => {},
  };
  const controller = new AbortController();
  const running = new Connections(pool, true, clock).run('name', 'text', [], {}, controller.signal);
  running.catch(() => {});
  await Promise.resolve().then(() => {});
  clock.advance(60_000);
  expect(silent.released).toEqual([]);
  controller.abort();
  clock.advance(1000);
  expect(silent.released).toEqual([]);
  clock.advance(1000);
  await expect(running).rejects.toMatchObject({ code: 'UNAVAILABLE', outcome: 'unknown' });
  expect(silent.released).toEqual([true]);
});

test('closing ends the wait for a connection that a pool which ends would never give', async () => {
  const released: unknown[] = [];
  let give: (connection: PostgresConnection) => void = () => {};
  const pool: PostgresPool = {
    connect: () => new Promise(resolve => (give = resolve)),
    on: () => {},
    off: () => {},
    end: async () => {},
  };
  const connections = new Connections(pool, true, new ManualClock());
  const running = connections.run('name', 'text', [], {});
  connections.close();
  await expect(running).rejects.toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied' });
  // One that comes after all goes back.
  give({ on: () => {}, release: (destroy?: boolean) => released.push(destroy) } as never);
  await Promise.resolve();
  expect(released).toEqual([undefined]);
});
