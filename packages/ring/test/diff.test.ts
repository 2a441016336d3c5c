import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Ring, type RingDiff } from '../src/index.ts';
import { nodeLists } from './arbitraries.ts';
import { type NaiveNode, naiveOwners, naivePoints } from './naive-ring.ts';

const SPACE = 2 ** 32;

interface Piece {
  readonly start: number;
  readonly end: number;
  readonly before: string[];
  readonly after: string[];
}

/** Both naive maps side by side, cut at every point of either. */
function pieces(a: readonly NaiveNode[], b: readonly NaiveNode[], vnodes: number, replicas: number): Piece[] {
  const [pointsA, pointsB] = [naivePoints(a, vnodes, 0), naivePoints(b, vnodes, 0)];
  const cuts = new Set([0, SPACE, ...[...pointsA, ...pointsB].map(point => point.position + 1)]);
  const borders = [...cuts].sort((x, y) => x - y);
  return borders.slice(1).map((end, i) => {
    const start = borders[i] as number;
    const owners = (points: typeof pointsA): string[] => naiveOwners(points, start).slice(0, replicas);
    return { start, end, before: owners(pointsA), after: owners(pointsB) };
  });
}

/** What the ranges of a plan say about one piece. */
function planned(diff: RingDiff, { start, end }: Piece): RingDiff['ranges'] {
  const touching = diff.ranges.filter(range => Number(range.start) < end && Number(range.end) > start);
  for (const range of touching) expect(Number(range.start) <= start && Number(range.end) >= end).toBe(true);
  return touching;
}

const inOrder = (list: readonly string[]): string[] => [...list].sort();

describe('against brute force', () => {
  test('ranges, sums and nodes are those of the naive maps, for 1 to 3 replicas', () => {
    fc.assert(
      fc.property(nodeLists, nodeLists, fc.integer({ min: 1, max: 3 }), (a, b, replicas) => {
        const vnodes = 4;
        const diff = Ring.build({ nodes: a, vnodes }).diff(Ring.build({ nodes: b, vnodes }), { replicas });
        const holds = (nodes: readonly NaiveNode[]): number => nodes.filter(node => node.weight > 0).length;
        const places = Math.max(1, Math.min(replicas, Math.max(holds(a), holds(b))));
        let moved = 0;
        const taken = new Map<string, number>();
        const given = new Map<string, number>();
        for (const piece of pieces(a, b, vnodes, replicas)) {
          const gone = piece.before.filter(id => !piece.after.includes(id));
          const come = piece.after.filter(id => !piece.before.includes(id));
          const share = (piece.end - piece.start) / SPACE / places;
          moved += share * Math.max(gone.length, come.length);
          for (const id of come) taken.set(id, (taken.get(id) ?? 0) + share);
          for (const id of gone) given.set(id, (given.get(id) ?? 0) + share);
          const ranges = planned(diff, piece);
          expect(ranges.length).toBe(Math.max(gone.length, come.length));
          expect(inOrder(ranges.flatMap(({ to }) => to ?? []))).toEqual(inOrder(come));
          const sources = ranges.flatMap(({ from }) => from ?? []);
          for (const id of gone) expect(sources).toContain(id);
          for (const id of sources) expect(piece.before).toContain(id);
        }
        expect(diff.moved).toBeCloseTo(moved, 9);
        for (const id of new Set([...taken.keys(), ...given.keys()])) {
          expect(diff.perNode.get(id)?.in).toBeCloseTo(taken.get(id) ?? 0, 9);
          expect(diff.perNode.get(id)?.out).toBeCloseTo(given.get(id) ?? 0, 9);
        }
        expect(diff.perNode.size).toBe(new Set([...taken.keys(), ...given.keys()]).size);
      }),
    );
  });

  test('neighbouring pieces with the same nodes are one range', () => {
    const ring = Ring.build({ nodes: ['a', 'b', 'c'] });
    const { ranges } = ring.diff(ring.with({ remove: ['c'] }), { replicas: 2 });
    for (const range of ranges) {
      expect(
        ranges.some(other => other.start === range.end && other.from === range.from && other.to === range.to),
      ).toBe(false);
    }
    const starts = ranges.map(range => Number(range.start));
    expect(starts).toEqual([...starts].sort((x, y) => x - y));
  });
});

