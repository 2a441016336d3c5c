import { describe, expect, test } from 'vitest';
import { envoyRing, type EnvoyRingOptions } from '../../src/algorithms/envoy-hash-ring.ts';
import { envoyMaglev } from '../../src/algorithms/envoy-maglev-ring.ts';
import { maglevTable } from '../../src/algorithms/maglev-table.ts';
import type { PointTable64 } from '../../src/algorithms/point-table-64.ts';
import { Members } from '../../src/members.ts';
import { Ring } from '../../src/ring.ts';
import type { NodeSpec } from '../../src/ring-node.ts';
import { vectors } from './ring-vectors.ts';

const hosts = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `127.0.0.1:${from + i}`);

function pointsOf(
  nodes: readonly (string | NodeSpec)[],
  options: Omit<EnvoyRingOptions, 'algorithm'>,
): PointTable64 {
  const members = Members.of(nodes, 'as-given');
  return envoyRing.place(members, envoyRing.settings({ algorithm: 'envoy-ring', ...options })).points;
}

function rows(nodes: readonly string[], points: PointTable64): [string, string][] {
  return Array.from(points.owners, (owner, at) => [
    (nodes[owner] ?? '').slice(-2),
    String(points.position(at)),
  ]);
}

describe('vectors: envoy_maglev', () => {
  test.each(vectors.envoy_maglev.tables)('$name', ({ M, hosts: given, expect: expected }) => {
    const members = Members.of(
      given.map(([id, weight]) => ({ id, weight })),
      'by-id',
    );
    expect(Array.from(maglevTable(members, M))).toEqual(expected);
  });

  test('lookups and retries: table[(hash ^ (~0 - attempt + 1)) % M]', () => {
    const members = Members.of(hosts(90, 6), 'by-id');
    const ring = envoyMaglev.place(members, { tableSize: 7 });
    const table = vectors.envoy_maglev.tables[0]?.expect ?? [];
    for (const hash of [0n, 1n, 6n, 7n, 2n ** 63n + 5n, 2n ** 64n - 1n]) {
      expect(ring.indexOfHash(hash)).toBe(table[Number(hash % 7n)]);
      for (let attempt = 1; attempt < 9; attempt++) {
        const retried = BigInt.asUintN(64, hash ^ (2n ** 64n - 1n - BigInt(attempt) + 1n));
        const high = Number(BigInt.asIntN(32, hash >> 32n));
        const low = Number(BigInt.asIntN(32, hash));
        expect(ring.attempt(high, low, attempt)).toBe(table[Number(retried % 7n)]);
      }
    }
  });

  test('pick gives the distinct owners of the attempts in their order, and in the end every node', () => {
    const members = Members.of(hosts(90, 6), 'by-id');
    const ring = envoyMaglev.place(members, { tableSize: 65537 });
    for (let i = 0; i < 300; i++) {
      const hash = ring.hash(`key ${i}`);
      const high = Number(BigInt.asIntN(32, hash >> 32n));
      const low = Number(BigInt.asIntN(32, hash));
      const attempts = Array.from({ length: 88 }, (_, attempt) => ring.attempt(high, low, attempt));
      const list = new Int32Array(6);
      expect(ring.preference(`key ${i}`, 6, list)).toBe(6);
      const distinct = [...new Set(attempts)];
      expect([...list].slice(0, distinct.length)).toEqual(distinct);
      expect(new Set(list).size).toBe(6);
    }
  });

  test('hosts take turns in the order of their bytes, not of UTF-16 units', () => {
    // U+FF61 is before U+1F600 in UTF-8, after its first surrogate in UTF-16.
    const nodes = ['\uff61', '😀'];
    const members = Members.of(nodes, 'by-id');
    expect(members.nodes[0]?.id).toBe('😀');
    const table = maglevTable(members, 7);
    expect(Array.from(table).filter(owner => members.nodes[owner]?.id === '\uff61').length).toBe(4);
  });

  test.each([[0], [1], [6], [65536], [5_000_012], [7.5], [Number.NaN]])(
    'table size %d is refused',
    tableSize => {
      expect(() => Ring.build({ algorithm: 'envoy-maglev', nodes: ['a'], tableSize })).toThrow(
        `Table size must be a prime number from 2 to 5000011: received ${tableSize}`,
      );
    },
  );

  test('more nodes than slots are refused', () => {
    expect(() => Ring.build({ algorithm: 'envoy-maglev', nodes: hosts(80, 8), tableSize: 7 })).toThrow(
      'Table of 7 slots must have at least one for each node: received 8 nodes',
    );
  });
});

