import { QuorateError } from '@quorate/core';
import { defineStruct, type StructView } from '@quorate/threads';

/** Where a queue or stream lies in shared memory: plain data, to be handed to other threads. */
export interface RingPlace {
  readonly buffer: SharedArrayBuffer;
  readonly byteOffset: number;
}

/** What lies there. The number is in memory: never use one again for something else. */
export const ringKinds = { queue: 1, stream: 2 } as const;

export type RingKind = keyof typeof ringKinds;

/** How large a ring is. */
export interface RingSize {
  /** Slots; a power of two. */
  readonly capacity: number;
  /** The most bytes of a message. */
  readonly messageBytes: number;
}

/** Where to put it, and what to call it. */
export interface PlaceOptions {
  /** For people: in errors and in `describe()`. Up to 64 bytes of UTF-8. Default: the kind. */
  readonly name?: string | undefined;
  /** Default: shared memory of its own. */
  readonly buffer?: SharedArrayBuffer | undefined;
  /** A multiple of 16. Default 0. */
  readonly byteOffset?: number | undefined;
}

/** `QRQ` and the version of the layout. */
const magic = 0x5152_5101;
const nameMaxBytes = 64;

const Header = defineStruct(
  {
    magic: 'int32',
    kind: 'int32',
    capacity: 'int32',
    messageBytes: 'int32',
    stages: 'int32',
    nameBytes: 'int32',
    name: ['uint8', nameMaxBytes],
  },
  { isolate: true },
);

/** Bytes before the words that the kinds have of their own. */
export const headerBytes: number = Header.size;

/** Bytes of a slot before its message. */
export const slotHeadBytes = 16;

/** What the byte offset of a ring must be a multiple of. */
export const ringAlign = 16;

/** Bytes from one slot to the next. */
export function slotStride({ messageBytes }: RingSize): number {
  return slotHeadBytes + Math.ceil(messageBytes / ringAlign) * ringAlign;
}

const capacityMax = 0x10_0000;
const messageBytesMax = 0x100_0000;
const bytesMax = 0x4000_0000;

/** @throws RangeError */
export function checkSize({ capacity, messageBytes }: RingSize): RingSize {
  if (
    !Number.isInteger(capacity) ||
    capacity < 4 ||
    capacity > capacityMax ||
    (capacity & (capacity - 1)) !== 0
  )
    throw new RangeError(`Capacity must be a power of two from 4 to ${capacityMax}: received ${capacity}`);
  if (!Number.isInteger(messageBytes) || messageBytes < 1 || messageBytes > messageBytesMax)
    throw new RangeError(
      `Bytes of a message must be an integer from 1 to ${messageBytesMax}: received ${messageBytes}`,
    );
  const bytes = capacity * slotStride({ capacity, messageBytes });
  if (bytes > bytesMax)
    throw new RangeError(`Slots must have at most ${bytesMax} bytes together: received ${bytes}`);
  return { capacity, messageBytes };
}

/** A ring as one thread sees it. */
export interface PlacedRing extends RingSize {
  readonly place: RingPlace;
  readonly name: string;
  /** Stages of a stream; 0 for a queue. */
  readonly stages: number;
}

/**
 * Writes a new ring's header. Whatever was there is overwritten, so no thread may be using it.
 *
 * @param bytes of all of it
 * @throws RangeError where it does not fit; QuorateError `UNSUPPORTED` where there is no shared memory
 */
export function placeRing(
  kind: RingKind,
  size: RingSize,
  stages: number,
  bytes: number,
  options: PlaceOptions,
): PlacedRing {
  const { name = kind, byteOffset = 0 } = options;
  const nameBytes = new TextEncoder().encode(name);
  if (nameBytes.length > nameMaxBytes)
    throw new RangeError(
      `Name of a ${kind} must have at most ${nameMaxBytes} bytes of UTF-8: received "${name}"`,
    );
  const buffer = options.buffer ?? sharedMemory(byteOffset + bytes);
  if (byteOffset + bytes > buffer.byteLength)
    throw new RangeError(
      `Buffer must have at least ${byteOffset + bytes} bytes for the ${kind}: it has ${buffer.byteLength}`,
    );
  const header = headerAt(buffer, byteOffset);
  new Uint8Array(buffer, byteOffset, bytes).fill(0);
  header.name.set(nameBytes);
  header.nameBytes[0] = nameBytes.length;
  header.kind[0] = ringKinds[kind];
  header.capacity[0] = size.capacity;
  header.messageBytes[0] = size.messageBytes;
  header.stages[0] = stages;
  return { place: { buffer, byteOffset }, name, stages, ...size };
}

/** The last step of making a ring: others may attach. */
export function openRing({ place }: PlacedRing): void {
  Atomics.store(headerAt(place.buffer, place.byteOffset).magic, 0, magic);
}

/**
 * Finds the ring that another thread placed.
 *
 * @throws TypeError where there is none of this kind and version; RangeError where it lies outside the buffer
 */
export function findRing(kind: RingKind, { buffer, byteOffset }: RingPlace): PlacedRing {
  const header = headerAt(buffer, byteOffset);
  if (Atomics.load(header.magic, 0) !== magic || header.kind[0] !== ringKinds[kind])
    throw new TypeError(`Memory at byte ${byteOffset} must hold a ${kind} of this version: it does not`);
  return {
    place: { buffer, byteOffset },
    name: new TextDecoder().decode(header.name.slice(0, header.nameBytes[0])),
    stages: header.stages[0] as number,
    capacity: header.capacity[0] as number,
    messageBytes: header.messageBytes[0] as number,
  };
}

function headerAt(buffer: SharedArrayBuffer, byteOffset: number): StructView<typeof Header> {
  return Header.view(buffer, byteOffset);
}

function sharedMemory(bytes: number): SharedArrayBuffer {
  if (typeof SharedArrayBuffer === 'undefined')
    throw new QuorateError(
      'UNSUPPORTED',
      'There is no shared memory here: the page is not cross-origin isolated',
      { outcome: 'not-applied' },
    );
  return new SharedArrayBuffer(bytes);
}
