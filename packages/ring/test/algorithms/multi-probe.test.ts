import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { multiProbe } from '../../src/algorithms/multi-probe-ring.ts';
import { Members } from '../../src/members.ts';
import type { PointTable } from '../../src/points/point-table.ts';
import { Ring } from '../../src/ring.ts';

const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `node-${i}`);

/** The definition: of all probes and points, the pair with the least distance clockwise; then the lower id. */
function oracle(members: Members, points: PointTable, hash: number, probes: number): string {
  let best = { distance: 2 ** 32, owner: members.nodes.length };
  for (let probe = 0; probe < probes; probe++) {
    let place = hash + Math.imul(probe, 0x9e3779b9);
    place = Math.imul(place ^ (place >>> 16), 0x85ebca6b);
    place = Math.imul(place ^ (place >>> 13), 0xc2b2ae35);
    place = (place ^ (place >>> 16)) >>> 0;
    points.positions.forEach((position, at) => {
      const distance = (position - place) >>> 0;
      const owner = points.owners[at] as number;
      if (distance < best.distance || (distance === best.distance && owner < best.owner))
        best = { distance, owner };
    });
  }
  return members.nodes[best.owner]?.id ?? '';
}

describe('multi-probe (Appleton & O’Reilly 2015)', () => {
  test('a key belongs to the point nearest clockwise of any of its probes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 30 }), (count, probes) => {
        const ring = Ring.build({ algorithm: 'multi-probe', nodes: names(count), probes });
        const members = Members.of(names(count), 'by-id');
        const { points } = multiProbe.place(members, { probes, pointsPerNode: 1, seed: 0 });
        for (let i = 0; i < 20; i++) {
          expect(ring.get(`key ${i}`)).toBe(oracle(members, points, ring.hash(`key ${i}`), probes));
        }
      }),
      { numRuns: 30 },
    );
  });

  test('each next owner is the one the key has when those before it are gone', () => {
    const ring = Ring.build({ algorithm: 'multi-probe', nodes: names(12) });
    for (let i = 0; i < 50; i++) {
      const list = ring.pick(`key ${i}`, { n: 12 });
      let left = ring;
      for (const id of list.slice(0, 11)) {
        expect(left.get(`key ${i}`)).toBe(id);
        left = left.with({ remove: [id] });
      }
      expect(left.get(`key ${i}`)).toBe(list[11]);
    }
  });

  test('a joining node only takes', () => {
    const ring = Ring.build({ algorithm: 'multi-probe', nodes: names(20) });
    const next = ring.with({ add: ['new'] });
    for (let i = 0; i < 5000; i++) expect([ring.get(`key ${i}`), 'new']).toContain(next.get(`key ${i}`));
  });

  test('weights are points', () => {
    const nodes = [{ id: 'a', weight: 0.5 }, { id: 'b', weight: 1.5 }, 'c'];
    const ring = Ring.build({ algorithm: 'multi-probe', nodes, pointsPerNode: 100 });
    const counts = new Map<string, number>();
    for (let i = 0; i < 30_000; i++)
      counts.set(ring.get(`key ${i}`), (counts.get(ring.get(`key ${i}`)) ?? 0) + 1);
    expect((counts.get('a') ?? 0) / 30_000).toBeCloseTo(0.5 / 3, 1);
    expect((counts.get('b') ?? 0) / 30_000).toBeCloseTo(1.5 / 3, 1);
  });

  test.each([
    [{ probes: 0 }, 'Probes must be an integer from 1 to 255: received 0'],
    [{ probes: 256 }, 'Probes must be an integer from 1 to 255: received 256'],
    [{ pointsPerNode: 0.5 }, 'Points per node must be an integer from 1 to 65536: received 0.5'],
    [{ seed: -1 }, 'Seed must be an integer from 0 to 4294967295: received -1'],
  ])('%o is refused', (options, message) => {
    expect(() => Ring.build({ algorithm: 'multi-probe', nodes: ['a'], ...options })).toThrow(
      new RangeError(message),
    );
  });
});
