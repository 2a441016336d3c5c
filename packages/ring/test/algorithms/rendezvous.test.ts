import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exponential } from '../../src/algorithms/exponential.ts';
import { hash64 } from '../../src/algorithms/hash/uint64.ts';
import { xxh64OfKey } from '../../src/algorithms/hash/xxh64.ts';
import { Ring } from '../../src/ring.ts';
import type { NodeSpec } from '../../src/ring-node.ts';

const HASHES = Array.from({ length: 400 }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 0);

/** The definition, node by node: least −ln(u) / weight, then greatest weight, then id. */
function oracle(nodes: readonly NodeSpec[], hash: number, count: number): string[] {
  const pair = hash64();
  const costs = nodes
    .filter(node => (node.weight ?? 1) > 0)
    .map(({ id, weight = 1 }) => {
      xxh64OfKey(id, 0, pair);
      const [first = 0, second = 0] = pair;
      let h = hash ^ first;
      h = Math.imul(h ^ (h >>> 16), 0x85ebca6b) ^ second;
      h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
      h ^= h >>> 16;
      return { id, weight, cost: -Math.log((h + 2 ** 31 + 0.5) / 2 ** 32) / weight };
    });
  costs.sort((a, b) => a.cost - b.cost || b.weight - a.weight || (a.id < b.id ? -1 : 1));
  return costs.slice(0, count).map(({ id }) => id);
}

const weight = fc.oneof(
  fc.constantFrom(0, 1, 1, 1, 2, 1e9, 1e-9),
  fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
);
const nodeSet = fc.uniqueArray(fc.record({ id: fc.string({ minLength: 1, maxLength: 6 }), weight }), {
  selector: node => node.id,
  minLength: 1,
  maxLength: 12,
});

describe('exponential', () => {
  test('is −ln u to the last bits, and falls strictly', () => {
    const hashes = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 2 });
    fc.assert(
      fc.property(hashes, h => {
        const exact = -Math.log((h + 2 ** 31 + 0.5) / 2 ** 32);
        expect(Math.abs(exponential(h) - exact)).toBeLessThanOrEqual(exact * 2 ** -49);
        expect(exponential(h + 1)).toBeLessThan(exponential(h));
      }),
      { numRuns: 20_000 },
    );
    for (let e = 0; e < 32; e++) {
      // Around powers of two and around the cut at the square root of a half.
      for (const at of [2 ** e, Math.round(2 ** (e + 0.5))]) {
        for (let h = at - 3 - 2 ** 31; h < at + 3 - 2 ** 31; h++) {
          if (h < -(2 ** 31) || h > 2 ** 31 - 2) continue;
          expect(exponential(h + 1)).toBeLessThan(exponential(h));
        }
      }
    }
  });
});

describe('rendezvous', () => {
  test('owner and list of owners are those of the definition', () => {
    fc.assert(
      fc.property(nodeSet, fc.integer({ min: 0, max: 12 }), (nodes, n) => {
        fc.pre(nodes.some(node => node.weight > 0));
        const ring = Ring.build({ algorithm: 'rendezvous', nodes });
        const count = Math.min(n, nodes.length);
        for (const hash of HASHES.slice(0, 40)) {
          expect(ring.nodes[ring.indexOfHash(hash)]?.id).toBe(oracle(nodes, hash, 1)[0]);
        }
        for (let i = 0; i < 10; i++) {
          expect(ring.pick(`key ${i}`, { n: count })).toEqual(oracle(nodes, ring.hash(`key ${i}`), count));
        }
      }),
    );
  });

  test('no key ever moves between two nodes that were not changed, whatever is added, removed or reweighted', () => {
    fc.assert(
      fc.property(nodeSet, nodeSet, (first, second) => {
        fc.pre(first.some(node => node.weight > 0) && second.some(node => node.weight > 0));
        const before = Ring.build({ algorithm: 'rendezvous', nodes: first });
        const kept = new Set(second.map(node => node.id));
        const had = new Map(first.map(node => [node.id, node.weight]));
        const after = before.with({
          remove: first.filter(node => !kept.has(node.id)).map(node => node.id),
          weight: Object.fromEntries(
            second.filter(node => had.has(node.id)).map(node => [node.id, node.weight]),
          ),
          add: second.filter(node => !had.has(node.id)),
        });
        const weightAfter = new Map(second.map(node => [node.id, node.weight]));
        const untouched = (id: string): boolean => had.get(id) === weightAfter.get(id);
        for (const hash of HASHES) {
          const from = before.nodes[before.indexOfHash(hash)]?.id ?? '';
          const to = after.nodes[after.indexOfHash(hash)]?.id ?? '';
          expect(from === to || !untouched(from) || !untouched(to)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('a key never leaves a node that grew, and never joins one that shrank', () => {
    fc.assert(
      fc.property(nodeSet, fc.nat(), fc.double({ min: 1.01, max: 100, noNaN: true }), (nodes, at, factor) => {
        fc.pre(nodes.some(node => node.weight > 0));
        const { id, weight: own } = nodes[at % nodes.length] as { id: string; weight: number };
        const before = Ring.build({ algorithm: 'rendezvous', nodes });
        const after = before.with({ weight: { [id]: own * factor } });
        for (const hash of HASHES) {
          const from = before.nodes[before.indexOfHash(hash)]?.id;
          const to = after.nodes[after.indexOfHash(hash)]?.id;
          expect(from === to || to === id).toBe(true);
        }
      }),
    );
  });

  test('shares follow weights', () => {
    const nodes = [1, 2, 3, 4].map(w => ({ id: `n${w}`, weight: w }));
    const ring = Ring.build({ algorithm: 'rendezvous', nodes });
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 40_000; i++) {
      const owner = ring.index(`key ${i}`);
      counts[owner] = (counts[owner] ?? 0) + 1;
    }
    // Five standard deviations of a binomial share.
    counts.forEach((count, i) =>
      expect(Math.abs(count - 4000 * (i + 1))).toBeLessThan(5 * Math.sqrt(4000 * (i + 1))),
    );
  });

  test.each([[1e-201], [1e201]])('weight %d is refused', heavy => {
    expect(() => Ring.build({ algorithm: 'rendezvous', nodes: ['a', { id: 'b', weight: heavy }] })).toThrow(
      `Weight of node "b" must be 0 or from 1e-200 to 1e200 with algorithm "rendezvous": received ${heavy}`,
    );
  });
});
