import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Lease, Ring } from '../src/index.ts';
import { nodeLists } from './arbitraries.ts';

const bound = (ring: Ring, id: string, factor: number, leases: number): number => {
  const total = ring.nodes.reduce((sum, node) => sum + node.weight, 0);
  const weight = ring.nodes.find(node => node.id === id)?.weight ?? 0;
  return Math.ceil((factor * leases * weight) / total);
};

test('each lease goes to the first node of its list below the bound, and nobody passes it', () => {
  fc.assert(
    fc.property(
      nodeLists,
      fc.constantFrom(1, 1.01, 1.25, 2, 1000),
      fc.array(fc.tuple(fc.string({ maxLength: 2 }), fc.boolean(), fc.nat()), { maxLength: 60 }),
      fc.constantFrom('ring', 'rendezvous', 'maglev'),
      (nodes, factor, calls, algorithm) => {
        const ring: Ring = Ring.build({ nodes, algorithm } as never);
        fc.pre(nodes.some(node => node.weight > 0));
        const bounded = ring.bounded({ factor });
        const held: Lease[] = [];
        for (const [key, release, at] of calls) {
          if (release && held.length > 0) {
            const [lease] = held.splice(at % held.length, 1);
            lease?.release();
            lease?.release();
            continue;
          }
          const count = held.length + 1;
          const loads = new Map(
            ring.nodes.map(({ id }) => [id, held.filter(lease => lease.id === id).length]),
          );
          const list = ring.pick(key, { n: ring.nodeCount });
          const expected = list.find(id => (loads.get(id) ?? 0) < bound(ring, id, factor, count));
          const lease = bounded.acquire(key);
          expect(lease.id).toBe(expected);
          expect(ring.nodes[lease.index]?.id).toBe(expected);
          held.push(lease);
          expect(bounded.leases).toBe(held.length);
          for (const { id } of ring.nodes)
            expect(bounded.load(id)).toBe(held.filter(lease => lease.id === id).length);
        }
      },
    ),
    { numRuns: 150 },
  );
});

test('one key taken a thousand times fills the nodes evenly by weight', () => {
  const nodes = [
    ...Array.from({ length: 20 }, (_, i) => `n${i}`),
    { id: 'big', weight: 5 },
    { id: 'idle', weight: 0 },
  ];
  const ring = Ring.build({ nodes });
  const bounded = ring.bounded({ factor: 1.25 });
  for (let i = 0; i < 1000; i++) bounded.acquire('hot');
  expect(bounded.load('n0')).toBeLessThanOrEqual(50);
  expect(bounded.load('big')).toBeLessThanOrEqual(250);
  expect(bounded.load('idle')).toBe(0);
  expect(bounded.leases).toBe(1000);
});

test('an unloaded ring leases to owners', () => {
  const ring = Ring.build({ nodes: ['a', 'b', 'c'] });
  const bounded = ring.bounded({ factor: 2 });
  for (let i = 0; i < 100; i++) {
    using lease = bounded.acquire(`key:${i}`);
    expect(lease.id).toBe(ring.get(`key:${i}`));
  }
  expect(bounded.leases).toBe(0);
});

describe('a change of membership', () => {
  test('leases go on counting by id; those on nodes that left count no more', () => {
    const ring = Ring.build({ nodes: ['a', 'b', 'c'] });
    const first = ring.bounded({ factor: 1 });
    const leases = Array.from({ length: 9 }, () => first.acquire('k'));
    const next = ring.with({ remove: ['b'], add: ['aa'] });
    const second = next.bounded({ factor: 1, after: first });
    expect([second.load('a'), second.load('aa'), second.load('c'), second.leases]).toEqual([3, 0, 3, 6]);
    // Three are needed to reach the others, whatever the key.
    for (let i = 0; i < 3; i++) expect(second.acquire(`any${i}`).id).toBe('aa');
    for (const lease of leases) lease.release();
    expect([second.load('a'), second.load('aa'), second.load('c'), second.leases]).toEqual([0, 3, 0, 3]);
    expect(() => first.acquire('k')).toThrow('Bounded ring gives no leases: another one took over');
    expect(first.leases).toBe(0);
  });

  test('a node that leaves and comes back starts from nothing', () => {
    const ring = Ring.build({ nodes: ['a', 'b'] });
    const first = ring.bounded({ factor: 1 });
    const leases = [first.acquire('k'), first.acquire('k')];
    const second = ring.with({ remove: ['b'] }).bounded({ factor: 1, after: first });
    const third = ring.bounded({ factor: 1, after: second });
    expect([third.load('a'), third.load('b'), third.leases]).toEqual([1, 0, 1]);
    for (const lease of leases) lease.release();
    expect([third.load('a'), third.load('b'), third.leases]).toEqual([0, 0, 0]);
  });
});

test('bad arguments', () => {
  const ring = Ring.build({ nodes: ['a'] });
  for (const factor of [0.99, 0, -1, Number.NaN, Infinity]) {
    expect(() => ring.bounded({ factor })).toThrow(
      new RangeError(`Factor must be a finite number of at least 1: received ${factor}`),
    );
  }
  expect(() => ring.bounded({ factor: 1 }).load('x')).toThrow('Node "x" is not in the ring');
  const idle = Ring.build({ nodes: [{ id: 'a', weight: 0 }] }).bounded({ factor: 1 });
  expect(() => idle.acquire('k')).toThrow('No node of 1 has a weight above 0, so none gives a lease');
});

test('a bound that is a whole number is not passed by rounding', () => {
  // 58 × 7 ÷ 14 is 29, while 58 ÷ 14 × 7 is a little more in doubles.
  const ring = Ring.build({
    nodes: [
      { id: 'a', weight: 7 },
      { id: 'b', weight: 7 },
    ],
    algorithm: 'maglev',
  });
  const bounded = ring.bounded({ factor: 1 });
  for (let i = 0; i < 57; i++) bounded.acquire('k');
  const owner = ring.get('k');
  for (let count = 58; count < 2000; count++) {
    bounded.acquire('k');
    expect(bounded.load(owner)).toBeLessThanOrEqual(Math.ceil(count / 2));
  }
});
