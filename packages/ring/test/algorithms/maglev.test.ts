import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maglev, type MaglevRing } from '../../src/algorithms/maglev-ring.ts';
import { maglevTable } from '../../src/algorithms/maglev-table.ts';
import { hash64, toBigint } from '../../src/algorithms/hash/uint64.ts';
import { xxh64OfKey } from '../../src/algorithms/hash/xxh64.ts';
import { Members } from '../../src/members.ts';
import { Ring } from '../../src/ring.ts';

const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `node-${i}`);

function place(nodes: readonly string[], tableSize: number): MaglevRing {
  return maglev.place(Members.of(nodes, 'by-id'), { tableSize, seed: 0 });
}

function idsOfSlots(nodes: readonly string[], tableSize: number): string[] {
  const members = Members.of(nodes, 'by-id');
  return Array.from(maglevTable(members, tableSize), owner => members.nodes[owner]?.id ?? '');
}

/** Pseudocode 1 of the paper as it stands there, over BigInt hashes. */
function pseudocode1(nodes: readonly string[], tableSize: number): string[] {
  const sorted = [...nodes].sort();
  const modulo = (id: string, seed: number, divisor: number): number => {
    const pair = hash64();
    xxh64OfKey(id, seed, pair);
    return Number(toBigint(pair) % BigInt(divisor));
  };
  const offset = sorted.map(id => modulo(id, 0, tableSize));
  const skip = sorted.map(id => modulo(id, 1, tableSize - 1) + 1);
  const next = sorted.map(() => 0);
  const entry: string[] = Array.from({ length: tableSize }, () => '');
  for (let n = 0; ; ) {
    for (let i = 0; i < sorted.length; i++) {
      const slot = (): number => ((offset[i] ?? 0) + (next[i] ?? 0) * (skip[i] ?? 0)) % tableSize;
      let c = slot();
      while (entry[c] !== '') {
        next[i] = (next[i] ?? 0) + 1;
        c = slot();
      }
      entry[c] = sorted[i] ?? '';
      next[i] = (next[i] ?? 0) + 1;
      if (++n === tableSize) return entry;
    }
  }
}

/** Envoy's loop over turns, plainly: a node sits out while turn × weight is below its target. */
function plainWeighted(members: Members, tableSize: number): string[] {
  const pair = hash64();
  const modulo = (id: string, seed: number, divisor: number): number => {
    xxh64OfKey(id, seed, pair);
    return Number(toBigint(pair) % BigInt(divisor));
  };
  const rows = members.nodes
    .filter(node => node.weight > 0)
    .map(({ id, weight }) => {
      const [offset, skip] = [modulo(id, 0, tableSize), modulo(id, 1, tableSize - 1) + 1];
      return { id, offset, skip, weight: weight / members.totalWeight, target: 0, next: 0 };
    });
  const heaviest = Math.max(...rows.map(row => row.weight));
  const entry: string[] = Array.from({ length: tableSize }, () => '');
  for (let turn = 1, left = tableSize; left > 0; turn++) {
    for (const row of rows) {
      if (left === 0 || turn * row.weight < row.target) continue;
      row.target += heaviest;
      while (entry[(row.offset + row.next * row.skip) % tableSize] !== '') row.next++;
      entry[(row.offset + row.next * row.skip) % tableSize] = row.id;
      left--;
    }
  }
  return entry;
}

