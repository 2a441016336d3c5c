import type { NodeId } from '@quorate/core';
import type { TraceDetail } from './trace/trace-event.ts';

/**
 * What a simulated device (network, disk, journal, store, clock) needs of the world, for one start of one node. After the
 * node's crash nothing that was scheduled through it happens; while the node is paused, it waits.
 */
export interface Device {
  readonly node: NodeId;
  /** False once the node has crashed. What still runs then belongs to nobody and must change nothing. */
  readonly alive: boolean;
  /** True simulated time, which no node can read. */
  readonly nowUs: number;
  /** Runs `callback` once, `delayUs` from now, as one event. */
  after(delayUs: number, callback: () => void): void;
  readonly dice: Dice;
  /** Writes an event into the trace and the trace's hash. */
  trace(detail: TraceDetail): void;
}

/**
 * Labelled draws: the only randomness of faults. Each label has a stream of its own, so that what is drawn under one moves
 * nothing under another, and each draw is on the tape, so that a replay can take a fault away: then `chance` is false and
 * `between` is `min`, which must both be the harmless answer.
 */
export interface Dice {
  chance(label: string, probability: number): boolean;
  /** An integer from `min` to `max`, both included. */
  between(label: string, min: number, max: number): number;
}
