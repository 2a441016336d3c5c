import type { GroupId, SendResult, TransportHandlers } from '@quorate/core';
import type { Incarnation } from '../engine/incarnation.ts';
import type { World } from '../engine/world.ts';
import { type Delivery, DeliveryPool } from './delivery.ts';
import type { Endpoint } from './endpoint.ts';
import { Link } from './link.ts';
import { calm, type Weather } from './weather.ts';

/** All hosts and the links between them. Subclasses say what a link promises. */
export abstract class Network {
  protected readonly world: World;
  readonly endpoints: readonly Endpoint[];
  protected weather: Weather;
  readonly #pool: DeliveryPool = new DeliveryPool(this);
  #messages = 0;

  constructor(world: World, endpoints: readonly Endpoint[], weather: Weather) {
    this.world = world;
    this.endpoints = endpoints;
    this.weather = weather;
    for (const from of endpoints) {
      for (const to of endpoints) from.links.set(to.id, new Link(world.tape, from, to));
    }
  }

  /** Whether `send` may answer anything but `sent`, and handlers hear of connections. */
  abstract readonly connected: boolean;

  /** Takes a message on, or says why not. */
  abstract send(link: Link, bytes: Uint8Array, group: GroupId): SendResult;

  /** A transport of the host starts to listen. */
  listen(endpoint: Endpoint, incarnation: Incarnation, handlers: TransportHandlers): void {
    endpoint.handlers = handlers;
    endpoint.incarnation = incarnation;
  }

  /** The host, or its transport, is gone. */
  hangUp(endpoint: Endpoint, _cause: string): void {
    endpoint.handlers = undefined;
    endpoint.incarnation = undefined;
  }

  /** What a partition or a clog held back goes on. */
  opened(link: Link): void {
    if (!link.open) return;
    const { held } = link;
    link.held = [];
    link.heldBytes = 0;
    for (const delivery of held) this.launchInOrder(delivery, this.weather.latency.drawUs(link.latency));
    if (!link.full) return;
    link.full = false;
    this.tell(link.from, handlers => handlers.onDrain?.(link.to.id));
  }

  /** A partition has begun on the link. */
  cut(_link: Link): void {}

  /** Both hosts' connection ends at once, as after a reset. */
  reset(_link: Link): void {}

  /** The faults of single messages end. */
  clear(): void {
    this.weather = calm(this.weather);
  }

  /** Hands a message over, or drops it where nobody waits for it any more. */
  arrive(delivery: Delivery): void {
    const { link } = delivery;
    const { world } = this;
    const { handlers } = link.to;
    if (handlers === undefined) this.drop(delivery, 'nobody listens');
    else if (delivery.epoch !== link.epoch) this.drop(delivery, 'disconnected');
    else {
      const { message, corrupted } = delivery;
      world.tracer.deliver(world.nowUs, link.toIndex, link.fromIndex, message, corrupted);
      handlers.onMessage(link.fromId, delivery.bytes, delivery.group);
      delivery.release();
    }
  }

  /** Makes a message of its own of the bytes, and notes that it was sent. */
  protected pack(link: Link, bytes: Uint8Array, group: GroupId): Delivery {
    const message = this.#messages++;
    const { world } = this;
    const { fromIndex, toIndex } = link;
    const delivery = this.#pool.take(link, message, bytes, group);
    world.tracer.send(world.nowUs, fromIndex, toIndex, message, bytes.length, delivery.words);
    return delivery;
  }

  protected copy(delivery: Delivery): Delivery {
    return this.#pool.take(delivery.link, delivery.message, delivery.bytes, delivery.group);
  }

  protected launch(delivery: Delivery, delayUs: number): void {
    this.world.queue.push(this.world.nowUs + delayUs, delivery);
  }

  /** Sends a message off so that it overtakes none of its link. */
  protected launchInOrder(delivery: Delivery, delayUs: number): void {
    const { link } = delivery;
    const { world } = this;
    const arrivalUs = world.nowUs + delayUs;
    if (arrivalUs > link.lastArrivalUs) link.lastArrivalUs = arrivalUs;
    world.queue.push(link.lastArrivalUs, delivery);
  }

  /** Keeps a message until the link is open again. */
  protected hold(delivery: Delivery): void {
    delivery.link.held.push(delivery);
    delivery.link.heldBytes += delivery.bytes.length;
  }

  protected isFull(link: Link, bytes: Uint8Array): boolean {
    if (link.heldBytes === 0 || link.heldBytes + bytes.length <= this.weather.queueMaxBytes) return false;
    link.full = true;
    return true;
  }

  protected drop(delivery: Delivery, why: string): void {
    const { link, message } = delivery;
    const { world } = this;
    world.tracer.drop(world.nowUs, link.toIndex, link.fromIndex, message, why);
    delivery.release();
  }

  /** Calls a handler of whoever listens at the host now, as an event of its own. */
  protected tell(endpoint: Endpoint, call: (handlers: TransportHandlers) => void, delayUs = 0): void {
    const { incarnation } = endpoint;
    if (incarnation === undefined) return;
    this.world.after(incarnation, delayUs, () => {
      if (endpoint.handlers !== undefined) call(endpoint.handlers);
    });
  }
}
