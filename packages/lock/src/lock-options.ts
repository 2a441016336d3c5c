import { type Clock, type Random, type Store, systemClock, systemRandom } from '@quorate/core';
import type { Purpose } from './lock.ts';
import { checkPrefix } from './lock-name.ts';
import type { TaskScope } from './lock-task.ts';
import { checkPurpose } from './purpose.ts';

/** Options of `createLocks`. */
export interface LocksOptions {
  /** Where the locks live. It stays its owner's: dispose of the locks first. */
  readonly store: Store;
  /** Default: the platform's. */
  readonly clock?: Clock;
  readonly random?: Random;
  /** Sets the locks of several programs on one store apart. Default `lock`. */
  readonly prefix?: string;
  /** How long locks outlive a process that died. Default 10,000, or the least that the store takes. */
  readonly ttlMs?: number;
  /** Default `efficiency`. */
  readonly purpose?: Purpose;
  /** How often, and for how long, a process hands a lock on within itself while others wait. Default 64, 20 ms. */
  readonly handOff?: { readonly max?: number; readonly ms?: number };
  /** Finds the task that runs now. See `asyncTasks`. */
  readonly tasks?: TaskScope;
  /** Whether a task that holds a lock may acquire it again. Default false. */
  readonly reentrant?: boolean;
  /** How often somebody who holds a lock while waiting for another looks for a deadlock. Default 2,000. */
  readonly deadlockCheckMs?: number;
}

export type CheckedOptions = Required<Omit<LocksOptions, 'tasks' | 'handOff'>> & {
  readonly tasks: TaskScope | undefined;
  readonly handOff: { readonly max: number; readonly ms: number };
};

/** @throws TypeError, RangeError; QuorateError `UNSUPPORTED` */
export function checkOptions(options: LocksOptions): CheckedOptions {
  const { store, prefix = 'lock', purpose = 'efficiency', handOff = {}, deadlockCheckMs = 2000 } = options;
  if (typeof store?.list !== 'function')
    throw new TypeError(`Store must be a Store: received ${typeof store}`);
  checkPrefix(prefix);
  checkPurpose(purpose, store.capabilities);
  const { max = 64, ms = 20 } = handOff;
  if (!Number.isInteger(max) || max < 0)
    throw new RangeError(`Number of hand-offs must be an integer of at least 0: received ${max}`);
  if (!(ms >= 0)) throw new RangeError(`Time for hand-offs in ms must be at least 0: received ${ms}`);
  if (!(deadlockCheckMs > 0 && deadlockCheckMs < 2 ** 31))
    throw new RangeError(
      `Time between looks for a deadlock in ms must be above 0: received ${deadlockCheckMs}`,
    );
  const ttlMs = options.ttlMs ?? Math.max(10_000, store.capabilities.ttlMinMs);
  checkTtl(ttlMs, store);
  return {
    store,
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    prefix,
    ttlMs,
    purpose,
    handOff: { max, ms },
    tasks: options.tasks,
    reentrant: options.reentrant ?? false,
    deadlockCheckMs,
  };
}

/** @throws RangeError */
export function checkTtl(ttlMs: number, { capabilities: { ttlMinMs } }: Store): void {
  if (ttlMs >= ttlMinMs && ttlMs < 2 ** 31) return;
  throw new RangeError(`Time to live in ms must be from ${ttlMinMs} to ${2 ** 31 - 1}: received ${ttlMs}`);
}
