import type { Owners, Points } from './points.ts';

/**
 * Sorts points by position; points at one position keep their order. Both arrays are scratch to it: they are overwritten,
 * and only the returned ones are sorted.
 *
 * A radix sort from the least digit, three passes of 11 bits: linear, and stable, so that precedence among equal
 * positions is whatever order the caller wrote them in.
 */
export function sortPoints(positions: Uint32Array, owners: Owners): Points {
  let from: Points = { positions, owners };
  let to: Points = { positions: new Uint32Array(positions.length), owners: owners.slice() };
  for (let shift = 0; shift < 32; shift += 11) {
    scatter(from.positions, from.owners, to.positions, to.owners, shift);
    [from, to] = [to, from];
  }
  return from;
}

function scatter(
  positions: Uint32Array,
  owners: Owners,
  toPositions: Uint32Array,
  toOwners: Owners,
  shift: number,
): void {
  const next = new Uint32Array(2048);
  for (let i = 0; i < positions.length; i++) {
    const digit = ((positions[i] as number) >>> shift) & 2047;
    next[digit] = (next[digit] as number) + 1;
  }
  let sum = 0;
  for (let digit = 0; digit < 2048; digit++) {
    const count = next[digit] as number;
    next[digit] = sum;
    sum += count;
  }
  for (let i = 0; i < positions.length; i++) {
    const position = positions[i] as number;
    const digit = (position >>> shift) & 2047;
    const at = next[digit] as number;
    next[digit] = at + 1;
    toPositions[at] = position;
    toOwners[at] = owners[i] as number;
  }
}
