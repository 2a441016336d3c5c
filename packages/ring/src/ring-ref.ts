import { QuorateError } from '@quorate/core';
import { xxh32Bytes } from './hash/xxh32.ts';
import { Ring } from './ring.ts';
import { sharedMemory } from './shared-memory.ts';

/** A slot for rings as other threads receive it: structured-cloneable, to be given to `RingRef.attach`. */
export interface RingRefHandle {
  readonly buffer: SharedArrayBuffer;
}

/** How large a slot is. */
export interface RingRefOptions {
  /** Largest snapshot that will ever be put in, in bytes. Default: four times that of the first ring, up to the limit. */
  readonly maxBytes?: number | undefined;
}

/*
 * The slot in shared memory: four words, then two places for snapshots, of which the epoch's lowest bit names the one
 * to read. Each place begins with the length and the checksum of what is in it.
 *
 *   0 magic | 1 published epoch | 2 begun epoch | 3 bytes of a place | ... | place 0 | place 1
 *
 * Writer:  begun = e + 1;  write place (e + 1) & 1;  published = e + 1
 * Reader:  e = published;  copy place e & 1;         whole if begun <= e + 1 and the checksum is right, else again
 *
 * A reader is disturbed only when the writer publishes one ring and begins another during the copy. The checksum, which
 * covers the epoch, stands in for the fences between plain and atomic accesses that JavaScript does not have.
 * The atomic accesses that bound the copying are read-modify-writes for the same reason: as machine code has them, plain
 * accesses move past those in neither direction, as they may past a load or a store.
 */
const MAGIC = 0x52514e52;
const PUBLISHED = 1;
const BEGUN = 2;
const PLACE_BYTES = 3;
const HEADER_BYTES = 64;
const PLACE_HEADER_BYTES = 64;
const ATTEMPTS_MAX = 1000;

/**
 * One slot that all threads read their ring from, and one thread replaces it in.
 *
 * `current` costs one atomic read while nothing changed. After a swap each thread copies the new ring once, under a
 * sequence lock: so a ring, once handed out, never changes under a lookup, however long its user keeps it and however
 * often the slot is swapped, and a thread that dies, as reader or as writer, holds up nobody. Threads that should share
 * one set of tables pass `ring.share()` around instead.
 */
export class RingRef {
  readonly handle: RingRefHandle;
  readonly #words: Int32Array;
  readonly #writer: boolean;
  #epoch = -1;
  #ring: Ring | undefined;

  private constructor(buffer: SharedArrayBuffer, writer: boolean) {
    this.handle = { buffer };
    this.#words = new Int32Array(buffer, 0, HEADER_BYTES / 4);
    this.#writer = writer;
  }

  /**
   * Makes a slot with a ring in it. The thread that makes it is the only one that may swap.
   *
   * @throws RangeError if the ring needs more than `maxBytes`.
   */
  static create(ring: Ring, options: RingRefOptions = {}): RingRef {
    const { maxBytes = Math.min(4 * ring.draft().bytes, MAX_BYTES_MAX) } = options;
    if (!(Number.isInteger(maxBytes) && maxBytes > 0 && maxBytes <= MAX_BYTES_MAX)) {
      throw new RangeError(`maxBytes must be an integer from 1 to ${MAX_BYTES_MAX}: received ${maxBytes}`);
    }
    const placeBytes = PLACE_HEADER_BYTES + Math.ceil(maxBytes / 64) * 64;
    const ref = new RingRef(sharedMemory(HEADER_BYTES + 2 * placeBytes), true);
    ref.#words[PLACE_BYTES] = placeBytes;
    ref.#words[PUBLISHED] = -1;
    ref.#words[BEGUN] = -1;
    ref.swap(ring);
    ref.#words[0] = MAGIC;
    return ref;
  }

  /** Opens a slot that another thread made. @throws TypeError on any other memory. */
  static attach(handle: RingRefHandle): RingRef {
    const { buffer } = handle;
    const magic = buffer.byteLength < HEADER_BYTES ? 0 : new Int32Array(buffer, 0, 1)[0];
    if (magic !== MAGIC) throw new TypeError(`Memory of ${buffer.byteLength} bytes is not a slot for rings`);
    return new RingRef(buffer, false);
  }

  /** Counts the swaps: 0 for the ring the slot was made with. */
  get epoch(): number {
    return Atomics.load(this.#words, PUBLISHED);
  }

  /**
   * The ring of this moment. The same object until the next swap; values of nodes are known in the writing thread only.
   *
   * @throws QuorateError `RING_REF_BUSY`, retryable, if this thread never had a ring and the slot was swapped without
   *   pause during a thousand copies. With a ring in hand it gives that one.
   */
  get current(): Ring {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const epoch = this.epoch;
      if (epoch === this.#epoch) break;
      const copy = this.#copy(epoch);
      if (copy === undefined) continue;
      this.#ring = Ring.attach({ buffer: copy });
      this.#epoch = epoch;
    }
    if (this.#ring !== undefined) return this.#ring;
    const message = `Slot was swapped during each of ${ATTEMPTS_MAX} copies`;
    throw new QuorateError('RING_REF_BUSY', message, { retryable: true, outcome: 'not-applied' });
  }

  /**
   * Replaces the ring for all threads. Each sees the old one or the new one, whole.
   *
   * @throws RangeError if the ring needs more than `maxBytes`.
   * @throws TypeError in a thread that attached the slot: a second writer could be terminated half-way and would then
   *   hold up the first.
   */
  swap(ring: Ring): void {
    if (!this.#writer) throw new TypeError('Ring may be swapped only in the thread that created the slot');
    const epoch = (this.epoch + 1) | 0;
    const place = this.#place(epoch);
    const capacity = place.byteLength - PLACE_HEADER_BYTES;
    const draft = ring.draft();
    if (draft.bytes > capacity) {
      throw new RangeError(
        `Ring must have at most ${capacity} bytes in this slot: received one of ${draft.bytes}`,
      );
    }
    Atomics.exchange(this.#words, BEGUN, epoch);
    const bytes = place.subarray(PLACE_HEADER_BYTES, PLACE_HEADER_BYTES + draft.bytes);
    draft.write(bytes);
    const header = new Int32Array(place.buffer, place.byteOffset, 2);
    header[0] = bytes.length;
    header[1] = xxh32Bytes(bytes, bytes.length, epoch);
    Atomics.exchange(this.#words, PUBLISHED, epoch);
    Atomics.notify(this.#words, PUBLISHED);
    this.#ring = ring;
    this.#epoch = epoch;
  }

  #place(epoch: number): Uint8Array {
    const bytes = this.#words[PLACE_BYTES] as number;
    return new Uint8Array(this.handle.buffer, HEADER_BYTES + (epoch & 1) * bytes, bytes);
  }

  /** The snapshot of an epoch, or `undefined` if the writer came in between. */
  #copy(epoch: number): ArrayBuffer | undefined {
    const place = this.#place(epoch);
    const [length = 0, checksum] = new Int32Array(place.buffer, place.byteOffset, 2);
    if (length <= 0 || length > place.byteLength - PLACE_HEADER_BYTES) return undefined;
    const copy = place.slice(PLACE_HEADER_BYTES, PLACE_HEADER_BYTES + length);
    const begun = Atomics.add(this.#words, BEGUN, 0);
    if (((begun - epoch) | 0) > 1) return undefined;
    return (xxh32Bytes(copy, length, epoch) | 0) === checksum ? copy.buffer : undefined;
  }
}

/** Two places and the header must fit into one buffer indexed by 32 bits. */
const MAX_BYTES_MAX = 2 ** 30 - 256;
