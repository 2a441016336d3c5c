import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ketama, type KetamaRing } from '../../src/algorithms/ketama-ring.ts';
import { ketamaDigests, type KetamaVariant } from '../../src/algorithms/ketama.ts';
import { Members } from '../../src/members.ts';
import { Ring } from '../../src/ring.ts';
import { nodesOf, vectors } from './ring-vectors.ts';

/** The eight servers of libketama's own test, `ketama.servers`. */
const EIGHT = {
  '10.0.1.1:11211': 600,
  '10.0.1.2:11211': 300,
  '10.0.1.3:11211': 200,
  '10.0.1.4:11211': 350,
  '10.0.1.5:11211': 1000,
  '10.0.1.6:11211': 800,
  '10.0.1.7:11211': 950,
  '10.0.1.8:11211': 100,
};

function place(weights: Readonly<Record<string, number>>, variant: KetamaVariant): KetamaRing {
  const members = Members.of(nodesOf(weights), 'by-id');
  return ketama.place(members, ketama.settings({ algorithm: 'ketama', variant }));
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('vectors: ketama', () => {
  test('hashi: a key is the first four bytes of its MD5, least first', () => {
    const ring = Ring.build({ algorithm: 'ketama', nodes: ['a'] });
    for (const [key, hash] of Object.entries(vectors.ketama.hashi)) expect(ring.hash(key)).toBe(hash);
  });

  test('lookup_two_servers', () => {
    const { servers, key, point, owner, points } = vectors.ketama.lookup_two_servers;
    const { points: table } = place(servers, 'libketama');
    const ring = Ring.build({ algorithm: 'ketama', nodes: nodesOf(servers) });
    expect(table.positions.length).toBe(points);
    expect(table.positions[table.find(ring.hash(key))]).toBe(point);
    expect(ring.get(key)).toBe(owner);
  });

  test('wrap: a hash above the highest point belongs to the lowest', () => {
    const { key, hash, ring_index } = vectors.ketama.wrap;
    const { points } = place(EIGHT, 'libketama');
    expect(Ring.build({ algorithm: 'ketama', nodes: nodesOf(EIGHT) }).hash(key)).toBe(hash);
    expect(points.positions.at(-1)).toBeLessThan(hash);
    expect(points.find(hash)).toBe(ring_index);
  });

  test('libmemcached_json: 99 rows, the default port dropped from names of points', () => {
    const { count, rows_key_hash_point_host: rows } = vectors.ketama.libmemcached_json;
    const { points } = place(EIGHT, 'libmemcached');
    const ring = Ring.build({ algorithm: 'ketama', variant: 'libmemcached', nodes: nodesOf(EIGHT) });
    expect(points.positions.length).toBe(1264);
    expect(rows.length).toBe(count);
    for (const [key, hash, point, host] of rows) {
      expect(ring.hash(key), key).toBe(hash);
      expect(points.positions[points.find(hash)], key).toBe(point);
      expect(ring.get(key), key).toBe(`${host}:11211`);
    }
  });

  test.each([
    ['ketama_python_100k', 'libketama'],
    ['hash_ring_python_100k', 'hash_ring'],
  ] as const)('%s: 100,000 lines of "key owner", by the checksum of the file', (name, variant) => {
    const { servers, sha256_of_file, first_100_owner_last_digit } = vectors.ketama[name];
    const ring = Ring.build({ algorithm: 'ketama', variant, nodes: nodesOf(servers) });
    const owners = Array.from({ length: 100_000 }, (_, i) => ring.get(String(i)));
    expect(
      owners
        .slice(0, 100)
        .map(owner => owner.at(-1))
        .join(''),
    ).toBe(first_100_owner_last_digit);
    expect(sha256(owners.map((owner, i) => `${i} ${owner}\n`).join(''))).toBe(sha256_of_file);
  });

  test('hashring_npm', () => {
    const { servers, owners } = vectors.ketama.hashring_npm;
    const ring = Ring.build({ algorithm: 'ketama', nodes: servers });
    for (const [key, owner] of Object.entries(owners)) expect(ring.get(key)).toBe(owner);
  });
});

describe('libketama/test.sh', () => {
  test('a million lines of "hash point server" have the published MD5', () => {
    const { points } = place(EIGHT, 'libketama');
    const ring = Ring.build({ algorithm: 'ketama', nodes: nodesOf(EIGHT) });
    const ids = ring.nodes.map(node => node.id);
    const md5 = createHash('md5').update('\n');
    for (let chunk = 0; chunk < 1_000_000; chunk += 10_000) {
      let lines = '';
      for (let i = chunk; i < chunk + 10_000; i++) {
        const hash = ring.hash(String(i));
        const at = points.find(hash);
        lines += `${hash} ${points.positions[at]} ${ids[points.owners[at] as number]}\n`;
      }
      md5.update(lines);
    }
    expect(md5.digest('hex')).toBe('5672b131391f5aa2b280936aec1eea74');
  });
});

describe('a hash that is a point', () => {
  test('belongs to it in libketama, to the next one in hash_ring, which bisects to the right', () => {
    const weights = { a: 1, b: 1, c: 1 };
    const libketama = place(weights, 'libketama').points;
    const hashRing = place(weights, 'hash_ring').points;
    for (let at = 0; at < libketama.positions.length; at++) {
      expect(libketama.find(libketama.positions[at] as number)).toBe(at);
    }
    const count = hashRing.positions.length;
    expect(count).toBe(3 * 40 * 3);
    for (let at = 0; at < count; at++) {
      // The table holds point - 1.
      const point = ((hashRing.positions[at] as number) + 1) >>> 0;
      expect(libketama.positions.includes(point)).toBe(true);
      expect(hashRing.find(point)).toBe((at + 1) % count);
      expect(hashRing.find((point - 1) >>> 0)).toBe(at);
    }
  });
});

describe('point counts', () => {
  test('shares in single precision: 11, 5, 3, 5, 9, 10, 10, 6, 1 differ from floors of doubles', () => {
    const weights = [11, 5, 3, 5, 9, 10, 10, 6, 1];
    const single = weights.map(weight => ketamaDigests('libketama', weight, 60, 9));
    const double = weights.map(weight => Math.floor((weight / 60) * 40 * 9));
    expect(double.map((count, i) => (single[i] ?? 0) - count).some(difference => difference !== 0)).toBe(
      true,
    );
    expect(single).toEqual([66, 30, 18, 30, 54, 60, 60, 36, 6]);
  });

  test('a share below one digest gets no point and closes the list of all nodes', () => {
    const nodes = [
      { id: 'tiny', weight: 1 },
      { id: 'b', weight: 1000 },
      { id: 'c', weight: 1000 },
    ];
    const ring = Ring.build({ algorithm: 'ketama', nodes });
    for (let i = 0; i < 200; i++) {
      const list = ring.pick(`key ${i}`, { n: 3 });
      expect(list[2]).toBe('tiny');
      expect(ring.get(`key ${i}`)).toBe(list[0]);
    }
  });

  test.each([[2 ** -21], [2 ** 53 + 2]])('weight %d is refused', weight => {
    const nodes = ['a', { id: 'b', weight }];
    expect(() => Ring.build({ algorithm: 'ketama', nodes })).toThrow(
      `Weight of node "b" must be 0 or from 2^-20 to 2^53 with algorithm "ketama": received ${weight}`,
    );
  });

  test('an unknown variant is refused', () => {
    const variant = 'dalli' as never;
    expect(() => Ring.build({ algorithm: 'ketama', variant, nodes: ['a'] })).toThrow(
      'Variant must be one of libketama, libmemcached, hash_ring: received "dalli"',
    );
  });
});
