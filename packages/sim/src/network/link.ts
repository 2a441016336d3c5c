import type { NodeId } from '@quorate/core';
import type { Draw, Tape } from '../engine/tape.ts';
import type { Connection } from './connection.ts';
import type { Delivery } from './delivery.ts';
import type { Endpoint } from './endpoint.ts';

/** One direction between two hosts. */
export class Link {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly fromId: NodeId;
  readonly fromIndex: number;
  readonly toIndex: number;
  readonly latency: Draw;
  readonly loss: Draw;
  /** Whether the sender believes that there is a connection. */
  up = false;
  /** Whether the connection is gone and the sender has not noticed yet. */
  unaware = false;
  /** Counts connections: what was sent on an earlier one never arrives. */
  epoch = 0;
  /** How many partitions cut it now. */
  blocked = 0;
  /** How many clogs hold it back now. */
  clogged = 0;
  /** What waits for the clog or the partition to end. */
  held: Delivery[] = [];
  heldBytes = 0;
  /** Whether the sender was told that the queue is full, and not yet that it is no more. */
  full = false;
  /** When the last message arrives that must not be overtaken. */
  lastArrivalUs = 0;
  /** What it belongs to in stream mode; a host is always connected to itself. */
  connection: Connection | undefined = undefined;
  readonly #tape: Tape;
  readonly #draws: Map<string, Draw> = new Map();

  constructor(tape: Tape, from: Endpoint, to: Endpoint) {
    this.from = from;
    this.to = to;
    this.fromId = from.id;
    this.fromIndex = from.lane.index;
    this.toIndex = to.lane.index;
    this.#tape = tape;
    this.latency = tape.draw(`net/latency/${from.id}>${to.id}`);
    this.loss = tape.draw(`net/loss/${from.id}>${to.id}`);
  }

  get open(): boolean {
    return this.blocked === 0 && this.clogged === 0;
  }

  /** The draws of another thing that happens on this link. */
  draw(what: string): Draw {
    let draw = this.#draws.get(what);
    if (draw === undefined) this.#draws.set(what, (draw = this.#tape.draw(this.label(what))));
    return draw;
  }

  /** What the tape calls it. */
  label(what: string): string {
    return `net/${what}/${this.from.id}>${this.to.id}`;
  }
}
