import type { NodeId, TransportHandlers } from '@quorate/core';
import type { Incarnation } from '../engine/incarnation.ts';
import type { Lane } from '../engine/lane.ts';
import type { Link } from './link.ts';

/** A host's end of the network: who listens there now. */
export class Endpoint {
  readonly id: NodeId;
  readonly lane: Lane;
  /** Whether others connect to it unasked, as they do to nodes and not to clients. */
  readonly listed: boolean;
  /** To every host, itself included. */
  readonly links: Map<string, Link> = new Map();
  /** Absent unless a transport of the host's present incarnation has started. */
  handlers: TransportHandlers | undefined = undefined;
  incarnation: Incarnation | undefined = undefined;

  constructor(id: NodeId, lane: Lane, listed: boolean) {
    this.id = id;
    this.lane = lane;
    this.listed = listed;
  }

  get paused(): boolean {
    return this.lane.held !== undefined;
  }
}
