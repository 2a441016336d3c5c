import { type Clock, type QueueStore, QuorateError } from '@quorate/core';
import { EngineTime } from '../tasks/engine-time.ts';
import { jsonBytes, jsonValue } from '../tasks/json-bytes.ts';
import type { CheckedRate } from './rate.ts';
import type { ReserveTurns } from './rate-limiter.ts';

/** Where the next turn of a queue stands. */
export function rateKey(queue: string): string {
  return `${queue}/~rate`;
}

/** How long a record outlives its last turn. */
const idleMs = 60_000;

/** Turns of all consumers of a queue: a state record says on the engine's clock when the next is. */
export function sharedTurns(
  store: QueueStore,
  clock: Clock,
  queue: string,
  { intervalMs }: CheckedRate,
): ReserveTurns {
  const time = new EngineTime(store, clock);
  const key = rateKey(queue);
  return async (count, signal) => {
    let record = await store.state.get(key, { signal });
    for (;;) {
      const nowMs = await time.now();
      const next = record && jsonValue(record.value);
      // What lies further ahead was not reserved so: somebody set the engine's clock back.
      const latestMs = nowMs + idleMs + 100 * intervalMs;
      const firstMs = Math.max(typeof next === 'number' && next <= latestMs ? next : 0, nowMs);
      const nextMs = firstMs + count * intervalMs;
      const result = await store.state.write(
        {
          key,
          value: jsonBytes('Turn', nextMs),
          version: record?.version ?? 0,
          expiresAtMs: nextMs + idleMs,
        },
        { signal },
      );
      if (result.outcome === 'applied') return clock.monotonicMs() + firstMs - nowMs;
      // One that may have taken effect is lost: others' turns come after it.
      if (result.outcome === 'unknown')
        throw new QuorateError('UNAVAILABLE', 'Nobody knows whether turns were reserved', {
          retryable: true,
          cause: result.cause,
        });
      record = result.current;
    }
  };
}
