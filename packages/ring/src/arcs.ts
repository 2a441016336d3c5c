import type { Arcs, HashSpace } from './placement.ts';

/** Places from `start` up to `end`, rounded as a number. */
export function span(start: number | bigint, end: number | bigint): number {
  return typeof start === 'number' ? Number(end) - start : Number((end as bigint) - start);
}

/** Places in a whole space. */
export function spaceSize(space: HashSpace): number {
  return span(space.start, space.end);
}

/** Where an arc ends: where the next one starts, or the space ends. */
export function arcEnd(arcs: Arcs, arc: number): number | bigint {
  return arc + 1 < arcs.starts.length ? (arcs.starts[arc + 1] as number | bigint) : arcs.space.end;
}

/** Share of the space that each node owns first. */
export function arcShares(arcs: Arcs, nodeCount: number): Float64Array {
  const shares = new Float64Array(nodeCount);
  const size = spaceSize(arcs.space);
  for (let arc = 0; arc < arcs.starts.length; arc++) {
    const owner = arcs.owners[arc * arcs.width] as number;
    if (owner < 0) continue;
    const start = arcs.starts[arc] as number | bigint;
    shares[owner] = (shares[owner] as number) + span(start, arcEnd(arcs, arc)) / size;
  }
  return shares;
}
