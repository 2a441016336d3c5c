import type { GroupId } from '@quorate/core';
import { QueueEvent } from '../engine/event-queue.ts';
import type { Lane } from '../engine/lane.ts';
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
  readonly #network: Network;

  constructor(network: Network, lane: Lane, link: Link, byteCount: number) {
    super(lane);
    this.link = link;
    this.bytes = new Uint8Array(byteCount);
    this.#network = network;
  }

  run(): boolean {
    this.#network.arrive(this);
    return true;
  }
}

/** Messages up to this many bytes are pooled. */
const pooledBytesMax = 1024;
/** Of each length and receiver, at most so many are kept. */
const pooledMax = 256;

/** Messages to one host that have arrived, by their length, to be used again without allocating. */
export class DeliveryPool {
  readonly #network: Network;
  readonly #lane: Lane;
  readonly #free: (Delivery[] | undefined)[] = [];

  constructor(network: Network, lane: Lane) {
    this.#network = network;
    this.#lane = lane;
  }

  take(link: Link, message: number, bytes: Uint8Array, group: GroupId): Delivery {
    const { length } = bytes;
    const free = length <= pooledBytesMax ? this.#free[length] : undefined;
    const delivery = free?.pop() ?? new Delivery(this.#network, this.#lane, link, length);
    if (length <= 64) {
      const copy = delivery.bytes;
      for (let index = 0; index < length; index++) copy[index] = bytes[index] as number;
    } else {
      delivery.bytes.set(bytes);
    }
    delivery.link = link;
    delivery.message = message;
    delivery.epoch = link.epoch;
    delivery.group = group;
    delivery.corrupted = false;
    return delivery;
  }

  /** Takes a message back. Whoever kept its bytes against the contract finds them changed. */
  release(delivery: Delivery): void {
    const { length } = delivery.bytes;
    if (length > 0) delivery.bytes[0] = ~(delivery.bytes[0] as number);
    if (length > pooledBytesMax) return;
    let free = this.#free[length];
    if (free === undefined) {
      while (this.#free.length <= length) this.#free.push(undefined);
      free = this.#free[length] = [];
    }
    if (free.length < pooledMax) free.push(delivery);
  }
}
