import {
  type LockKind,
  type LockPlace,
  type LockSize,
  type PlacedLock,
  bytesOf,
  findLock,
  placeLock,
} from './lock-place.ts';
import { type CheckedSeat, type Seat, checkSeat } from './seat.ts';

/** Room that a lock takes. */
export interface RoomOptions {
  /** Threads that can wait at a time; waits of one thread's tasks count as one, but for a condition's. Default twice the team's capacity. */
  readonly waitersMax?: number | undefined;
}

/** How a lock is made. */
export interface CreateOptions extends Seat, RoomOptions {
  /** For people: in errors and in `describe()`. Up to 64 bytes of UTF-8. Default the lock's kind. */
  readonly name?: string | undefined;
  /** Where to put it. Default: shared memory of its own. */
  readonly buffer?: SharedArrayBuffer | undefined;
  /** A multiple of 16. Default 0. */
  readonly byteOffset?: number | undefined;
  /**
   * Each time that a lock has been given back this often while somebody waited, it is handed to who has waited longest.
   * 1 is strictly first come, first served among those who wait, and slow. Default 16.
   */
  readonly handOffEvery?: number | undefined;
}

const limitMax = 0x1_0000;

/** @throws RangeError */
export function checkCount(what: string, count: number, max: number = limitMax): number {
  if (Number.isInteger(count) && count >= 1 && count <= max) return count;
  throw new RangeError(`${what} must be an integer from 1 to ${max}: received ${count}`);
}

export interface Placed {
  readonly lock: PlacedLock;
  readonly seat: CheckedSeat;
}

export function sizeOf(kind: LockKind, capacity: number, slots: number, options: RoomOptions): LockSize {
  const cells = checkCount('Most waiters', options.waitersMax ?? Math.min(2 * capacity, limitMax));
  return { kind, slots, capacity, cells };
}

/** Bytes of a lock for a team of `capacity`. */
export function bytesFor(
  kind: LockKind,
  { capacity }: { readonly capacity: number },
  slots: number,
  options: RoomOptions,
): number {
  return bytesOf(sizeOf(kind, capacity, slots, options));
}

/** Places a new lock. @throws as {@link placeLock} and for options that are none */
export function createPlaced(kind: LockKind, slots: number, options: CreateOptions): Placed {
  const seat = checkSeat(options);
  const handOffEvery = checkCount('Hand-off interval', options.handOffEvery ?? 16, 0x7fff_ffff);
  const size = sizeOf(kind, seat.team.capacity, slots, options);
  const { name = kind, buffer, byteOffset } = options;
  return { lock: placeLock(size, { name, handOffEvery, buffer, byteOffset }), seat };
}

/** Finds a lock that another thread placed. @throws as {@link findLock} */
export function attachPlaced(kind: LockKind, place: LockPlace, options: Seat): Placed {
  const seat = checkSeat(options);
  return { lock: findLock(kind, place, seat.team.capacity), seat };
}
