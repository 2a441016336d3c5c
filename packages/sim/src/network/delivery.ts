import type { GroupId } from '@quorate/core';
import { QueueEvent } from '../engine/event-queue.ts';
import type { Link } from './link.ts';
import type { Network } from './network.ts';

/** A message on its way, with its own copy of the bytes. Used again and again by {@link DeliveryPool}. */
export class Delivery extends QueueEvent {
  link: Link;
  message = 0;
  epoch = 0;
  group: GroupId = 0 as GroupId;
  corrupted = false;
  readonly bytes: Uint8Array;
  /** The same as words, the first byte the lowest, and with zeros up to an even number of words. */
  readonly words: Int32Array;
  /** Where it waits to be used again; absent where it is too long for that. */
  readonly #free: Delivery[] | undefined;
  readonly #network: Network;

  /** @param words all zeros, room for the bytes */
  constructor(
    network: Network,
    link: Link,
    words: Int32Array,
    byteCount: number,
    free: Delivery[] | undefined,
  ) {
    super(link.to.lane);
    this.link = link;
    this.#free = free;
    this.words = words;
    this.bytes = new Uint8Array(words.buffer, words.byteOffset, byteCount);
    this.#network = network;
  }

  run(): boolean {
    this.#network.arrive(this);
    return true;
  }

  /** It has arrived, or never does. Whoever kept its bytes against the contract finds them changed. */
  release(): void {
    const { bytes } = this;
    if (bytes.length > 0) bytes[0] = ~(bytes[0] as number);
    const free = this.#free;
    if (free !== undefined && free.length < pooledMax) free.push(this);
  }
}

/** Messages up to this many bytes are pooled. */
const pooledBytesMax = 1024;
/** Of each length, at most so many are kept. */
const pooledMax = 1024;
/**
 * Short messages stand side by side in blocks of so many words: a buffer of its own costs more than all else of a message. Real
 * transports hand over parts of what they received, too, so nobody may take `buffer` for the message.
 */
const blockWords = 4096;
/** A call into the engine costs more than copying so many bytes does. Words are in the order in which the machine has them. */
const shortBytesMax = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 64 : 0;

/** Messages that have arrived, by their length, to be used again without allocating. */
export class DeliveryPool {
  readonly #network: Network;
  readonly #free: Delivery[][] = [];
  #block: ArrayBuffer = new ArrayBuffer(0);
  #used = 0;

  constructor(network: Network) {
    this.#network = network;
  }

  take(link: Link, message: number, bytes: Uint8Array, group: GroupId): Delivery {
    const { length } = bytes;
    const free = length <= pooledBytesMax ? (this.#free[length] ?? this.#grow(length)) : undefined;
    const delivery = free?.pop() ?? new Delivery(this.#network, link, this.#words(length), length, free);
    if (length <= shortBytesMax) copyShort(bytes, delivery);
    else delivery.bytes.set(bytes);
    delivery.link = link;
    delivery.lane = link.to.lane;
    delivery.message = message;
    delivery.epoch = link.epoch;
    delivery.group = group;
    delivery.corrupted = false;
    return delivery;
  }

  #words(byteCount: number): Int32Array {
    const count = 2 * Math.ceil(byteCount / 8);
    if (byteCount > pooledBytesMax) return new Int32Array(count);
    const byteLength = 4 * count;
    if (this.#used + byteLength > this.#block.byteLength) {
      this.#block = new ArrayBuffer(4 * blockWords);
      this.#used = 0;
    }
    const words = new Int32Array(this.#block, this.#used, count);
    this.#used += byteLength;
    return words;
  }

  #grow(length: number): Delivery[] {
    while (this.#free.length <= length) this.#free.push([]);
    return this.#free[length] as Delivery[];
  }
}

/** Stores whole words, which are read again at once. */
function copyShort(bytes: Uint8Array, { bytes: copy, words }: Delivery): void {
  const whole = bytes.length >> 2;
  let from = 0;
  for (let index = 0; index < whole; index++, from += 4) {
    words[index] =
      (bytes[from] as number) |
      ((bytes[from + 1] as number) << 8) |
      ((bytes[from + 2] as number) << 16) |
      ((bytes[from + 3] as number) << 24);
  }
  for (; from < bytes.length; from++) copy[from] = bytes[from] as number;
}
