import type { MachineTime } from '../session-table.ts';
import type { QueueRoot } from './queue-root.ts';

/** How far the wall clock must be ahead before the queues' clock follows it: less is the noise of reading two clocks. */
const followMs = 50;

/** One moment, on both clocks of the queues, in whole milliseconds. */
export interface QueueMoment {
  /** The time of the boot, which nobody can set: leases end by it. */
  readonly bootMs: number;
  /** The queues' clock: what everything else is reckoned on. */
  readonly nowMs: number;
  readonly offsetMs: number;
}

/**
 * What the queues' clock says: the time of the boot, and what the wall clock was ahead of it at most. So it never goes back, and
 * never stands still when the wall clock is set back; where that is set forward, or the machine was suspended, it follows.
 */
export function queueMoment(time: MachineTime, root: QueueRoot): QueueMoment {
  const bootMs = Math.floor(time.nowMs());
  const aheadMs = Math.floor(time.wallMs()) - bootMs;
  // In another boot the former says nothing but how late it was.
  const leastMs = root.bootId === time.bootId ? root.offsetMs : root.lastMs - bootMs;
  const offsetMs = aheadMs > leastMs + followMs ? aheadMs : leastMs;
  return { bootMs, nowMs: bootMs + offsetMs, offsetMs };
}
