import { xxh32Bytes } from '../src/hash/xxh32.ts';

/** A node of the naive ring. */
export interface NaiveNode {
  readonly id: string;
  readonly weight: number;
}

interface NaivePoint {
  readonly position: number;
  readonly id: string;
}

/** The points of all nodes, by their definition, in no order. */
export function naivePoints(nodes: readonly NaiveNode[], vnodes: number, seed: number): NaivePoint[] {
  return nodes.flatMap(({ id, weight }) => {
    const count = weight === 0 ? 0 : Math.max(1, Math.round(weight * vnodes));
    return Array.from({ length: count }, (_, i) => {
      const bytes = Buffer.from(id);
      const name = Buffer.concat([Buffer.alloc(4), bytes, Buffer.alloc(4)]);
      name.writeUInt32LE(bytes.length);
      name.writeUInt32LE(i, 4 + bytes.length);
      return { position: xxh32Bytes(name, name.length, seed), id };
    });
  });
}

/** All owners of a hash: looks at every point, takes the nearest clockwise, the lower id where two are at one place. */
export function naiveOwners(points: readonly NaivePoint[], hash: number): string[] {
  const distance = ({ position }: NaivePoint): number => (position - hash + 2 ** 32) % 2 ** 32;
  const near = [...points].sort((a, b) => distance(a) - distance(b) || (a.id < b.id ? -1 : 1));
  return [...new Set(near.map(point => point.id))];
}
