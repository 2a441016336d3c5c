import { invariant } from '@quorate/core';
import { type Position, segmentOf } from './format/position.ts';
import type { LiveCounter } from './group-state.ts';
import type { Segment } from './segment.ts';

/** The segments that are in use, by number without gaps; the last is the active one. Counts the entries that are needed. */
export class SegmentList implements LiveCounter {
  readonly #segments: Segment[];

  constructor(segments: Segment[]) {
    invariant(segments.length > 0, 'a journal has an active segment');
    this.#segments = segments;
  }

  get active(): Segment {
    return this.#segments.at(-1) as Segment;
  }

  get oldest(): Segment {
    return this.#segments[0] as Segment;
  }

  /** All but the active one, the oldest first. */
  get sealed(): readonly Segment[] {
    return this.#segments.slice(0, -1);
  }

  get all(): readonly Segment[] {
    return this.#segments;
  }

  at(position: Position): Segment {
    const number = segmentOf(position);
    const segment = this.#segments[number - this.oldest.number];
    invariant(segment?.number === number, `segment ${number} is held`);
    return segment;
  }

  push(segment: Segment): void {
    this.#segments.push(segment);
  }

  /** Takes the oldest out. */
  shift(): Segment {
    invariant(this.#segments.length > 1, 'the active segment is never given back');
    return this.#segments.shift() as Segment;
  }

  added(position: Position, count: number): void {
    const segment = this.at(position);
    segment.records += count;
    segment.live += count;
  }

  dropped(position: Position): void {
    this.at(position).live--;
  }
}
