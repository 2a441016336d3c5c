import { describe, expect, test } from 'vitest';
import { Ring } from '../../src/ring.ts';
import { vectors } from './ring-vectors.ts';

const MIN = -(2n ** 63n);
const MAX = 2n ** 63n - 1n;

describe('vectors: cassandra_murmur3_tokens', () => {
  const ring = Ring.build({ algorithm: 'tokens', nodes: ['a'] });

  test('hex_token', () => {
    for (const [hex, token] of vectors.cassandra_murmur3_tokens.hex_token) {
      expect(ring.hash(Buffer.from(hex, 'hex')), hex).toBe(BigInt(token));
    }
  });

  test('the empty key has the minimum token', () => {
    expect(ring.hash('')).toBe(MIN);
    expect(ring.hash(new Uint8Array(0))).toBe(MIN);
  });
});

describe('ownership', () => {
  const tokens = { a: [-100n, 50n], b: ['0'], c: [MAX] };
  const nodes = [
    { id: 'a', zone: 'r1' },
    { id: 'b', zone: 'r1' },
    { id: 'c', zone: 'r2' },
  ];
  const ring = Ring.build({ algorithm: 'tokens', nodes, tokens });
  const ownerOf = (token: bigint): string | undefined => ring.nodes[ring.indexOfHash(token)]?.id;

  test('a node owns from the token before its own, exclusive, to its own, inclusive', () => {
    expect([MIN, -101n, -100n, -99n, 0n, 1n, 50n, 51n, MAX].map(ownerOf)).toEqual([
      'a',
      'a',
      'a',
      'b',
      'b',
      'a',
      'a',
      'c',
      'c',
    ]);
  });

  test('the lowest token takes what is above the highest', () => {
    const two = Ring.build({ algorithm: 'tokens', nodes: ['a', 'b'], tokens: { a: [-5n], b: [5n] } });
    expect([6n, MAX, MIN, -5n].map(token => two.nodes[two.indexOfHash(token)]?.id)).toEqual([
      'a',
      'a',
      'a',
      'a',
    ]);
    expect(two.nodes[two.indexOfHash(-4n)]?.id).toBe('b');
  });

  test('replicas walk the ring; racks first where that is asked', () => {
    const key = Buffer.from('00ffffff', 'hex');
    expect(ring.hash(key)).toBeGreaterThan(50n);
    expect(ring.pick(key, { n: 3 })).toEqual(['c', 'a', 'b']);
    expect(ring.pick(Buffer.from('e2e7', 'hex'), { n: 2, spread: 'zone' })).toEqual(['a', 'c']);
  });

  test('many tokens close together are told apart', () => {
    const ids = ['a', 'b', 'c'];
    const crowd = Object.fromEntries(
      ids.map((id, i) => [id, Array.from({ length: 50 }, (_, k) => BigInt(6 * k + 2 * i))]),
    );
    const crowded = Ring.build({ algorithm: 'tokens', nodes: ids, tokens: crowd });
    for (let token = -3; token < 300; token++) {
      const expected = token < 0 || token > 298 ? 'a' : ids[Math.ceil(token / 2) % 3];
      expect(crowded.nodes[crowded.indexOfHash(BigInt(token))]?.id, `${token}`).toBe(expected);
    }
  });

  test('tokens of an id that is no member wait for it', () => {
    const two = Ring.build({ algorithm: 'tokens', nodes: ['a', 'b'], tokens });
    expect(two.nodes[two.indexOfHash(51n)]?.id).toBe('a');
    const three = two.with({ add: ['c'] });
    expect(three.nodes[three.indexOfHash(51n)]?.id).toBe('c');
    expect(() => three.with({ add: ['d'] })).toThrow('Node "d" must have at least one token: received none');
  });

  test('a node of weight 0 gives its ranges to the next', () => {
    const drained = ring.with({ weight: { c: 0 } });
    expect(drained.nodes[drained.indexOfHash(MAX)]?.id).toBe('a');
    expect(() => ring.with({ weight: { c: 2 } })).toThrow(
      'Weight of node "c" must be 0 or 1 where tokens are given: received 2',
    );
  });

  test.each([
    [{ a: [1n], b: [1n] }, 'Token 1 is given to both "a" and "b"'],
    [{ a: [1n, 1n], b: [2n] }, 'Token 1 is given to both "a" and "a"'],
    [
      { a: [MAX + 1n], b: [2n] },
      'Token of node "a" must be a signed 64-bit integer: received "9223372036854775808"',
    ],
    [{ a: ['0x10'], b: [2n] }, 'Token of node "a" must be a signed 64-bit integer: received "0x10"'],
    [{ a: [], b: [2n] }, 'Node "a" must have at least one token: received none'],
    [{ a: [1n] }, 'Node "b" must have at least one token: received none'],
  ])('%o is refused', (given, message) => {
    expect(() => Ring.build({ algorithm: 'tokens', nodes: ['a', 'b'], tokens: given })).toThrow(
      new RangeError(message),
    );
  });

  test('tokens are signed 64-bit bigints', () => {
    expect(() => ring.indexOfHash(MAX + 1n)).toThrow('received 9223372036854775808n');
    expect(() => ring.indexOfHash(MIN - 1n)).toThrow(RangeError);
    expect(() => ring.indexOfHash(3 as never)).toThrow('received the number 3');
  });

  test.each([[0], [1.5], [65_537], [Number.NaN]])('%d tokens per node are refused', tokensPerNode => {
    expect(() => Ring.build({ algorithm: 'tokens', nodes: ['a'], tokensPerNode })).toThrow(
      `Tokens per node must be an integer from 1 to 65536: received ${tokensPerNode}`,
    );
  });
});
