import { ManualClock, type QueueCapabilities, seededRandom } from '@quorate/core';
import { expect, test } from 'vitest';
import type { Connections } from '../src/host/connections.ts';
import { PostgresQueueDriver } from '../src/host/queue/postgres-queue-driver.ts';

test('what a store asks of its own accord is given up where there is no answer', async () => {
  const clock = new ManualClock();
  const signals: (AbortSignal | undefined)[] = [];
  const never = new Promise<never>(() => {});
  const silent: Pick<Connections, 'run' | 'connect' | 'close'> = {
    run: (...[, , , , signal]) => {
      signals.push(signal);
      return never;
    },
    connect: () => never,
    close() {},
  };
  await using driver = new PostgresQueueDriver({
    connections: silent as Connections,
    capabilities: {} as QueueCapabilities,
    clock,
    random: seededRandom('own-calls'),
    schema: '"quorate"',
    batchesMax: 1,
    close: async () => {},
  });
  driver.watch('p/q', () => {});
  // Long enough for the first cleaning.
  clock.advance(5_000);
  expect(signals.map(signal => signal?.aborted)).toEqual([false, false]);
  clock.advance(10_000);
  expect(signals.slice(0, 2).map(signal => signal?.aborted)).toEqual([true, true]);
});
