import { expect, test } from 'vitest';
import { type NodeSpec, Ring } from '../src/index.ts';

const build = (...nodes: unknown[]): Ring => Ring.build({ nodes: nodes as NodeSpec[] });

test.each([
  [['a', 'b', 'a'], RangeError, 'Node "a" is given twice'],
  [[''], TypeError, 'Node id must not be empty: received ""'],
  [[7], TypeError, 'Node id must be a string: received undefined'],
  [[null], TypeError, 'Node id must be a string: received undefined'],
  [[{ id: 7 }], TypeError, 'Node id must be a string: received number'],
  [['a\ud800'], TypeError, 'Node id must be well-formed Unicode: received "a\\ud800"'],
  [[{ id: 'a', weight: '1' }], TypeError, 'Weight of node "a" must be a number: received string'],
  [[{ id: 'a', weight: null }], TypeError, 'Weight of node "a" must be a number: received object'],
  [[{ id: 'a', zone: 1 }], TypeError, 'Zone of node "a" must be a string: received number'],
  ...[Number.NaN, -1, -1e-300, Infinity, -Infinity].map(
    weight =>
      [
        [{ id: 'a', weight }],
        RangeError,
        `Weight of node "a" must be a finite number of at least 0: received ${weight}`,
      ] as const,
  ),
] as const)('%j is refused', (nodes, type, message) => {
  expect(() => build(...nodes)).toThrow(new type(message));
});

test('changes that do not fit are refused, and name the node', () => {
  const ring = build('a', { id: 'b', weight: 2 });
  expect(() => ring.with({ add: ['a'] })).toThrow('Node "a" cannot be added: it is in the ring already');
  expect(() => ring.with({ add: ['c', 'c'] })).toThrow('Node "c" cannot be added: it is in the ring already');
  expect(() => ring.with({ remove: ['x'] })).toThrow('Node "x" cannot be removed: it is not in the ring');
  expect(() => ring.with({ remove: ['a', 'a'] })).toThrow(
    'Node "a" cannot be removed: it is not in the ring',
  );
  expect(() => ring.with({ weight: { x: 1 } })).toThrow(
    'Weight of node "x" cannot be set: it is not in the ring',
  );
  expect(() => ring.with({ remove: ['a'], weight: { a: 1 } })).toThrow('Weight of node "a" cannot be set');
  expect(() => ring.with({ weight: { a: Number.NaN } })).toThrow(
    'must be a finite number of at least 0: received NaN',
  );
  expect(() => ring.with({ weight: { toString: 1 } })).toThrow('Weight of node "toString" cannot be set');
});

test('nodes keep zone and value, and are frozen', () => {
  const value = { port: 1 };
  const ring = Ring.build({ nodes: [{ id: 'b', zone: 'z', value }, 'a'] });
  expect(ring.nodes).toEqual([
    { id: 'a', weight: 1, zone: undefined, value: undefined, index: 0 },
    { id: 'b', weight: 1, zone: 'z', value, index: 1 },
  ]);
  expect(Object.isFrozen(ring.nodes) && ring.nodes.every(node => Object.isFrozen(node))).toBe(true);
  const next = ring.with({ weight: { b: 3 }, remove: ['a'] });
  expect(next.nodes).toEqual([{ id: 'b', weight: 3, zone: 'z', value, index: 0 }]);
  expect(next.node('x').value?.port).toBe(1);
  const replaced = ring.with({ remove: ['b'], add: [{ id: 'b', zone: 'y' }] });
  expect(replaced.nodes[1]).toEqual({ id: 'b', weight: 1, zone: 'y', value: undefined, index: 1 });
});

test('minus zero is zero, and a list that weighs nothing refuses lookups', () => {
  const ring = build({ id: 'a', weight: -0 });
  expect(Object.is(ring.nodes[0]?.weight, 0)).toBe(true);
  for (const lookup of [
    () => ring.get('x'),
    () => ring.node('x'),
    () => ring.index('x'),
    () => ring.indexOfHash(0),
  ]) {
    expect(lookup).toThrow('Ring has no node with a weight above 0 among its 1, so no key has an owner');
  }
  expect([...ring.shares()]).toEqual([0]);
  expect(build().nodeCount).toBe(0);
});

test('ids that objects know are ids like any other', () => {
  const names = ['__proto__', 'constructor', 'hasOwnProperty'];
  const ring = build(...names);
  expect(ring.nodes.map(node => node.id)).toEqual([...names].sort());
  expect(names).toContain(ring.get('__proto__'));
  const heavier = ring.with({ weight: JSON.parse('{"__proto__": 2}') as Record<string, number> });
  expect(heavier.nodes[0]?.weight).toBe(2);
  expect(ring.with({ remove: ['__proto__'] }).nodeCount).toBe(2);
});

test.each(['ring', 'maglev', 'slots', 'envoy-ring', 'rendezvous'])(
  '%s: an infinite sum of weights is refused',
  algorithm => {
    const heavy = { id: 'a', weight: Number.MAX_VALUE };
    const built = (): Ring => Ring.build({ algorithm, nodes: [heavy, { ...heavy, id: 'b' }] } as never);
    expect(built).toThrow('Sum of all weights must be finite: received Infinity');
  },
);

test('a node removed and added at once is replaced in its place', () => {
  const ring = Ring.build({ algorithm: 'jump', nodes: ['a', { id: 'b', value: 1 }, 'c'] });
  const next = ring.with({ remove: ['b'], add: [{ id: 'b', value: 2 }] });
  expect(next.nodes.map(({ id, value }) => [id, value])).toEqual([
    ['a', undefined],
    ['b', 2],
    ['c', undefined],
  ]);
  expect(() => ring.with({ remove: ['b'], add: ['b', 'b'] })).toThrow('Node "b" cannot be added');
  expect(() => ring.with({ remove: ['b', 'b'], add: ['b'] })).toThrow('Node "b" cannot be removed');
});
