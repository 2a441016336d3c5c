import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashRing } from '../src/algorithms/hash-ring.ts';
import { Ring, type RingChange } from '../src/index.ts';
import { Members } from '../src/members.ts';
import { mergePoints } from '../src/points/merge-points.ts';
import { ids, nodeLists, weights } from './arbitraries.ts';
import type { NaiveNode } from './naive-ring.ts';

/** A step that fits whatever members there are. */
type Step = {
  readonly kind: 'add' | 'remove' | 'weight';
  readonly id: string;
  readonly at: number;
  readonly weight: number;
};
const steps = fc.array(
  fc.record({ kind: fc.constantFrom('add', 'remove', 'weight'), id: ids, at: fc.nat(), weight: weights }),
  { maxLength: 12 },
) as fc.Arbitrary<Step[]>;

function changeOf(step: Step, nodes: readonly NaiveNode[]): RingChange {
  const known = nodes[step.at % Math.max(1, nodes.length)]?.id;
  if (step.kind === 'add') {
    return nodes.some(node => node.id === step.id) ? {} : { add: [{ id: step.id, weight: step.weight }] };
  }
  if (known === undefined) return {};
  return step.kind === 'remove' ? { remove: [known] } : { weight: { [known]: step.weight } };
}

const tablesOf = (ring: Ring): Buffer => Buffer.from(new Uint8Array(ring.share().buffer as ArrayBuffer));

describe('with', () => {
  test('any chain of changes ends in the very bytes that build makes of the same members', () => {
    fc.assert(
      fc.property(nodeLists, steps, fc.integer({ min: 1, max: 20 }), (nodes, chain, vnodes) => {
        let ring = Ring.build({ nodes, vnodes });
        for (const step of chain) ring = ring.with(changeOf(step, ring.nodes));
        const built = Ring.build({ nodes: ring.nodes, vnodes });
        expect(tablesOf(ring).equals(tablesOf(built))).toBe(true);
      }),
    );
  });

  test('many changes at once equal the same changes one by one, in either order', () => {
    const ring = Ring.build({ nodes: ['a', 'b', 'c', { id: 'd', weight: 2 }] });
    const atOnce = ring.with({ add: ['e', { id: 'f', weight: 0.5 }], remove: ['b'], weight: { a: 3, d: 1 } });
    const oneByOne = ring
      .with({ weight: { d: 1 } })
      .with({ add: [{ id: 'f', weight: 0.5 }] })
      .with({ remove: ['b'] })
      .with({ weight: { a: 9 } })
      .with({ add: ['e'] })
      .with({ weight: { a: 3 } });
    expect(tablesOf(oneByOne).equals(tablesOf(atOnce))).toBe(true);
  });

  test('removing a node and adding it again is the identity', () => {
    fc.assert(
      fc.property(nodeLists, fc.nat(), (nodes, at) => {
        const ring = Ring.build({ nodes, vnodes: 20 });
        const node = nodes[at % Math.max(1, nodes.length)];
        fc.pre(node !== undefined);
        const again = ring.with({ remove: [node.id] }).with({ add: [node] });
        expect(tablesOf(again).equals(tablesOf(ring))).toBe(true);
        const atOnce = ring.with({ remove: [node.id], add: [node] });
        expect(tablesOf(atOnce).equals(tablesOf(ring))).toBe(true);
      }),
    );
  });

  test('the ring it was called on stays as it was', () => {
    const ring = Ring.build({ nodes: ['a', 'b', 'c'] });
    const before = tablesOf(ring);
    ring.with({ remove: ['a'], add: ['z'], weight: { b: 5 } });
    expect(tablesOf(ring).equals(before)).toBe(true);
    expect(ring.nodes.map(node => node.id)).toEqual(['a', 'b', 'c']);
  });

  test('keys move only to or from the nodes that changed', () => {
    fc.assert(
      fc.property(nodeLists, steps, (nodes, chain) => {
        let ring = Ring.build({ nodes, vnodes: 20 });
        const keys = Array.from({ length: 100 }, (_, i) => `key:${i}`);
        for (const step of chain) {
          const next = ring.with(changeOf(step, ring.nodes));
          const untouched = new Set(
            ring.nodes
              .filter(old => next.nodes.some(({ id, weight }) => id === old.id && weight === old.weight))
              .map(({ id }) => id),
          );
          if ([ring, next].every(({ nodes }) => nodes.some(({ weight }) => weight > 0))) {
            for (const key of keys) {
              const [from, to] = [ring.get(key), next.get(key)];
              expect(from === to || !untouched.has(from) || !untouched.has(to)).toBe(true);
            }
            expect(ring.diff(next).unnecessary).toBe(0);
            expect(ring.diff(next, { replicas: 3 }).unnecessary).toBe(0);
          }
          ring = next;
        }
      }),
      { numRuns: 60 },
    );
  });

  test('more weight only takes keys, less weight only gives them', () => {
    const ring = Ring.build({ nodes: ['a', 'b', 'c', 'd'] });
    const more = ring.with({ weight: { b: 1.5 } });
    for (const { from, to } of ring.diff(more).ranges) expect([from === 'b', to]).toEqual([false, 'b']);
    for (const { from, to } of more.diff(ring).ranges) expect([from, to === 'b']).toEqual(['b', false]);
    expect(ring.diff(more).moved).toBeGreaterThan(0.05);
  });
});

test('merging takes out one of two points at one place', () => {
  const merged = mergePoints(
    { positions: Uint32Array.of(5, 5, 5, 9), owners: Uint16Array.of(0, 0, 1, 2) },
    {
      indexes: Int32Array.of(0, 1, -1),
      removed: { positions: Uint32Array.of(5), owners: Uint16Array.of(0) },
      added: { positions: Uint32Array.of(5, 5, 0xffffffff), owners: Uint16Array.of(0, 2, 2) },
      nodeCount: 3,
      count: 5,
    },
  );
  expect([...merged.positions]).toEqual([5, 5, 5, 5, 0xffffffff]);
  expect([...merged.owners]).toEqual([0, 0, 1, 2, 2]);
});

test('replace and place agree on what a placement holds', () => {
  const from = Members.of(['a', 'b'], 'by-id');
  const to = from.with({ add: ['aa'] });
  const settings = hashRing.settings({});
  const replaced = hashRing.replace?.(hashRing.place(from, settings), from, to, settings);
  expect(replaced?.tables()).toEqual(hashRing.place(to, settings).tables());
});
