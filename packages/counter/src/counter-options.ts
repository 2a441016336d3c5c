import { type Clock, QuorateError, type Random, type Store, systemClock, systemRandom } from '@quorate/core';
import { checkPrefix } from './counter-name.ts';

/** Options of `createCounters`. */
export interface CountersOptions {
  /** Where the numbers live. It stays its owner's: dispose of the counters first. */
  readonly store: Store;
  /** Default: the platform's. */
  readonly clock?: Clock;
  readonly random?: Random;
  /** Sets the counters of several programs on one store apart. Default `counter`. */
  readonly prefix?: string;
  /** How long an addition whose answer was lost is asked after. Default 10,000, or the least that the store takes. */
  readonly ttlMs?: number;
  /** The most additions to one counter that may wait for the store. Default 1,000,000. */
  readonly pendingMax?: number;
  /** How long tokens of keyed additions are kept at least. Default 600,000. */
  readonly tokenTtlMs?: number;
}

/** @throws TypeError, RangeError; QuorateError `UNSUPPORTED` */
export function checkOptions(options: CountersOptions): Required<CountersOptions> {
  const { store, prefix = 'counter', pendingMax = 1_000_000 } = options;
  if (typeof store?.put !== 'function') throw new TypeError('Store must be a Store: it has no put');
  if (!store.capabilities.linearizable)
    throw new QuorateError('UNSUPPORTED', 'Store is not fit for counters: it is not linearizable', {
      outcome: 'not-applied',
    });
  checkPrefix(prefix);
  if (!Number.isSafeInteger(pendingMax) || pendingMax < 1)
    throw new RangeError(
      `Number of additions that wait must be an integer of at least 1: received ${pendingMax}`,
    );
  const ttlMs = options.ttlMs ?? Math.max(10_000, store.capabilities.ttlMinMs);
  checkTtl(ttlMs, store);
  const tokenTtlMs = options.tokenTtlMs ?? Math.max(600_000, store.capabilities.ttlMinMs);
  checkTtl(tokenTtlMs, store);
  checkTtl(tokenTtlMs * 1.5, store);
  const { clock = systemClock, random = systemRandom } = options;
  return { store, clock, random, prefix, ttlMs, pendingMax, tokenTtlMs };
}

/** @throws RangeError */
export function checkTtl(ttlMs: number, { capabilities: { ttlMinMs } }: Store): void {
  if (ttlMs >= ttlMinMs && ttlMs < 2 ** 31) return;
  throw new RangeError(`Time to live in ms must be from ${ttlMinMs} to ${2 ** 31 - 1}: received ${ttlMs}`);
}
