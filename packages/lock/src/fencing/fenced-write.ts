/**
 * What became of a write under a fence. `stale`: nothing was written, since somebody with a newer fence was there first; this
 * one's lock is lost, whatever its clock says.
 */
export type FencedWrite<Result> =
  | { readonly outcome: 'written'; readonly result: Result }
  | { readonly outcome: 'stale'; readonly newest: bigint };

/** The largest fence: what a signed 64-bit integer holds. */
export const fenceMax: bigint = 2n ** 63n - 1n;

/** @throws TypeError, RangeError */
export function checkFence(fence: bigint): void {
  if (typeof fence !== 'bigint') throw new TypeError(`Fence must be a bigint: received ${String(fence)}`);
  if (fence >= 0n && fence <= fenceMax) return;
  throw new RangeError(`Fence must be from 0 to ${fenceMax}: received ${fence}`);
}

/** @throws TypeError, RangeError */
export function checkResource(resource: string): void {
  if (typeof resource !== 'string')
    throw new TypeError(`Name of a resource must be a string: received ${String(resource)}`);
  if (resource === '') throw new RangeError('Name of a resource must not be empty');
}
