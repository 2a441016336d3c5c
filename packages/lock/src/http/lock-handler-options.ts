import { type Clock, type Random, type Store, systemClock, systemRandom } from '@quorate/core';
import { checkPrefix } from '../lock-name.ts';
import type { RequestLimits } from './lock-request.ts';

/** Options of `createLockHandler`. */
export interface LockHandlerOptions {
  /** Where the locks live. It stays its owner's. */
  readonly store: Store;
  readonly clock?: Clock;
  readonly random?: Random;
  /** As in `createLocks`: with the same one the locks are the same. Default `lock`. */
  readonly prefix?: string;
  /** What the path begins with. Default `/locks/`. */
  readonly path?: string;
  /** The longest time for which a lock is given. Default 3,600,000. */
  readonly ttlMaxMs?: number;
  /** Default 16,384. */
  readonly bodyMaxBytes?: number;
  /** How long the store may take for one call. Default 10,000. */
  readonly storeDeadlineMs?: number;
}

export type CheckedHandlerOptions = Required<LockHandlerOptions> & RequestLimits;

/** @throws TypeError, RangeError */
export function checkHandlerOptions(options: LockHandlerOptions): CheckedHandlerOptions {
  const { store, prefix = 'lock', path = '/locks/', ttlMaxMs = 3_600_000 } = options;
  const { bodyMaxBytes = 16_384, storeDeadlineMs = 10_000 } = options;
  checkPrefix(prefix);
  if (!/^\/(?:.*\/)?$/.test(path))
    throw new RangeError(`Path must begin and end with "/": received "${path}"`);
  const { ttlMinMs } = store.capabilities;
  if (!(ttlMaxMs >= ttlMinMs && ttlMaxMs < 2 ** 31))
    throw new RangeError(
      `Longest time to live in ms must be from ${ttlMinMs} to ${2 ** 31 - 1}: received ${ttlMaxMs}`,
    );
  for (const [what, value] of Object.entries({ bodyMaxBytes, storeDeadlineMs })) {
    if (!(value > 0)) throw new RangeError(`Option ${what} must be above 0: received ${value}`);
  }
  return {
    store,
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    prefix,
    path,
    ttlMinMs,
    ttlMaxMs,
    bodyMaxBytes,
    storeDeadlineMs,
  };
}
