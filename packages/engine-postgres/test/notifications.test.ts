import { EventEmitter } from 'node:events';
import { ManualClock, seededRandom } from '@quorate/core';
import { expect, test } from 'vitest';
import { Connections } from '../src/host/connections.ts';
import { Notifications } from '../src/host/notifications.ts';
import type { PostgresConnection, PostgresPool } from '../src/postgres-client.ts';

/** A connection that keeps what it is asked, and refuses it where it is told to. */
class FakeConnection extends EventEmitter {
  readonly asked: string[] = [];
  refusal: Error | undefined;

  async query({ text }: { text: string }): Promise<{ rows: [] }> {
    this.asked.push(text);
    if (this.refusal !== undefined) throw this.refusal;
    return { rows: [] };
  }

  release(): void {}
}

function listeningTo(connections: FakeConnection[]): { notifications: Notifications; clock: ManualClock } {
  const clock = new ManualClock();
  const waiting = [...connections];
  const pool: PostgresPool = {
    connect: async () => waiting.shift() as unknown as PostgresConnection,
    on: () => {},
    off: () => {},
    end: async () => {},
  };
  const notifications = new Notifications(new Connections(pool, true, clock), clock, seededRandom(1));
  return { notifications, clock };
}

/** Lets everything happen that waits for nothing but the clock, of which a second goes by. */
async function passSecond(clock: ManualClock): Promise<void> {
  for (let step = 0; step < 10; step++) {
    clock.advance(100);
    await new Promise(resolve => setImmediate(resolve));
  }
}

test('a connection that ends a second time, late, does not take away the one that came after it', async () => {
  const [first, second] = [new FakeConnection(), new FakeConnection()];
  const { notifications, clock } = listeningTo([first, second]);
  notifications.add('one', () => {});
  await passSecond(clock);
  first.emit('error', new Error('broken'));
  await passSecond(clock);
  expect(second.asked).toContain('listen one');
  first.emit('end');
  notifications.add('two', () => {});
  expect(second.asked).toContain('listen two');
  notifications.close();
});

test('where the server refuses to listen, another connection is tried', async () => {
  const [first, second] = [new FakeConnection(), new FakeConnection()];
  first.refusal = Object.assign(new Error('cannot execute LISTEN during recovery'), { code: '25006' });
  const { notifications, clock } = listeningTo([first, second]);
  let looks = 0;
  notifications.add('one', payload => (looks += payload === undefined ? 1 : 0));
  await passSecond(clock);
  expect(second.asked).toContain('listen one');
  expect(looks).toBe(1);
  notifications.close();
});

test('a server that never listens is tried less and less often, and soon again once one has listened', async () => {
  const connections = Array.from({ length: 300 }, () => new FakeConnection());
  const refusal = Object.assign(new Error('cannot execute LISTEN during recovery'), { code: '25006' });
  for (const connection of connections) connection.refusal = refusal;
  const { notifications, clock } = listeningTo(connections);
  const tried = (): number => connections.filter(({ asked }) => asked.length > 0).length;
  notifications.add('one', () => {});
  for (let second = 0; second < 20; second++) await passSecond(clock);
  const before = tried();
  expect(before).toBeLessThan(40);
  for (const connection of connections) connection.refusal = undefined;
  for (let second = 0; second < 3; second++) await passSecond(clock);
  const listening = connections[before] as FakeConnection;
  expect(listening.asked).toContain('listen one');
  listening.emit('error', new Error('broken'));
  await passSecond(clock);
  expect(connections[before + 1]?.asked).toContain('listen one');
  notifications.close();
});
