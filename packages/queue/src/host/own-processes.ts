import { type Clock, type QueueStore, systemClock } from '@quorate/core';
import type { Processes } from '../neighbours/processes.ts';
import { systemProcesses } from './system-processes.ts';

/** Those of this machine, where other processes may use the store and time is not somebody's own. */
export function ownProcesses({
  store,
  clock = systemClock,
}: {
  readonly store: QueueStore;
  readonly clock?: Clock;
}): Processes | false {
  return store?.capabilities?.crossProcess && clock === systemClock ? systemProcesses() : false;
}
