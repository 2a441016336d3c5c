import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { redisSlot, SLOT_COUNT } from '../../src/algorithms/hash/crc16-slot.ts';
import type { SlotRange } from '../../src/algorithms/slot-assignment.ts';
import { slots as slotsAlgorithm } from '../../src/algorithms/slots-ring.ts';
import { Members } from '../../src/members.ts';
import { Ring } from '../../src/ring.ts';
import { vectors } from './ring-vectors.ts';

/** cluster.c's keyHashSlot, byte by byte and bit by bit. */
function plainSlot(key: Uint8Array): number {
  const open = key.indexOf(0x7b);
  const close = open < 0 ? -1 : key.indexOf(0x7d, open + 1);
  const hashed = close > open + 1 ? key.subarray(open + 1, close) : key;
  let crc = 0;
  for (const byte of hashed) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++)
      crc = (crc & 0x8000) === 0 ? (crc << 1) & 0xffff : ((crc << 1) ^ 0x1021) & 0xffff;
  }
  return crc % 16384;
}

function owners(ring: Ring): string[] {
  return Array.from({ length: SLOT_COUNT }, (_, slot) => ring.nodes[ring.indexOfHash(slot)]?.id ?? '');
}

function countOf(ring: Ring): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const id of owners(ring)) counts[id] = (counts[id] ?? 0) + 1;
  return counts;
}

describe('vectors: redis_cluster', () => {
  const { key_slot, edge_key_slot_computed, peer_wrong_cluster_key_slot_1_1_2, binary_key_slot } =
    vectors.redis_cluster;

  test.each([
    ['key_slot', key_slot],
    ['edge_key_slot_computed', edge_key_slot_computed],
    ['peer_wrong_cluster_key_slot_1_1_2', peer_wrong_cluster_key_slot_1_1_2],
  ])('%s, of text and of bytes', (_, rows) => {
    for (const [key, slot] of rows) {
      expect(redisSlot(key), key).toBe(slot);
      expect(redisSlot(Buffer.from(key)), key).toBe(slot);
    }
  });

  test('binary_key_slot', () => {
    expect(redisSlot(Uint8Array.from(binary_key_slot[0]))).toBe(binary_key_slot[1]);
  });

  test('crc16_123456789', () => {
    expect(redisSlot('123456789')).toBe(Number(vectors.redis_cluster.crc16_123456789) % SLOT_COUNT);
  });
});

describe('redisSlot', () => {
  test('agrees with the specification on any key with braces', () => {
    const parts = fc.constantFrom('{', '}', '{}', 'a', 'tag', 'é', '😀', '\ud800', '');
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 12 }), list => {
        const key = list.join('');
        expect(redisSlot(key)).toBe(plainSlot(Buffer.from(key)));
      }),
      { numRuns: 3000 },
    );
  });

  test.each([[undefined], [7], [['a']]])('%s is no key', key => {
    expect(() => redisSlot(key as never)).toThrow('Key must be a string or a Uint8Array');
  });
});

describe('assignment', () => {
  test('default ranges are those of redis-cli --cluster create', () => {
    const ring = Ring.build({ algorithm: 'slots', nodes: ['a', 'b', 'c'] });
    const list = owners(ring);
    expect([list.lastIndexOf('a'), list.indexOf('b'), list.lastIndexOf('b'), list.indexOf('c')]).toEqual([
      5460, 5461, 10922, 10923,
    ]);
    expect(ring.historyFree).toBe(false);
  });

  test('a key is served by the node of its slot', () => {
    const slots = [
      { node: 'b', start: 0, end: 12181 },
      { node: 'a', start: 12182, end: 12182 },
      { node: 'b', start: 12183, end: 16383 },
    ];
    const ring = Ring.build({ algorithm: 'slots', nodes: ['a', 'b'], slots });
    expect([ring.get('foo'), ring.get('x{foo}'), ring.get('bar'), ring.hash('foo')]).toEqual([
      'a',
      'a',
      'b',
      12182,
    ]);
    expect(Ring.attach(ring.share()).get('foo')).toBe('a');
  });

  const full = { node: 'a', start: 0, end: 16383 };
  test.each<[string, readonly SlotRange[]]>([
    [
      'Slot 7 is given to no node',
      [
        { ...full, end: 6 },
        { ...full, start: 8 },
      ],
    ],
    ['Slot 16383 is given to both "a" and "b"', [full, { node: 'b', start: 16383, end: 16383 }]],
    ['Slots 0 to 16383 are given to "c", which is not among the nodes', [{ ...full, node: 'c' }]],
    ['Slots 0 to 16383 are given to "idle", which has weight 0', [{ ...full, node: 'idle' }]],
    ['Slots of node "a" must be within 0 to 16383: received 0 to 16384', [{ ...full, end: 16384 }]],
    ['Slots of node "a" must be within 0 to 16383: received 9 to 8', [{ ...full, start: 9, end: 8 }]],
    [
      'Slots of node "a" must be within 0 to 16383: received NaN to 8',
      [{ ...full, start: Number.NaN, end: 8 }],
    ],
  ])('%s', (message, slots) => {
    const nodes = ['a', 'b', { id: 'idle', weight: 0 }];
    expect(() => Ring.build({ algorithm: 'slots', nodes, slots })).toThrow(new RangeError(message));
  });

  test('slots outside of 0 to 16383 are refused', () => {
    const ring = Ring.build({ algorithm: 'slots', nodes: ['a'] });
    for (const slot of [-1, 16384, 1.5, Number.NaN, 3n]) {
      expect(() => ring.indexOfHash(slot as number)).toThrow(
        `Slot must be an integer from 0 to 16383: received ${slot}`,
      );
    }
  });

  test('more nodes than slots are refused', () => {
    const nodes = Array.from({ length: 16385 }, (_, i) => `n${i}`);
    expect(() => Ring.build({ algorithm: 'slots', nodes })).toThrow(
      'at most 16384, one for each slot: received 16385',
    );
  });
});

