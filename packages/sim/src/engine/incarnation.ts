import type { Lane } from './lane.ts';

/** One start of a host. Everything that a program does to the world asks first whether its incarnation is still alive. */
export class Incarnation {
  readonly lane: Lane;
  /** How often the host was started, from 1. */
  readonly number: number;
  alive = true;

  constructor(lane: Lane, number: number) {
    this.lane = lane;
    this.number = number;
  }
}
