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

/** The first arc of `index` that lies at `turn` or comes after it, clockwise. */
export function arcFrom(arcs: readonly Arc[], turn: number, index: number): Arc | undefined {
  const ahead = arcs.find(arc => arc.index === index && arc.end > turn);
  return ahead ?? arcs.find(arc => arc.index === index);
}
