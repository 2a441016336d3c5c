import type { Ring } from '@quorate/ring';
import { hashAt } from './hash-space.ts';

/** A piece of the circle with one owner. Places are turns: 0 at the top, clockwise, 1 the whole circle. */
export interface Arc {
  readonly start: number;
  readonly end: number;
  /** Position in `ring.nodes`. */
  readonly index: number;
}

/**
 * The circle by owner, read off at `samples` evenly spaced hashes. An arc shorter than a sample may be missed: it
 * would be thinner than a pixel.
 */
export function arcsOf(ring: Ring, samples: number): Arc[] {
  const arcs: Arc[] = [];
  for (let at = 0; at < samples; at++) {
    const index = ring.indexOfHash(hashAt(ring, (at + 0.5) / samples));
    const last = arcs.at(-1);
    if (last?.index === index) arcs[arcs.length - 1] = { ...last, end: (at + 1) / samples };
    else arcs.push({ start: at / samples, end: (at + 1) / samples, index });
  }
  return arcs;
}

/** An arc on which a replica of a key lies. */
export interface OwnedArc {
  readonly arc: Arc;
  /** Middle of the part that lies after the key. */
  readonly middle: number;
  /** 0, or more where a mark in this row would cover an earlier one. */
  readonly row: number;
}

/** Marks closer than this, in turns, would cover each other. */
const MARK_WIDTH = 0.028;

/** For each owner of the key at `turn`, in their order, the first of its arcs that is met clockwise. */
export function ownedArcs(arcs: readonly Arc[], turn: number, owners: readonly number[]): OwnedArc[] {
  const found: OwnedArc[] = [];
  for (const index of owners) {
    const arc = arcFrom(arcs, turn, index);
    if (arc === undefined) continue;
    const start = arc.start <= turn && turn < arc.end ? turn : arc.start;
    const middle = (start + arc.end) / 2;
    let row = 0;
    while (found.some(other => other.row === row && distance(other.middle, middle) < MARK_WIDTH)) row++;
    found.push({ arc, middle, row });
  }
  return found;
}

function distance(a: number, b: number): number {
  const apart = Math.abs(a - b);
  return Math.min(apart, 1 - apart);
}

/** The first arc of `index` that lies at `turn` or comes after it, clockwise. */
export function arcFrom(arcs: readonly Arc[], turn: number, index: number): Arc | undefined {
  const ahead = arcs.find(arc => arc.index === index && arc.end > turn);
  return ahead ?? arcs.find(arc => arc.index === index);
}
