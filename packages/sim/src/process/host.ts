import { type NodeId, nodeId } from '@quorate/core';
import { HostTime } from '../clock/host-time.ts';
import { HostDice } from '../engine/host-device.ts';
import type { QueueEvent } from '../engine/event-queue.ts';
import { Incarnation } from '../engine/incarnation.ts';
import { Lane } from '../engine/lane.ts';
import type { World } from '../engine/world.ts';
import { Endpoint } from '../network/endpoint.ts';
import type { Network } from '../network/network.ts';

/** What a host is, beside the world it lives in. */
export interface HostOptions {
  readonly name: string;
  readonly index: number;
  readonly kind: 'node' | 'client';
}

/** A machine: it runs one program, goes down, comes up again, and stands still for a while. */
export class Host {
  readonly name: string;
  readonly id: NodeId;
  readonly kind: 'node' | 'client';
  readonly lane: Lane;
  readonly endpoint: Endpoint;
  readonly time: HostTime = new HostTime();
  readonly dice: HostDice;
  /** Absent while it is down. */
  incarnation: Incarnation | undefined = undefined;
  readonly #world: World;
  #starts = 0;

  constructor(world: World, options: HostOptions) {
    this.name = options.name;
    this.id = nodeId(options.name);
    this.kind = options.kind;
    this.lane = new Lane(options.index);
    this.endpoint = new Endpoint(this.id, this.lane, options.kind === 'node');
    this.dice = new HostDice(world, options.name);
    this.#world = world;
  }

  /** A new life. The caller runs the program in it. */
  start(): Incarnation {
    const world = this.#world;
    this.#starts++;
    this.incarnation = new Incarnation(this.lane, this.#starts);
    world.trace(this.lane, { type: 'start', incarnation: this.#starts });
    return this.incarnation;
  }

  /** The power fails. Nothing that was under way on it happens any more. */
  crash(network: Network): void {
    if (this.incarnation === undefined) return;
    this.#world.trace(this.lane, { type: 'crash' });
    this.incarnation.alive = false;
    this.incarnation = undefined;
    network.hangUp(this.endpoint, 'crash');
    this.#release();
  }

  /** Returns what ends this pause, unless a crash has; undefined where the host is down or stands still already. */
  pause(): (() => void) | undefined {
    if (this.incarnation === undefined || this.lane.held !== undefined) return undefined;
    this.#world.trace(this.lane, { type: 'pause' });
    const held: QueueEvent[] = [];
    this.lane.held = held;
    return () => {
      if (this.lane.held !== held) return;
      this.#world.trace(this.lane, { type: 'resume' });
      this.#release();
    };
  }

  /** What fell due meanwhile happens now, in its order, and before what falls due only now: it must not be overtaken. */
  #release(): void {
    const { held = [] } = this.lane;
    this.lane.held = undefined;
    for (let event = held.pop(); event !== undefined; event = held.pop()) {
      this.#world.queue.pushFirst(this.#world.nowUs, event);
    }
  }
}