describe('Maglev §3.4', () => {
  test('with weights it is that of Envoy’s loop, whatever the weights', () => {
    const weight = fc.oneof(
      fc.constantFrom(1, 2, 3, 1 / 3, 0.1, 1e-12, 0),
      fc.double({ min: 1e-9, max: 1e9, noNaN: true }),
    );
    const list = fc.array(weight, { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(list, fc.constantFrom(13, 251, 1021), (weights, tableSize) => {
        fc.pre(weights.some(each => each > 0));
        const specs = weights.map((each, i) => ({ id: `n${i}`, weight: each }));
        const members = Members.of(specs, 'by-id');
        const ids = Array.from(maglevTable(members, tableSize), owner => members.nodes[owner]?.id);
        expect(ids).toEqual(plainWeighted(members, tableSize));
      }),
      { numRuns: 200 },
    );
  });

  test('the table is that of pseudocode 1', () => {
    for (const tableSize of [13, 251, 1021]) {
      expect(idsOfSlots(names(12), tableSize)).toEqual(pseudocode1(names(12), tableSize));
    }
  });

  test('slots of equal nodes differ by at most one, whatever the ids', () => {
    const ids = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(ids, nodes => {
        const counts = new Map<string, number>();
        for (const id of idsOfSlots(nodes, 251)) counts.set(id, (counts.get(id) ?? 0) + 1);
        expect(counts.size).toBe(nodes.length);
        expect(Math.max(...counts.values()) - Math.min(...counts.values())).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('§5.3: at 65,537 slots and 100 nodes, a node that leaves moves at most 1 % of the others', () => {
    const nodes = names(100);
    const before = idsOfSlots(nodes, 65_537);
    for (const gone of ['node-0', 'node-42', 'node-99']) {
      const after = idsOfSlots(
        nodes.filter(id => id !== gone),
        65_537,
      );
      const survivors = before.filter(id => id !== gone).length;
      const moved = before.filter((id, slot) => id !== gone && after[slot] !== id).length;
      expect(moved).toBeGreaterThan(0);
      expect(moved / survivors).toBeLessThanOrEqual(0.01);
    }
  });

  test('weights are shares of the table', () => {
    const nodes = [1, 2, 3, 0.5].map(weight => ({ id: `n${weight}`, weight }));
    const members = Members.of(nodes, 'by-id');
    const table = maglevTable(members, 65_537);
    for (const { index, weight } of members.nodes) {
      const count = table.filter(owner => owner === index).length;
      expect(Math.abs(count / 65_537 - weight / 6.5)).toBeLessThan(0.001);
    }
  });

  test('a hash belongs to the slot of its part of the space, and arcs say where slots begin', () => {
    const ring = place(names(5), 251);
    const { starts } = ring.arcs(1);
    expect(starts[0]).toBe(0);
    for (let slot = 1; slot < 251; slot++) {
      const start = starts[slot] as number;
      expect([ring.slot(start - 1), ring.slot(start)]).toEqual([slot - 1, slot]);
    }
    expect(ring.slot(2 ** 32 - 1)).toBe(250);
  });

  test('arcs begin where slots do at the largest size too, where quotients are rounded', () => {
    const ring = place(['a'], 5_000_011);
    const { starts } = ring.arcs(1);
    for (let slot = 1; slot < 5_000_011; slot += 997) {
      const start = starts[slot] as number;
      expect([ring.slot(start - 1), ring.slot(start)]).toEqual([slot - 1, slot]);
    }
  });

  test('lists of owners are the next slots’', () => {
    const ring = Ring.build({ algorithm: 'maglev', nodes: names(7), tableSize: 251 });
    const placement = place(names(7), 251);
    for (let i = 0; i < 100; i++) {
      const from = placement.slot(ring.hash(`key ${i}`));
      const around = [...placement.table.subarray(from), ...placement.table.subarray(0, from)].map(
        owner => ring.nodes[owner]?.id,
      );
      expect(ring.pick(`key ${i}`, { n: 7 })).toEqual([...new Set(around)]);
    }
  });

  test.each([[4], [-7], [5_000_021], [Number.POSITIVE_INFINITY]])('table size %d is refused', tableSize => {
    expect(() => Ring.build({ algorithm: 'maglev', nodes: ['a'], tableSize })).toThrow(
      `Table size must be a prime number from 2 to 5000011: received ${tableSize}`,
    );
  });

  test('more than 65,535 nodes need and get four bytes a slot', () => {
    const nodes = names(65_537);
    const members = Members.of(nodes, 'by-id');
    const table = maglevTable(members, 65_537);
    expect(table).toBeInstanceOf(Uint32Array);
    expect(new Set(table).size).toBe(65_537);
  });
});