describe('vectors: envoy_ring_hash', () => {
  const basic = pointsOf(hosts(90, 6), { minimumRingSize: 12 });

  test('basic_12', () => {
    expect(rows(hosts(90, 6), basic)).toEqual(vectors.envoy_ring_hash.basic_12);
  });

  test('hostname_12', () => {
    const names = ['90', '91', '92', '93', '94', '95'];
    expect(rows(names, pointsOf(names, { minimumRingSize: 12 }))).toEqual(
      vectors.envoy_ring_hash.hostname_12,
    );
  });

  test('murmur2_12', () => {
    const points = pointsOf(hosts(80, 6), { minimumRingSize: 12, hashFunction: 'murmur2' });
    expect(rows(hosts(80, 6), points)).toEqual(vectors.envoy_ring_hash.murmur2_12);
  });

  test('lookups_basic', () => {
    const ring = Ring.build({ algorithm: 'envoy-ring', nodes: hosts(90, 6), minimumRingSize: 12 });
    for (const [hash, port] of Object.entries(vectors.envoy_ring_hash.lookups_basic)) {
      expect(ring.nodes[ring.indexOfHash(BigInt(hash))]?.id, hash).toBe(`127.0.0.1:${port}`);
    }
  });

  test('retries_basic_hash0', () => {
    const { 'attempt walks ring': walk, '13 retries wraps to': wrapped } =
      vectors.envoy_ring_hash.retries_basic_hash0;
    const list = new Int32Array(3);
    expect(basic.preference(0, 0, 3, list)).toBe(3);
    expect(Array.from(list, owner => hosts(90, 6)[owner])).toEqual(walk.map(port => `127.0.0.1:${port}`));
    const thirteenth = basic.owners[(basic.find(0, 0) + 13) % basic.owners.length] as number;
    expect(hosts(90, 6)[thirteenth]).toBe(`127.0.0.1:${wrapped}`);
  });
});

/** Values from Envoy's ring_hash_lb_test.cc beyond the file of vectors. */
describe('ring_hash_lb_test.cc', () => {
  const weighted = [1, 2, 3].map((weight, i) => ({ id: `127.0.0.1:${90 + i}`, weight }));

  test('HostWeightedTinyRing: weights 1, 2, 3 in a ring of six', () => {
    const points = pointsOf(weighted, { minimumRingSize: 6, maximumRingSize: 6 });
    expect(rows(hosts(90, 3), points)).toEqual([
      ['92', '928266305478181108'],
      ['92', '4443673547860492590'],
      ['91', '5583722120771150861'],
      ['91', '6311230543546372928'],
      ['92', '13444792449719432967'],
      ['90', '16117243373044804889'],
    ]);
  });

  test('HostWeightedLargeRing: 6,144 points, hits of 6,000 hashes spread evenly', () => {
    const ring = Ring.build({ algorithm: 'envoy-ring', nodes: weighted, minimumRingSize: 6144 });
    const step = (2n ** 64n - 1n) / 6000n;
    const hits = [0, 0, 0];
    for (let i = 0n; i < 6000n; i++) {
      const owner = ring.indexOfHash(i * step);
      hits[owner] = (hits[owner] ?? 0) + 1;
    }
    expect(hits).toEqual([987, 1932, 3081]);
  });

  test('HostAndLocalityWeightedLargeRing: 9,216 points, hits of 9,000 hashes', () => {
    const nodes = [1, 2, 2, 4].map((weight, i) => ({ id: `127.0.0.1:${90 + i}`, weight: weight / 9 }));
    const ring = Ring.build({ algorithm: 'envoy-ring', nodes, minimumRingSize: 9216 });
    const step = (2n ** 64n - 1n) / 9000n;
    const hits = [0, 0, 0, 0];
    for (let i = 0n; i < 9000n; i++) {
      const owner = ring.indexOfHash(i * step);
      hits[owner] = (hits[owner] ?? 0) + 1;
    }
    expect(hits).toEqual([924, 2009, 2053, 4014]);
  });

  test('UnevenHosts: a minimum of 3 for two hosts makes 4 points', () => {
    expect(rows(hosts(80, 2), pointsOf(hosts(80, 2), { minimumRingSize: 3 }))).toEqual([
      ['80', '5454692015285649509'],
      ['81', '7859399908942313493'],
      ['80', '13838424394637650569'],
      ['81', '16064866803292627174'],
    ]);
  });

  test('SmallFractionalScale: four hosts in a ring of two; the absent close the list', () => {
    const ring = Ring.build({
      algorithm: 'envoy-ring',
      nodes: hosts(90, 4),
      minimumRingSize: 2,
      maximumRingSize: 2,
    });
    const owners = new Set(Array.from({ length: 1024 }, (_, i) => ring.get(`key ${i}`)));
    expect(owners.size).toBe(2);
    expect(new Set(ring.pick('key', { n: 4 })).size).toBe(4);
  });

  test.each([
    [
      { minimumRingSize: 20, maximumRingSize: 10 },
      'Minimum ring size must be an integer from 1 to the maximum of 10: received 20',
    ],
    [
      { maximumRingSize: 8_388_609 },
      'Maximum ring size must be an integer from 1 to 8388608: received 8388609',
    ],
    [
      { minimumRingSize: Number.NaN },
      'Minimum ring size must be an integer from 1 to the maximum of 8388608: received NaN',
    ],
    [{ hashFunction: 'md5' as never }, 'Hash function must be xxhash or murmur2: received "md5"'],
  ])('%o is refused', (options, message) => {
    expect(() => pointsOf(['a'], options)).toThrow(new RangeError(message));
  });
});

test('a share that rounds to 0 leaves the ring to the others', () => {
  const nodes = [
    { id: 'speck', weight: Number.MIN_VALUE },
    { id: 'b', weight: 1e10 },
  ];
  const ring = Ring.build({ algorithm: 'envoy-ring', nodes, maximumRingSize: 1024 });
  expect([ring.get('x'), ring.pick('x', { n: 2 })]).toEqual(['b', ['b', 'speck']]);
});
