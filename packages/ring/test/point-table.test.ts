import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PointTable } from '../src/points/point-table.ts';
import { ownersArray } from '../src/points/points.ts';
import { sortPoints } from '../src/points/sort-points.ts';
import { hashes } from './arbitraries.ts';

/** Points anywhere: spread, in heaps at one place, close together, and at both ends. */
const places = fc.oneof(
  hashes,
  fc.constantFrom(0, 0xffffffff, 1000, 0x80000000),
  fc.integer({ min: 5000, max: 5300 }),
);
const pointLists = fc.array(fc.tuple(places, fc.nat({ max: 9 })), { minLength: 1, maxLength: 300 });

function tableOf(points: readonly (readonly [number, number])[], nodeCount: number): PointTable {
  const owners = ownersArray(nodeCount, points.length);
  owners.set(points.map(point => point[1]));
  const sorted = sortPoints(
    Uint32Array.from(points, point => point[0]),
    owners,
  );
  return new PointTable(nodeCount, sorted.positions, sorted.owners);
}

const byPosition = (a: readonly [number, number], b: readonly [number, number]): number => a[0] - b[0];

describe.each([10, 70_000])('tables of %i nodes', nodeCount => {
  test('the first point at or after a hash owns it, the earlier one where several are at one place', () => {
    fc.assert(
      fc.property(pointLists, fc.array(places), (points, more) => {
        const table = tableOf(points, nodeCount);
        const sorted = points.toSorted(byPosition);
        for (const hash of [
          0,
          0xffffffff,
          ...more,
          ...points.flatMap(([at]) => [(at - 1) >>> 0, at, (at + 1) >>> 0]),
        ]) {
          const index = sorted.findIndex(([position]) => position >= hash);
          const at = index < 0 ? 0 : index;
          expect(table.find(hash)).toBe(at);
          expect(table.owner(hash)).toBe(sorted[at]?.[1]);
          const into = new Int32Array(4);
          const walk = [...sorted.slice(at), ...sorted.slice(0, at)].map(point => point[1]);
          const distinct = [...new Set(walk)].slice(0, 4);
          expect([...into.subarray(0, table.preference(hash, 4, into))]).toEqual(distinct);
        }
      }),
    );
  });
});

test('ten thousand points at one place, and lookups just beside', () => {
  const points = Array.from({ length: 10_000 }, (_, i) => [77, i % 10] as const);
  const table = tableOf([...points, [78, 3], [0x90000000, 4]], 10);
  expect([table.owner(77), table.owner(76), table.owner(0)]).toEqual([0, 0, 0]);
  expect([table.owner(78), table.owner(79), table.owner(0x90000001)]).toEqual([3, 4, 0]);
});

test('the sort is stable', () => {
  fc.assert(
    fc.property(pointLists, points => {
      const { positions, owners } = sortPoints(
        Uint32Array.from(points, point => point[0]),
        Uint16Array.from(points, point => point[1]),
      );
      const pairs = [...positions].map((position, i) => [position, owners[i]]);
      expect(pairs).toEqual(points.toSorted(byPosition).map(point => [...point]));
    }),
  );
});

interface Groupcache {
  readonly points_for_6_4_2: readonly number[];
  readonly expect: Readonly<Record<string, string>>;
  readonly after_add_8: Readonly<Record<string, string>>;
}

test('groupcache: identity hash, three points a node named by number and id', () => {
  const file = readFileSync(new URL('vectors/ring-vectors.json', import.meta.url), 'utf8');
  const { groupcache } = JSON.parse(file) as { groupcache: Groupcache };
  const nodes = ['6', '4', '2', '8'];
  const table = (count: number): PointTable => {
    return tableOf(
      nodes.slice(0, count).flatMap((id, owner) => [0, 1, 2].map(i => [Number(`${i}${id}`), owner] as const)),
      10,
    );
  };
  expect([...table(3).positions]).toEqual(groupcache.points_for_6_4_2);
  for (const [key, owner] of Object.entries(groupcache.expect))
    expect(nodes[table(3).owner(Number(key))]).toBe(owner);
  for (const [key, owner] of Object.entries(groupcache.after_add_8))
    expect(nodes[table(4).owner(Number(key))]).toBe(owner);
});
