import type { QueueEvent } from './event-queue.ts';

/** What a host and its events share: its number, and the events that wait while it is paused. */
export class Lane {
  /** Nodes first, then clients, as the scenario counts them; -1 for the world. */
  readonly index: number;
  /** In the order in which they fell due; absent while the host runs. */
  held: QueueEvent[] | undefined = undefined;

  constructor(index: number) {
    this.index = index;
  }
}
