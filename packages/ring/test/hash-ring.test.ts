import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Ring } from '../src/index.ts';
import { keyText } from './algorithms/any-text.ts';
import { hashes, nodeLists } from './arbitraries.ts';
import { naiveOwners, naivePoints } from './naive-ring.ts';

const idAt = (ring: Ring<unknown, number>, hash: number): string | undefined =>
  ring.nodes[ring.indexOfHash(hash)]?.id;

test('owners and preference lists are those of the naive ring', () => {
  fc.assert(
    fc.property(
      nodeLists,
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom(0, 1, 0xffffffff),
      fc.array(keyText, { minLength: 1, maxLength: 10 }),
      (nodes, vnodes, seed, keys) => {
        const ring = Ring.build({ nodes, vnodes, seed });
        const points = naivePoints(nodes, vnodes, seed);
        fc.pre(points.length > 0);
        for (const key of keys) {
          const owners = naiveOwners(points, ring.hash(key));
          expect(ring.get(key)).toBe(owners[0]);
          expect(ring.pick(key, { n: nodes.length })).toEqual(owners);
        }
      },
    ),
  );
});

test('at, before and after every point, and at both ends of the space', () => {
  fc.assert(
    fc.property(nodeLists, hashes, (nodes, seed) => {
      const points = naivePoints(nodes, 3, seed);
      fc.pre(points.length > 0);
      const ring = Ring.build({ nodes, vnodes: 3, seed });
      const around = points.flatMap(({ position }) =>
        [position - 1, position, position + 1].map(at => at >>> 0),
      );
      for (const hash of [0, 0xffffffff, ...around])
        expect(idAt(ring, hash)).toBe(naiveOwners(points, hash)[0]);
    }),
  );
});

test('the order in which nodes are given does not matter', () => {
  fc.assert(
    fc.property(nodeLists, fc.array(hashes), (nodes, places) => {
      fc.pre(nodes.some(node => node.weight > 0));
      const ring = Ring.build({ nodes });
      const mirrored = Ring.build({ nodes: nodes.toReversed() });
      for (const hash of places) expect(mirrored.indexOfHash(hash)).toBe(ring.indexOfHash(hash));
      expect(mirrored.nodes).toEqual(ring.nodes);
    }),
    { numRuns: 30 },
  );
});

test('a lower bound of one point: the smallest weight above 0 still owns something, 0 owns nothing', () => {
  const ring = Ring.build({ nodes: [{ id: 'tiny', weight: 1e-9 }, { id: 'none', weight: 0 }, 'a', 'b'] });
  const shares = ring.shares();
  const share = (id: string): number | undefined => shares[ring.nodes.findIndex(node => node.id === id)];
  expect(share('tiny')).toBeGreaterThan(0);
  expect(share('tiny')).toBeLessThan(0.05);
  expect(share('none')).toBe(0);
});

test('limits are named with the value', () => {
  expect(() => Ring.build({ nodes: [{ id: 'a', weight: 1e9 }] })).toThrow(
    'Node "a" must have at most 1048576 points: weight 1000000000 at 160 vnodes gives 160000000000',
  );
  const heavy = Array.from({ length: 33 }, (_, i) => ({ id: `n${i}`, weight: 1_048_576 }));
  expect(() => Ring.build({ nodes: heavy, vnodes: 1 })).toThrow(
    'Ring must have at most 33554432 points: 33 nodes give 34603008',
  );
  for (const vnodes of [0, -1, 1.5, Number.NaN, 65_537]) {
    expect(() => Ring.build({ nodes: ['a'], vnodes })).toThrow(
      new RangeError(`Vnodes must be an integer from 1 to 65536: received ${vnodes}`),
    );
  }
  for (const seed of [-1, 0.5, 2 ** 32, Number.NaN])
    expect(() => Ring.build({ nodes: ['a'], seed })).toThrow(RangeError);
  expect(() => Ring.build({ nodes: ['a'], algorithm: 'toString' as never })).toThrow(/received "toString"/);
});

test('balance: the spread of shares is that of random points, 1.1 over the root of vnodes at most', () => {
  const spreads = ['x', 'y', 'z', 'u', 'v'].map(prefix => {
    const ring = Ring.build({ nodes: Array.from({ length: 200 }, (_, i) => `${prefix}${i}`) });
    const shares = Array.from(ring.shares(), share => share * 200 - 1);
    return Math.sqrt(shares.reduce((sum, share) => sum + share * share, 0) / 200);
  });
  const median = spreads.sort((a, b) => a - b)[2];
  expect(median).toBeLessThan(1.1 / Math.sqrt(160));
  expect(median).toBeGreaterThan(0.8 / Math.sqrt(160));
});

test('more than 65,535 nodes: every index is told apart', () => {
  const nodes = Array.from({ length: 70_000 }, (_, i) => `n${i}`);
  const ring = Ring.build({ nodes, vnodes: 2 });
  const attached = Ring.attach(ring.share());
  const indexes = Array.from({ length: 20_000 }, (_, i) => ring.index(`key${i}`));
  expect(indexes.map((_, i) => attached.index(`key${i}`))).toEqual(indexes);
  const highest = Math.max(...indexes);
  expect(highest).toBeGreaterThan(0xffff);
  const others = Ring.build({ nodes: nodes.slice(0, 60), vnodes: 2 });
  for (let i = 0; i < 200; i++) {
    // Who owns a key among all owns it among any few that it is one of.
    const owner = ring.get(`key${i}`);
    const few = Ring.build({
      nodes: [...others.nodes.map(node => node.id).filter(id => id !== owner), owner],
      vnodes: 2,
    });
    expect(few.get(`key${i}`)).toBe(owner);
  }
});

test('many nodes and few points: the highest indexes are told apart from indexes of points', () => {
  const nodes = Array.from({ length: 70_000 }, (_, i) => ({
    id: `n${i + 100_000}`,
    weight: i % 9999 === 9998 ? 1 : 0,
  }));
  const ring = Ring.build({ nodes, vnodes: 3 });
  const points = naivePoints(nodes, 3, 0);
  expect(points.length).toBe(21);
  for (let i = 0; i < 500; i++)
    expect(ring.get(`key${i}`)).toBe(naiveOwners(points, ring.hash(`key${i}`))[0]);
});

test('2,000 nodes of 160 points: two names at one place do happen, and the lower id has it', () => {
  const nodes = Array.from({ length: 2000 }, (_, i) => `node-${i}`);
  const ring = Ring.build({ nodes });
  const points = naivePoints(
    nodes.map(id => ({ id, weight: 1 })),
    160,
    0,
  );
  const lowest = new Map<number, string>();
  const shared = new Set<number>();
  for (const { position, id } of points) {
    const other = lowest.get(position);
    if (other !== undefined && other !== id) shared.add(position);
    if (other === undefined || id < other) lowest.set(position, id);
  }
  expect(shared.size).toBeGreaterThan(3);
  for (const position of shared) expect(idAt(ring, position)).toBe(lowest.get(position));
});
