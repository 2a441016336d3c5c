import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { algorithmOf, type RingOptions } from '../../src/algorithms.ts';
import { Members } from '../../src/members.ts';
import type { Arcs, Placement } from '../../src/placement.ts';
import { Ring } from '../../src/ring.ts';
import { keyText } from './any-text.ts';

type Options = RingOptions extends infer O ? (O extends unknown ? Omit<O, 'nodes'> : never) : never;

/** Every algorithm, small where size is an option. */
const ALGORITHMS = [
  { algorithm: 'ring', vnodes: 8 },
  { algorithm: 'ketama' },
  { algorithm: 'ketama', variant: 'libmemcached' },
  { algorithm: 'ketama', variant: 'hash_ring' },
  { algorithm: 'maglev', tableSize: 251 },
  { algorithm: 'rendezvous' },
  { algorithm: 'jump' },
  { algorithm: 'jumpback' },
  { algorithm: 'slots' },
  { algorithm: 'tokens', tokensPerNode: 8 },
  { algorithm: 'multi-probe' },
  { algorithm: 'envoy-ring', minimumRingSize: 64 },
  { algorithm: 'envoy-maglev', tableSize: 251 },
] as const satisfies readonly Options[];

const KEYS = Array.from({ length: 200 }, (_, i) => `user:${i}:${'x'.repeat(i % 40)}`);
const ODD_KEYS = [
  '',
  '__proto__',
  'é',
  '😀',
  '\ud800',
  'a\0b',
  '{',
  '{}',
  '{a}b',
  'x'.repeat(10_000),
  'ß'.repeat(3000),
];

type Sample = (typeof ALGORITHMS)[number];

/** Algorithm and options, to name a test. */
const name = (algorithm: Sample): string => Object.values(algorithm).join(' ');

function named(list: readonly Sample[]): (readonly [string, Sample])[] {
  return list.map(options => [name(options), options]);
}

/** Buckets have no weights. */
const UNWEIGHTED = new Set<string>(['jump', 'jumpback']);
const WITHOUT_ARCS = new Set<string>(['rendezvous', 'jump', 'jumpback', 'multi-probe']);
/** Without arcs of several owners: in Envoy's Maglev the second owner is not a function of the slot. */
const NARROW_ARCS = new Set<string>([...WITHOUT_ARCS, 'envoy-maglev']);
const HISTORY_BOUND = new Set<string>(['jump', 'jumpback', 'slots', 'envoy-ring']);

function arcsOf(placement: Placement, width: number): Arcs {
  const arcs = placement.arcs(width);
  if (arcs === undefined) throw new Error(`No arcs of ${width}`);
  return arcs;
}

function build(options: Sample, weights: readonly number[]): Ring {
  const weighted = !UNWEIGHTED.has(options.algorithm);
  const nodes = weights.map((weight, i) => ({ id: `node-${i}`, weight: weighted ? weight : 1 }));
  return Ring.build({ ...options, nodes });
}

function placementOf(options: Sample, members: Members): Placement {
  const algorithm = algorithmOf(options.algorithm);
  return algorithm.place(members, algorithm.settings(options));
}

/** The arc of a position, by the contract: the last that starts at or before it. */
function ownersAt(arcs: Arcs, position: number | bigint): number[] {
  let low = 0;
  let high = arcs.starts.length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((arcs.starts[middle] as number | bigint) <= position) low = middle;
    else high = middle;
  }
  return [...arcs.owners.subarray(low * arcs.width, (low + 1) * arcs.width)];
}

describe.each(named(ALGORITHMS))('%s', (_, options) => {
  const weights = fc.array(fc.constantFrom(0, 1, 1, 2, 3.5), { minLength: 1, maxLength: 12 });

  test('get, index, hash, indexOfHash and the head of pick agree, for text and for bytes', () => {
    fc.assert(
      fc.property(weights, keyText, (list, key) => {
        fc.pre(list.some(weight => weight > 0));
        const ring = build(options, list);
        for (const each of [key, ...ODD_KEYS]) {
          const index = ring.index(each);
          expect(ring.nodes[index]?.weight).toBeGreaterThan(0);
          expect(ring.indexOfHash(ring.hash(each))).toBe(index);
          expect(ring.get(each)).toBe(ring.nodes[index]?.id);
          expect(ring.get(Buffer.from(each))).toBe(ring.get(each));
          expect(ring.pick(each, { n: 1 })).toEqual([ring.get(each)]);
        }
      }),
      { numRuns: 25 },
    );
  });

  test('pick gives distinct owners, a longer list begins with a shorter one, all nodes with weight are reached', () => {
    fc.assert(
      fc.property(weights, list => {
        fc.pre(list.some(weight => weight > 0));
        const ring = build(options, list);
        const reachable = ring.nodes.filter(node => node.weight > 0).map(node => node.id);
        for (const key of KEYS.slice(0, 10)) {
          const all = ring.pick(key, { n: list.length });
          expect([...all].sort()).toEqual(reachable.sort());
          for (let n = 0; n < all.length; n++) expect(ring.pick(key, { n })).toEqual(all.slice(0, n));
        }
      }),
      { numRuns: 25 },
    );
  });

  test('long lists over many nodes are complete', () => {
    const ring = build(
      options,
      Array.from({ length: 200 }, () => 1),
    );
    for (const key of KEYS.slice(0, 5)) {
      const all = ring.pick(key, { n: 200 });
      expect(new Set(all).size).toBe(200);
      expect(ring.pick(key, { n: 20 })).toEqual(all.slice(0, 20));
    }
  });

  test('a snapshot answers as the ring does', () => {
    const ring = build(options, [1, 2, 0, 3.5, 1]);
    const attached = Ring.attach(structuredClone(ring.share()));
    for (const key of KEYS) {
      expect(attached.get(key)).toBe(ring.get(key));
      expect(attached.pick(key, { n: 4 })).toEqual(ring.pick(key, { n: 4 }));
    }
  });

  test('without members there is a ring that owns nothing', () => {
    const empty = build(options, []);
    expect(() => empty.get('a')).toThrow(RangeError);
    const algorithm = algorithmOf(options.algorithm);
    const none = placementOf(options, Members.of([], algorithm.order)).arcs(1);
    expect(new Set(none?.owners ?? [-1])).toEqual(new Set([-1]));
  });

  test('one node owns every key', () => {
    const ring = build(options, [1]);
    for (const key of [...KEYS, ...ODD_KEYS]) expect(ring.get(key)).toBe('node-0');
  });

  test('what is neither text nor bytes is no key', () => {
    const ring = build(options, [1, 1]);
    for (const key of [undefined, null, 1, {}, [1]]) {
      expect(() => ring.get(key as never)).toThrow(TypeError);
      expect(() => ring.pick(key as never, { n: 1 })).toThrow(TypeError);
    }
  });

  test('hashes outside of the space are refused', () => {
    const ring = build(options, [1, 1]);
    for (const hash of [-1, 2 ** 32, 1.5, Number.NaN, -(2n ** 64n), 2n ** 64n]) {
      expect(() => ring.indexOfHash(hash)).toThrow(RangeError);
    }
  });
});

