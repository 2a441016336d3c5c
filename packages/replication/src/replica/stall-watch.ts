import type { Raft } from '../raft/raft.ts';
import type { Health } from './health.ts';
import type { ReplicaEvents } from './replica-event.ts';

/** Whom the watch looks after. */
export interface StallHost {
  readonly raft: Raft;
  readonly health: Health;
  readonly events: ReplicaEvents;
  readonly isLeader: boolean;
}

/**
 * A leader whose disk or process stands still for an election timeout steps down: what it promises it cannot keep, and as
 * long as its heartbeats go out nobody else may lead (hashicorp/raft#503).
 */
export class StallWatch {
  readonly #host: StallHost;
  readonly #limitMs: number;
  #diskStalled = false;

  constructor(host: StallHost, limitMs: number) {
    this.#host = host;
    this.#limitMs = limitMs;
  }

  /** Nothing ran here for so long. */
  paused(forMs: number): void {
    this.#host.raft.paused();
    if (forMs >= this.#limitMs) this.#stepDown('event-loop', forMs);
  }

  /** The disk has owed an answer for so long. To be told now and then. */
  diskBusy(forMs: number): void {
    const isStalled = forMs > this.#limitMs;
    // It is told once for a stall, but nobody campaigns before the disk has answered.
    if (isStalled && (!this.#diskStalled || this.#host.isLeader)) this.#stepDown('disk', forMs);
    else if (isStalled) this.#host.health.stalled();
    this.#diskStalled = isStalled;
  }

  #stepDown(what: 'disk' | 'event-loop', forMs: number): void {
    const { raft, health, events } = this.#host;
    health.stalled();
    raft.stepDown();
    events.emit({ type: 'stalled', what, forMs });
  }
}