describe('numbers', () => {
  test('a ring beside itself moves nothing', () => {
    const ring = Ring.build({ nodes: ['a', 'b'] });
    expect(ring.diff(ring)).toMatchObject({
      exact: true,
      space: 'xxh32/0',
      moved: 0,
      minimum: 0,
      unnecessary: 0,
      ranges: [],
    });
  });

  test('adding one to ten moves about one in eleven, all of it to the new one', () => {
    const nodes = Array.from({ length: 10 }, (_, i) => `node-${i}`);
    const diff = Ring.build({ nodes }).diff(Ring.build({ nodes: [...nodes, 'new'] }));
    expect(diff.minimum).toBeCloseTo(1 / 11, 12);
    expect(diff.moved).toBeGreaterThan(0.07);
    expect(diff.moved).toBeLessThan(0.12);
    expect(diff.perNode.get('new')).toEqual({ in: diff.perNode.get('new')?.in, out: 0 });
    expect(diff.perNode.get('new')?.in).toBeCloseTo(diff.moved, 12);
  });

  test('the minimum is that of weights, with no node holding a key twice', () => {
    const minimum = (a: NaiveNode[], b: NaiveNode[], replicas: number): number => {
      return Ring.build({ nodes: a }).diff(Ring.build({ nodes: b }), { replicas }).minimum;
    };
    const node = (id: string, weight: number): NaiveNode => ({ id, weight });
    expect(minimum([node('a', 1), node('b', 1)], [node('a', 3), node('b', 1)], 1)).toBeCloseTo(0.25, 12);
    // Both hold everything twice over, whatever they weigh.
    expect(minimum([node('a', 1), node('b', 1)], [node('a', 3), node('b', 1)], 2)).toBe(0);
    // a can hold one copy of everything at most: b and c share the other.
    expect(
      minimum([node('a', 8), node('b', 1), node('c', 1)], [node('a', 8), node('b', 3), node('c', 1)], 2),
    ).toBeCloseTo(0.125, 12);
    expect(minimum([node('a', 1)], [node('b', 1)], 1)).toBe(1);
    expect(minimum([], [node('b', 1)], 1)).toBe(1);
    // What is far below the heaviest has no share, but is no NaN.
    const light = [node('b', 0.001), node('c', 0.001)];
    const maglev = Ring.build({ algorithm: 'maglev', nodes: [node('a', 1e17), ...light] });
    expect(maglev.diff(maglev.with({ add: ['d'] })).minimum).toBeCloseTo(0, 12);
    expect(maglev.diff(maglev.with({ remove: ['b'] }), { replicas: 2 }).minimum).toBeCloseTo(0.25, 12);
    expect(minimum([node('b', 1)], [], 1)).toBe(1);
  });

  test('one replica more is copied from the first owner, who gives nothing up', () => {
    const one = Ring.build({ nodes: ['a'] });
    const two = one.with({ add: ['b'] });
    const diff = one.diff(two, { replicas: 2 });
    expect(diff.ranges).toEqual([{ start: 0, end: SPACE, from: 'a', to: 'b' }]);
    expect([...diff.perNode]).toEqual([['b', { in: 0.5, out: 0 }]]);
    expect(two.diff(one, { replicas: 2 }).ranges).toEqual([
      { start: 0, end: SPACE, from: 'b', to: undefined },
    ]);
    expect(Ring.build({ nodes: [] }).diff(one).ranges).toEqual([
      { start: 0, end: SPACE, from: undefined, to: 'a' },
    ]);
  });

  test('nothing to compare', () => {
    const empty = Ring.build({ nodes: [] });
    expect(empty.diff(empty)).toMatchObject({ moved: 0, minimum: 0, ranges: [] });
  });

  test.each([0, -1, 1.5, Number.NaN])('%s replicas are refused', replicas => {
    const ring = Ring.build({ nodes: ['a'] });
    expect(() => ring.diff(ring, { replicas })).toThrow(
      `Replicas must be an integer of at least 1: received ${replicas}`,
    );
  });
});

describe('over keys', () => {
  const nodes = ['a', 'b', 'c', 'd'];
  const keys = Array.from({ length: 2000 }, (_, i) => `key:${i}`);

  test('with keys it counts what moves of those', () => {
    const ring = Ring.build({ nodes });
    const next = ring.with({ remove: ['b'], add: ['e'] });
    const diff = ring.diff(next, { keys });
    const moving = keys.filter(key => ring.get(key) !== next.get(key));
    expect(diff).toMatchObject({ exact: false, space: undefined, ranges: [], unnecessary: 0 });
    expect(diff.moved).toBeCloseTo(moving.length / keys.length, 12);
    expect(diff.perNode.get('e')?.in).toBeCloseTo(
      moving.filter(key => next.get(key) === 'e').length / keys.length,
      12,
    );
    expect(ring.diff(next, { keys: [] }).moved).toBe(0);
  });

  test('rings of different spaces are compared over a sample, close to the exact number', () => {
    const ring = Ring.build({ nodes });
    const sampled = ring.diff(Ring.build({ nodes, seed: 1 }));
    expect(sampled.exact).toBe(false);
    // Independent maps agree on a quarter of the keys.
    expect(sampled.moved).toBeGreaterThan(0.7);
    expect(sampled.moved).toBeLessThan(0.8);
    expect(sampled.unnecessary).toBeCloseTo(sampled.moved, 12);
    const other = Ring.build({ nodes, algorithm: 'rendezvous' });
    const grown = other.diff(other.with({ add: ['e'] }));
    expect(grown).toMatchObject({ exact: false, unnecessary: 0 });
    expect(Math.abs(grown.moved - 0.2)).toBeLessThan(0.01);
  });

  test('an empty ring is compared too', () => {
    const empty = Ring.build({ nodes: [], algorithm: 'rendezvous' });
    const diff = empty.diff(empty.with({ add: ['a'] }), { keys });
    expect(diff.moved).toBeCloseTo(1, 12);
    expect(diff.perNode.get('a')).toEqual({ in: diff.moved, out: 0 });
  });
});

test('shares are the lengths of the naive arcs and add up to 1', () => {
  fc.assert(
    fc.property(nodeLists, nodes => {
      const ring = Ring.build({ nodes, vnodes: 5 });
      const expected = new Map<string, number>();
      for (const { start, end, before } of pieces(nodes, [], 5, 1)) {
        const owner = before[0];
        if (owner !== undefined) expected.set(owner, (expected.get(owner) ?? 0) + (end - start) / SPACE);
      }
      const shares = ring.shares();
      for (const { id, index } of ring.nodes) expect(shares[index]).toBeCloseTo(expected.get(id) ?? 0, 9);
    }),
  );
});