describe.each(named(ALGORITHMS.filter(({ algorithm }) => !UNWEIGHTED.has(algorithm))))(
  'weights of %s',
  (_, options) => {
    test('where no node has weight, there is a ring that owns nothing', () => {
      const idle = build(options, [0, 0]);
      expect(() => idle.index('a')).toThrow(RangeError);
      expect(idle.pick('a', { n: 2 })).toEqual([]);
      expect(Ring.attach(idle.share()).nodeCount).toBe(2);
      expect(idle.with({ weight: { 'node-1': 1 } }).get('a')).toBe('node-1');
    });
  },
);

describe.each(named(ALGORITHMS.filter(({ algorithm }) => !WITHOUT_ARCS.has(algorithm))))(
  'arcs of %s',
  (_, options) => {
    test('arcs are the map: every hash has the owners of its arc', () => {
      const members = Members.of(
        ['a', 'b', 'c', 'd'].map(id => ({ id, weight: 1 })),
        algorithmOf(options.algorithm).order,
      );
      const placement = placementOf(options, members);
      const arcs = arcsOf(placement, 1);
      expect(arcs.starts[0]).toBe(arcs.space.start);
      for (let i = 1; i < arcs.starts.length; i++) {
        expect((arcs.starts[i] as number) > (arcs.starts[i - 1] as number)).toBe(true);
      }
      const inTable = options.algorithm === 'envoy-maglev';
      for (const key of KEYS) {
        const hash = placement.hash(key);
        const position = inTable ? (hash as bigint) % 251n : hash;
        expect(ownersAt(arcs, position)).toEqual([placement.index(key)]);
      }
      for (let i = 0; i < arcs.starts.length; i += 7) {
        const start = arcs.starts[i] as number | bigint;
        expect(placement.indexOfHash(inTable ? BigInt(start) : start)).toBe(arcs.owners[i]);
      }
    });
  },
);

describe.each(named(ALGORITHMS.filter(({ algorithm }) => !NARROW_ARCS.has(algorithm))))(
  'wide arcs of %s',
  (_, options) => {
    test('arcs of three owners are lists of owners', () => {
      const members = Members.of(['a', 'b', 'c', 'd'], algorithmOf(options.algorithm).order);
      const placement = placementOf(options, members);
      const arcs = arcsOf(placement, 3);
      const list = new Int32Array(3);
      for (const key of KEYS) {
        expect(placement.preference(key, 3, list)).toBe(3);
        expect(ownersAt(arcs, placement.hash(key))).toEqual([...list]);
      }
    });
  },
);

describe.each(named(ALGORITHMS.filter(({ algorithm }) => !HISTORY_BOUND.has(algorithm))))(
  'history and %s',
  (_, options) => {
    test('the order of nodes does not matter where the algorithm says so', () => {
      const nodes = [1, 2, 3.5, 1, 2].map((weight, i) => ({ id: `node-${i}`, weight }));
      const ring = Ring.build({ ...options, nodes } as RingOptions);
      const mirrored = Ring.build({ ...options, nodes: nodes.toReversed() } as RingOptions);
      const grown = Ring.build({ ...options, nodes: nodes.slice(2) } as RingOptions)
        .with({ add: ['other', ...nodes.slice(0, 2)], weight: { 'node-3': 7 } })
        .with({ remove: ['other'], weight: { 'node-3': 1 } });
      for (const key of KEYS) {
        expect(mirrored.get(key)).toBe(ring.get(key));
        expect(grown.pick(key, { n: 5 })).toEqual(ring.pick(key, { n: 5 }));
      }
    });
  },
);

test('the algorithms say themselves which map has a history, and which has no arcs', () => {
  for (const options of ALGORITHMS) {
    const { historyFree, order } = algorithmOf(options.algorithm);
    expect(historyFree, name(options)).toBe(!HISTORY_BOUND.has(options.algorithm));
    expect(order, name(options)).toBe(historyFree ? 'by-id' : 'as-given');
    const placement = placementOf(options, Members.of(['a', 'b', 'c'], order));
    expect(placement.arcs(1) === undefined, name(options)).toBe(WITHOUT_ARCS.has(options.algorithm));
    expect(placement.arcs(2) === undefined, name(options)).toBe(NARROW_ARCS.has(options.algorithm));
  }
});
