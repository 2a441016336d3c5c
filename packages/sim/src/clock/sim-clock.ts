import { type BootId, bootId, type Clock, type Timer } from '@quorate/core';
import type { Incarnation } from '../engine/incarnation.ts';
import type { World } from '../engine/world.ts';
import type { HostTime } from './host-time.ts';
import { SimTimer, type TimerOrigin } from './sim-timer.ts';

/** The clock of one incarnation. A crash takes the whole machine down, so each start is a boot of its own. */
export class SimClock implements Clock, TimerOrigin {
  readonly bootId: BootId;
  readonly world: World;
  readonly incarnation: Incarnation;
  readonly time: HostTime;
  readonly #originUs: number;

  constructor(world: World, incarnation: Incarnation, time: HostTime, host: string) {
    this.bootId = bootId(`${host}-${incarnation.number}`);
    this.world = world;
    this.incarnation = incarnation;
    this.time = time;
    this.#originUs = time.localUs(world.nowUs);
  }

  wallMs(): number {
    this.world.touch();
    return this.time.wallMs(this.world.nowUs);
  }

  monotonicMs(): number {
    this.world.touch();
    return (this.time.localUs(this.world.nowUs) - this.#originUs) / 1000;
  }

  bootMs(): number {
    return this.monotonicMs();
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    if (!(delayMs >= 0) || delayMs === Number.POSITIVE_INFINITY) {
      throw new RangeError(`Delay in ms must be a finite number of at least 0: received ${delayMs}`);
    }
    const world = this.world;
    world.touch();
    const timer = new SimTimer(this, callback);
    // Rounded up: a timer never fires before its time.
    const delayUs = Math.ceil((delayMs * 1000) / this.time.pace.rate);
    if (this.incarnation.alive) world.queue.push(world.nowUs + delayUs, timer);
    return timer;
  }
}
