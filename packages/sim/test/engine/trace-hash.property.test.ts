import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashValue } from '../../src/trace/hash-value.ts';
import { TraceHash } from '../../src/trace/trace-hash.ts';

function digest(fill: (hash: TraceHash) => void): string {
  const hash = new TraceHash();
  fill(hash);
  return hash.digest();
}

const words = fc.tuple(fc.maxSafeInteger(), fc.maxSafeInteger(), fc.maxSafeInteger());

test('three words at once are three words', () => {
  fc.assert(
    fc.property(words, ([first, second, third]) => {
      const once = digest(hash => hash.words(first | 0, second | 0, third | 0));
      const apart = digest(hash => {
        for (const word of [first, second, third]) hash.word(word | 0);
      });
      expect(once).toBe(apart);
      expect(once).toMatch(/^[0-9a-f]{16}$/);
    }),
  );
});

test('a bit that differs anywhere makes another hash', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat(), fc.nat(7), (bytes, at, bit) => {
      const other = bytes.slice();
      const index = at % bytes.length;
      other[index] = (other[index] as number) ^ (1 << bit);
      expect(digest(hash => hash.bytes(other))).not.toBe(digest(hash => hash.bytes(bytes)));
    }),
  );
});

test('values that differ make other hashes, and equal ones the same', () => {
  const value = fc.jsonValue({ maxDepth: 3 });
  fc.assert(
    fc.property(value, value, (one, other) => {
      const isSame = JSON.stringify(one) === JSON.stringify(other);
      const hashOf = (hashed: unknown) => digest(hash => hashValue(hash, hashed));
      expect(hashOf(one)).toBe(hashOf(structuredClone(one)));
      if (!isSame) expect(hashOf(one)).not.toBe(hashOf(other));
    }),
  );
});

test('everything that is not plain is told apart too', () => {
  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  const values: unknown[] = [
    undefined,
    null,
    0,
    '0',
    0n,
    false,
    true,
    Number.NaN,
    [],
    {},
    new Map([[1, 2]]),
    new Map([[2, 1]]),
    new Set([1, 2]),
    new Uint8Array([1, 2]),
    new Uint8Array([2, 1]),
    new Error('one'),
    new TypeError('one'),
    cycle,
    [[1], 2],
    [1, [2]],
    () => {},
  ];
  const hashes = values.map(value => digest(hash => hashValue(hash, value)));
  expect(new Set(hashes).size).toBe(values.length);
});
