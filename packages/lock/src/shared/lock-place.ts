import { QuorateError } from '@quorate/core';
import { type Struct, type StructView, defineStruct } from '@quorate/threads';

/** Where a lock lies in shared memory: plain data, to be handed to other threads. */
export interface LockPlace {
  readonly buffer: SharedArrayBuffer;
  readonly byteOffset: number;
}

/** What lies there. The number is in memory: never use one again for something else. */
export const lockKinds = {
  mutex: 1,
  semaphore: 2,
  'read-write lock': 3,
  condition: 4,
  'ticket lock': 5,
  'MCS lock': 6,
} as const;

export type LockKind = keyof typeof lockKinds;

/** How large a lock is. */
export interface LockSize {
  readonly kind: LockKind;
  /** Words that can be owned: one for each permit. */
  readonly slots: number;
  /** Members of the team at a time. */
  readonly capacity: number;
  /** Waiters at a time. */
  readonly cells: number;
}

/** `QLK` and the version of the layout. */
const magic = 0x514c_4b01;
const nameMaxBytes = 64;

/** What every lock begins with. Written once, before other threads see it. */
const Header = defineStruct({
  magic: 'int32',
  kind: 'int32',
  slots: 'int32',
  capacity: 'int32',
  cells: 'int32',
  handOffEvery: 'int32',
  nameBytes: 'int32',
  name: ['uint8', nameMaxBytes],
});

type LockFields = {
  readonly header: readonly ['uint8', number];
  readonly waiting: 'int32';
  readonly turns: 'int32';
  readonly suspect: 'int32';
  readonly drain: 'int32';
  readonly readersTop: 'int32';
  readonly owners: readonly ['int32', number];
  readonly counters: readonly ['int32', number];
  readonly cellsTop: 'int32';
  readonly lastTicket: 'int32';
  readonly states: readonly ['int32', number];
  readonly tickets: readonly ['int32', number];
  readonly members: readonly ['int32', number];
};

/** The words of a lock; which of them mean what is said where they are used. */
export type LockWords = StructView<Struct<LockFields>>;

/** Words between two members' own words: as many as keep them on different cache lines. */
export const memberStride = 16;

/** Locks in which each member has words of its own. */
const keepsMembers: ReadonlySet<LockKind> = new Set(['read-write lock', 'MCS lock']);

/** What holders write is apart from what waiters write; each member's own words are apart from all others'. */
function layOut({ kind, slots, capacity, cells }: LockSize): Struct<LockFields> {
  const memberWords = keepsMembers.has(kind) ? capacity * memberStride : 1;
  return defineStruct([
    { header: ['uint8', Header.size] },
    {
      waiting: 'int32',
      turns: 'int32',
      suspect: 'int32',
      drain: 'int32',
      readersTop: 'int32',
      owners: ['int32', slots],
    },
    {
      counters: ['int32', 4],
      cellsTop: 'int32',
      lastTicket: 'int32',
      states: ['int32', cells],
      tickets: ['int32', cells],
    },
    { members: ['int32', memberWords] },
  ]) as unknown as Struct<LockFields>;
}

/** What the byte offset of a lock must be a multiple of. */
export const lockAlign = 16;

/** Bytes that a lock takes; a multiple of {@link lockAlign}, and far enough that its neighbour is on other cache lines. */
export function bytesOf(size: LockSize): number {
  return layOut(size).size;
}

/** How a lock is set up. */
export interface PlaceOptions {
  readonly name: string;
  readonly handOffEvery: number;
  /** Default: memory of its own. */
  readonly buffer?: SharedArrayBuffer | undefined;
  readonly byteOffset?: number | undefined;
}

/** A lock's memory as one thread sees it. */
export interface PlacedLock {
  readonly place: LockPlace;
  readonly name: string;
  readonly size: LockSize;
  readonly handOffEvery: number;
  readonly words: LockWords;
}

/**
 * Writes a new lock. Whatever was there is overwritten, so no thread may be using it.
 *
 * @throws RangeError where it does not fit; QuorateError `UNSUPPORTED` where there is no shared memory
 */
export function placeLock(size: LockSize, options: PlaceOptions): PlacedLock {
  const { name, handOffEvery, byteOffset = 0 } = options;
  const nameBytes = new TextEncoder().encode(name);
  if (nameBytes.length > nameMaxBytes)
    throw new RangeError(
      `Name of a lock must have at most ${nameMaxBytes} bytes of UTF-8: received "${name}"`,
    );
  const bytes = bytesOf(size);
  const buffer = options.buffer ?? sharedMemory(byteOffset + bytes);
  const words = layOut(size).view(buffer, byteOffset);
  const header = Header.view(buffer, byteOffset);
  new Uint8Array(buffer, byteOffset, bytes).fill(0);
  header.name.set(nameBytes);
  header.nameBytes[0] = nameBytes.length;
  header.kind[0] = lockKinds[size.kind];
  header.slots[0] = size.slots;
  header.capacity[0] = size.capacity;
  header.cells[0] = size.cells;
  header.handOffEvery[0] = handOffEvery;
  Atomics.store(header.magic, 0, magic);
  return { place: { buffer, byteOffset }, name, size, handOffEvery, words };
}

/**
 * Finds the lock that another thread placed.
 *
 * @throws TypeError where there is none of this kind and version; RangeError where it lies outside the buffer, or was made for
 *   a team of another capacity
 */
export function findLock(kind: LockKind, { buffer, byteOffset }: LockPlace, capacity: number): PlacedLock {
  const header = Header.view(buffer, byteOffset);
  if (Atomics.load(header.magic, 0) !== magic || header.kind[0] !== lockKinds[kind])
    throw new TypeError(`Memory at byte ${byteOffset} must hold a ${kind} of this version: it does not`);
  const size = {
    kind,
    slots: header.slots[0] as number,
    capacity: header.capacity[0] as number,
    cells: header.cells[0] as number,
  };
  if (size.capacity !== capacity)
    throw new RangeError(
      `Team must have the capacity that the ${kind} was made for, ${size.capacity}: it has ${capacity}`,
    );
  return {
    place: { buffer, byteOffset },
    name: new TextDecoder().decode(header.name.slice(0, header.nameBytes[0])),
    size,
    handOffEvery: header.handOffEvery[0] as number,
    words: layOut(size).view(buffer, byteOffset),
  };
}

function sharedMemory(bytes: number): SharedArrayBuffer {
  if (typeof SharedArrayBuffer === 'function') return new SharedArrayBuffer(bytes);
  throw new QuorateError(
    'UNSUPPORTED',
    'There is no shared memory here: the page is not cross-origin isolated',
    {
      outcome: 'not-applied',
    },
  );
}