describe('a change moves as few slots as there can be', () => {
  test('a joining node gets its share, from those that have most', () => {
    const ring = Ring.build({ algorithm: 'slots', nodes: ['a', 'b', 'c'] });
    const next = ring.with({ add: ['d'] });
    expect(countOf(next)).toEqual({ a: 4096, b: 4096, c: 4096, d: 4096 });
    const before = owners(ring);
    owners(next).forEach((id, slot) => expect(id === before[slot] || id === 'd').toBe(true));
  });

  test('a leaving node gives its slots to the rest, and nothing else moves', () => {
    const ring = Ring.build({ algorithm: 'slots', nodes: ['a', 'b', 'c', 'd'] });
    const next = ring.with({ remove: ['b'] });
    expect(Object.values(countOf(next)).sort((a, b) => a - b)).toEqual([5461, 5461, 5462]);
    const before = owners(ring);
    owners(next).forEach((id, slot) => expect(id === before[slot] || before[slot] === 'b').toBe(true));
  });

  test('an uneven assignment is not evened out on the occasion: only the joining node receives', () => {
    const slots = [
      { node: 'a', start: 0, end: 15999 },
      { node: 'b', start: 16000, end: 16191 },
      { node: 'c', start: 16192, end: 16383 },
    ];
    const ring = Ring.build({ algorithm: 'slots', nodes: ['a', 'b', 'c'], slots });
    expect(countOf(ring.with({ add: ['d'] }))).toEqual({ a: 16000 - 4096, b: 192, c: 192, d: 4096 });
    expect(countOf(ring.with({ remove: ['c'] }))).toEqual({ a: 16000, b: 384 });
  });

  test('a node with weight but without slots owns no key and closes the list of all nodes', () => {
    const ring = Ring.build({
      algorithm: 'slots',
      nodes: ['idle', 'a', 'b'],
      slots: [
        { node: 'a', start: 0, end: 8000 },
        { node: 'b', start: 8001, end: 16383 },
      ],
    });
    expect(ring.pick('foo', { n: 3 })).toEqual(['b', 'a', 'idle']);
    expect(Ring.attach(ring.share()).pick('foo', { n: 3 })).toEqual(['b', 'a', 'idle']);
  });

  test('whatever changes, no slot moves between untouched nodes, and touched nodes end with what is due', () => {
    const weights = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(weights, weights, (first, second) => {
        fc.pre(first.some(w => w > 0) && second.some(w => w > 0));
        const nodes = (list: number[]): { id: string; weight: number }[] =>
          list.map((weight, i) => ({ id: `n${i}`, weight }));
        const ring = Ring.build({ algorithm: 'slots', nodes: nodes(first) });
        const next = ring.with({
          remove: nodes(first.slice(second.length)).map((_, i) => `n${second.length + i}`),
          weight: Object.fromEntries(
            nodes(second.slice(0, first.length)).map(({ id, weight }) => [id, weight]),
          ),
          add: nodes(second).slice(first.length),
        });
        const touched = (id: string): boolean => first[Number(id.slice(1))] !== second[Number(id.slice(1))];
        const before = owners(ring);
        const unnecessary = owners(next).filter((id, slot) => {
          const from = before[slot] as string;
          return id !== from && !touched(id) && !touched(from);
        });
        expect(unnecessary).toEqual([]);
        const total = second.reduce((sum, weight) => sum + weight, 0);
        const counts = countOf(next);
        const off = next.nodes.filter(({ id, weight }) => {
          const count = counts[id] ?? 0;
          return weight === 0
            ? count > 0
            : touched(id) && Math.abs(count - (weight / total) * SLOT_COUNT) > 1;
        });
        expect(off).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

test('lists of owners, arcs and the next ranges are those of a walk slot by slot', () => {
  const cut = fc.record({ at: fc.nat({ max: SLOT_COUNT - 1 }), node: fc.constantFrom('a', 'b', 'c', 'd') });
  fc.assert(
    fc.property(fc.array(cut, { maxLength: 20 }), cuts => {
      const starts = [...new Map([[0, 'a'], ...cuts.map(({ at, node }) => [at, node] as const)])].sort(
        ([a], [b]) => a - b,
      );
      const slots = starts.map(([start, node], i): SlotRange => {
        return { node, start, end: (starts[i + 1]?.[0] ?? SLOT_COUNT) - 1 };
      });
      const nodes = ['a', 'b', 'c', 'd'];
      const ring = Ring.build({ algorithm: 'slots', nodes, slots });
      const map = owners(ring);
      for (let i = 0; i < 20; i++) {
        const slot = redisSlot(`key ${i}`);
        const walk = [...map.slice(slot), ...map.slice(0, slot), ...nodes];
        expect(ring.pick(`key ${i}`, { n: 4 })).toEqual([...new Set(walk)]);
      }
      const settings = slotsAlgorithm.settings({ algorithm: 'slots', slots });
      const { starts: from, owners: by } = slotsAlgorithm
        .place(Members.of(nodes, 'as-given'), settings)
        .arcs(1);
      const ids = Array.from(by, owner => nodes[owner]);
      // One arc a range: neighbours differ, and each starts where the map changes.
      expect(ids).toEqual(map.filter((id, slot) => id !== map[slot - 1]));
      expect(Array.from(from)).toEqual(map.flatMap((id, slot) => (id === map[slot - 1] ? [] : [slot])));
    }),
    { numRuns: 40 },
  );
});
