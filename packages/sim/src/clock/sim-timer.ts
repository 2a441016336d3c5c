import type { Timer } from '@quorate/core';
import { QueueEvent } from '../engine/event-queue.ts';
import type { Incarnation } from '../engine/incarnation.ts';
import type { World } from '../engine/world.ts';
import type { HostTime, Pace } from './host-time.ts';

/** What the timers of one incarnation's clock share. */
export interface TimerOrigin {
  readonly world: World;
  readonly incarnation: Incarnation;
  readonly time: HostTime;
}

/** A timer of one incarnation; its own event, so that setting one allocates one object. */
export class SimTimer extends QueueEvent implements Timer {
  readonly #origin: TimerOrigin;
  #callback: (() => void) | undefined;
  /** How time passed when its moment was reckoned. */
  #pace: Pace;

  constructor(origin: TimerOrigin, callback: () => void) {
    super(origin.incarnation.lane);
    this.#origin = origin;
    this.#callback = callback;
    this.#pace = origin.time.pace;
  }

  run(): boolean {
    const callback = this.#callback;
    const { world, incarnation, time } = this.#origin;
    if (callback === undefined || !incarnation.alive) return false;
    if (this.#pace !== time.pace && this.#isEarly()) return false;
    this.#callback = undefined;
    world.tracer.timer(world.nowUs, this.lane.index);
    callback();
    return true;
  }

  cancel(): void {
    if (this.#callback === undefined) return;
    this.#callback = undefined;
    this.cancelled = true;
    this.#origin.world.queue.noteCancelled();
  }

  ref(): void {}

  unref(): void {}

  [Symbol.dispose](): void {
    this.cancel();
  }

  /** Waits for the rest where the clock has become slower since, so that it never fires before its time. */
  #isEarly(): boolean {
    const { world, time } = this.#origin;
    const dueUs = time.atUs(this.#pace, world.nowUs);
    if (dueUs <= world.nowUs) return false;
    this.#pace = time.pace;
    world.queue.push(dueUs, this);
    return true;
  }
}
