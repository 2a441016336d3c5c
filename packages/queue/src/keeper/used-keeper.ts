import type { LeaseKeeper } from '../working/lease-keeper.ts';
import { checkLeaseKeeper, leaseKeeper, type LeaseKeeperOptions } from './lease-keeper.ts';

/** A keeper of leases, and what ends with those who use it, where it was made for them. */
export interface UsedKeeper {
  readonly keeper: LeaseKeeper | undefined;
  readonly own: AsyncDisposable | undefined;
}

/**
 * Takes a keeper, or makes one.
 *
 * @param onTrouble told of one that is made, where its options name nobody
 * @throws TypeError, RangeError
 */
export function usedKeeper(
  given: LeaseKeeper | LeaseKeeperOptions | undefined,
  onTrouble?: (error: unknown) => void,
): UsedKeeper {
  checkKeeper(given);
  if (given === undefined || 'keep' in given) return { keeper: given, own: undefined };
  const own = leaseKeeper({ ...(onTrouble && { onTrouble }), ...given });
  return { keeper: own, own };
}

/** @throws TypeError, RangeError */
export function checkKeeper(given: LeaseKeeper | LeaseKeeperOptions | undefined): void {
  if (given === undefined || typeof (given as Partial<LeaseKeeper> | null)?.keep === 'function') return;
  if (typeof given !== 'object' || given === null || !('module' in given))
    throw new TypeError(
      `Keeper must be one of leaseKeeper, or how to make one: received ${given === null ? 'null' : typeof given}`,
    );
  checkLeaseKeeper(given);
}
