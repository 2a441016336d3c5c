import { type Clock, type QueueStore, QuorateError } from '@quorate/core';
import { EngineTime } from '../tasks/engine-time.ts';
import { jsonBytes, jsonValue } from '../tasks/json-bytes.ts';
import type { CheckedRate } from './rate.ts';
import type { ReserveTurns } from './rate-limiter.ts';

/** Where the next turn of a queue stands. */
export function rateKey(queue: string): string {
  return `${queue}/~rate`;
}

/** How long a record outlives its last turn; and how far the engine's clock may go back without being noticed. */
const idleMs = 60_000;

/**
 * Turns of all consumers of a queue: a state record says on the engine's clock when the next is, and when that was written. How far
 * ahead it is says nothing: each consumer may have reserved some.
 */
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
      const firstMs = Math.max(record === undefined ? 0 : standing(record.value, nowMs), nowMs);
      const nextMs = firstMs + count * intervalMs;
      const result = await store.state.write(
        {
          key,
          value: jsonBytes('Turn', [nextMs, nowMs]),
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

/** The next turn that a record says; 0 where it was written in the future: somebody set the engine's clock back since. */
function standing(value: Uint8Array, nowMs: number): number {
  const [nextMs, writtenMs] = jsonValue(value) as readonly [number, number];
  return writtenMs <= nowMs + idleMs ? nextMs : 0;
}
