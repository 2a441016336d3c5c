import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Ring } from '../src/index.ts';

const zoned = fc.array(
  fc.record({ zone: fc.constantFrom('x', 'y', 'z', undefined), weight: fc.constantFrom(0, 1, 1, 2) }),
  {
    minLength: 1,
    maxLength: 40,
  },
);
const idOf = (i: number): string => `node-${i}`;
const built = (list: readonly { zone: string | undefined; weight: number }[]): Ring => {
  return Ring.build({ nodes: list.map((node, i) => ({ ...node, id: idOf(i) })), vnodes: 8 });
};

/** What a pick is, by its definition: order all, drop what is refused, then zones first, then cut. */
function naivePick(
  ring: Ring,
  key: string,
  n: number,
  spread: boolean,
  refused: ReadonlySet<string>,
): string[] {
  const zoneOf = (id: string): string | undefined => ring.nodes.find(node => node.id === id)?.zone;
  const left = ring.pick(key, { n: ring.nodeCount }).filter(id => !refused.has(id));
  const first = spread
    ? left.filter((id, i) => left.findIndex(other => zoneOf(other) === zoneOf(id)) === i)
    : [];
  return [...first, ...left.filter(id => !first.includes(id))].slice(0, n);
}

test('pick is its definition, with zones and filters together', () => {
  fc.assert(
    fc.property(
      zoned,
      fc.nat(),
      fc.array(fc.nat({ max: 40 })),
      fc.boolean(),
      (list, count, refusals, spread) => {
        const ring = built(list);
        const n = count % (list.length + 1);
        const refused = new Set(refusals.map(idOf));
        for (const key of ['a', 'b', 'c', 'd']) {
          const options = { n, filter: (node: { id: string }) => !refused.has(node.id) };
          const picked = ring.pick(key, spread ? { ...options, spread: 'zone' } : options);
          expect(picked).toEqual(naivePick(ring, key, n, spread, refused));
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('as many zones as there are, the owner first', () => {
  const nodes = Array.from({ length: 12 }, (_, i) => ({ id: idOf(i), zone: `z${i % 3}` }));
  const ring = Ring.build({ nodes });
  for (let i = 0; i < 300; i++) {
    const three = ring.pick(`key:${i}`, { n: 3, spread: 'zone' });
    expect(three[0]).toBe(ring.get(`key:${i}`));
    expect(new Set(three.map(id => ring.nodes.find(node => node.id === id)?.zone)).size).toBe(3);
    const five = ring.pick(`key:${i}`, { n: 5, spread: 'zone' });
    expect(five.slice(0, 3)).toEqual(three);
    expect(new Set(five).size).toBe(5);
  }
});

describe('out', () => {
  test('the same array comes back, at the right length, whatever was in it', () => {
    const ring = Ring.build({ nodes: ['a', 'b', { id: 'c', weight: 0 }] });
    const out = ['1', '2', '3', '4'];
    expect(ring.pick('x', { n: 2, out })).toBe(out);
    expect(out).toEqual(ring.pick('x', { n: 2 }));
    expect(ring.pick('x', { n: 3, out })).toHaveLength(2);
    expect(ring.pick('x', { n: 0, out })).toEqual([]);
    expect(ring.pick('x', { n: 2, out, filter: node => node.id === 'b' })).toEqual(['b']);
    expect(Ring.build({ nodes: [{ id: 'a', weight: 0 }] }).pick('x', { n: 1, out })).toEqual([]);
  });

  test('a filter may look up in the ring, or fail, without disturbing anybody', () => {
    const ring = Ring.build({ nodes: Array.from({ length: 50 }, (_, i) => idOf(i)) });
    const expected = ring.pick('key', { n: 10 });
    const nested = ring.pick('key', {
      n: 10,
      filter: node =>
        ring.pick(node.id, { n: 40 }).length === 40 &&
        ring.pick('other', { n: 3, filter: () => true }).length === 3,
    });
    expect(nested).toEqual(expected);
    const failing = (): boolean => {
      throw new Error('no');
    };
    expect(() => ring.pick('key', { n: 10, filter: failing })).toThrow('no');
    expect(ring.pick('key', { n: 10 })).toEqual(expected);
  });
});

test.each([-1, 4, 1.5, Number.NaN, Infinity, '1'])('n of %s is refused', n => {
  const ring = Ring.build({ nodes: ['a', 'b', 'c'] });
  expect(() => ring.pick('x', { n: n as number })).toThrow(
    new RangeError(`n must be an integer from 0 to the 3 nodes of the ring: received ${n}`),
  );
});

test('a spread over anything but zones is refused', () => {
  const ring = Ring.build({ nodes: ['a', 'b'] });
  expect(() => ring.pick('x', { n: 2, spread: 'rack' as never })).toThrow(
    new RangeError(`Spread must be 'zone' or left out: received "rack"`),
  );
});
