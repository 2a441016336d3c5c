import { type NodeId, nodeId } from '@quorate/core';
import type { Device, Dice } from '../device.ts';
import type { TraceDetail } from '../trace/trace-event.ts';
import type { Incarnation } from './incarnation.ts';
import type { Draw } from './tape.ts';
import type { World } from './world.ts';

/** What the devices of one incarnation have of the world. */
export class HostDevice implements Device {
  readonly node: NodeId;
  readonly dice: Dice;
  readonly #world: World;
  readonly #incarnation: Incarnation;
  readonly #onWork: ((delayUs: number) => void) | undefined;

  /** @param onWork told how long each operation takes, as it begins */
  constructor(
    world: World,
    incarnation: Incarnation,
    dice: Dice,
    host: string,
    onWork?: (delayUs: number) => void,
  ) {
    this.node = nodeId(host);
    this.dice = dice;
    this.#world = world;
    this.#incarnation = incarnation;
    this.#onWork = onWork;
  }

  get alive(): boolean {
    return this.#incarnation.alive;
  }

  get nowUs(): number {
    return this.#world.nowUs;
  }

  after(delayUs: number, callback: () => void): void {
    if (!this.#incarnation.alive) return;
    this.#world.after(this.#incarnation, delayUs, callback);
    this.#onWork?.(delayUs);
  }

  trace(detail: TraceDetail): void {
    if (!this.#incarnation.alive) return;
    this.#world.touch();
    this.#world.trace(this.#incarnation.lane, detail);
  }
}

/** The draws of one host's devices. Each host has streams of its own; without faults, no chance ever strikes. */
export class HostDice implements Dice {
  readonly #world: World;
  readonly #host: string;
  readonly #draws: Map<string, Draw> = new Map();

  constructor(world: World, host: string) {
    this.#world = world;
    this.#host = host;
  }

  chance(label: string, probability: number): boolean {
    return this.#world.faulty && this.#draw(label).chance(probability);
  }

  between(label: string, min: number, max: number): number {
    return this.#draw(label).between(min, max);
  }

  #draw(label: string): Draw {
    const known = this.#draws.get(label);
    if (known !== undefined) return known;
    const fresh = this.#world.tape.draw(`${label}/${this.#host}`);
    this.#draws.set(label, fresh);
    return fresh;
  }
}
