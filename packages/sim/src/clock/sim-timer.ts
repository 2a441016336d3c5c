import type { Timer } from '@quorate/core';
import { QueueEvent } from '../engine/event-queue.ts';
import type { Incarnation } from '../engine/incarnation.ts';
import type { World } from '../engine/world.ts';

/** A timer of one incarnation; its own event, so that setting one allocates one object. */
export class SimTimer extends QueueEvent implements Timer {
  readonly #world: World;
  readonly #incarnation: Incarnation;
  #callback: (() => void) | undefined;

  constructor(world: World, incarnation: Incarnation, callback: () => void) {
    super(incarnation.lane);
    this.#world = world;
    this.#incarnation = incarnation;
    this.#callback = callback;
  }

  run(): boolean {
    const callback = this.#callback;
    if (callback === undefined || !this.#incarnation.alive) return false;
    this.#callback = undefined;
    this.#world.tracer.timer(this.#world.nowUs, this.lane.index);
    callback();
    return true;
  }

  cancel(): void {
    if (this.#callback === undefined) return;
    this.#callback = undefined;
    this.cancelled = true;
    this.#world.queue.noteCancelled();
  }

  ref(): void {}

  unref(): void {}

  [Symbol.dispose](): void {
    this.cancel();
  }
}
