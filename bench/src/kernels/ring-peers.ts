import ConsistentHash from 'consistent-hash';
import HashRing from 'hashring';
import { HashRing as KetamaRing } from 'ketama';
import type { Random } from '@quorate/core';

/** Points per node in every ring that is compared. */
export const pointsPerNode: number = 160;

/** hashring as its users make it: 40 MD5 digests a node, four points each; its cache of 5,000 keys is on. */
export function hashring(names: readonly string[]): HashRing {
  return new HashRing(names);
}

/** ketama gives a node of weight 1 fifty points, so a weight of 3.2 makes 160. */
export const ketamaWeight: number = 3.2;

export function ketama(names: readonly string[]): KetamaRing {
  return new KetamaRing(names.map(node => ({ node, weight: ketamaWeight })));
}

/** consistent-hash takes 100,003 places by default, of which it needs a free one for each point. */
function placesFor(nodes: number): number {
  return nodes * pointsPerNode < 50_000 ? 100_003 : 1_000_003;
}

/** consistent-hash as its users make it. Its points are random, so that no two of its rings agree. */
export function consistentHash(names: readonly string[]): ConsistentHash {
  const ring = new ConsistentHash({ controlPoints: pointsPerNode, range: placesFor(names.length) });
  for (const name of names) ring.add(name);
  return ring;
}

/** The same with points handed in, so that every process looks up in the same ring. */
export function consistentHashAt(names: readonly string[], random: Random): ConsistentHash {
  const places = placesFor(names.length);
  const ring = new ConsistentHash({ controlPoints: pointsPerNode, range: places });
  const taken = new Set<number>();
  for (const name of names) {
    const points: number[] = [];
    while (points.length < pointsPerNode) {
      const point = random.below(places);
      if (taken.has(point)) continue;
      taken.add(point);
      points.push(point);
    }
    ring.add(name, pointsPerNode, points);
  }
  return ring;
}
