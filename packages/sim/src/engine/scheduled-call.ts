import { QueueEvent } from './event-queue.ts';
import type { Incarnation } from './incarnation.ts';
import type { Lane } from './lane.ts';

/** A callback that no crash takes away: a fault that begins, a host that starts, a phase that ends. */
export class WorldCall extends QueueEvent {
  readonly #callback: () => void;

  constructor(lane: Lane, callback: () => void) {
    super(lane);
    this.#callback = callback;
  }

  run(): boolean {
    this.#callback();
    return true;
  }
}

/** A callback of one start of a host, which dies with it: the end of a disk operation, a connection that comes up. */
export class HostCall extends QueueEvent {
  readonly #incarnation: Incarnation;
  readonly #callback: () => void;

  constructor(incarnation: Incarnation, callback: () => void) {
    super(incarnation.lane);
    this.#incarnation = incarnation;
    this.#callback = callback;
  }

  run(): boolean {
    if (!this.#incarnation.alive) return false;
    this.#callback();
    return true;
  }
}
