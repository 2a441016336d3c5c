import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashValue } from '../../src/trace/hash-value.ts';
import { TraceHash } from '../../src/trace/trace-hash.ts';

function digest(fill: (hash: TraceHash) => void): string {
  const hash = new TraceHash();
  fill(hash);
  return hash.digest();
}

const word = fc.maxSafeInteger().map(number => number | 0);

test('words in a row are pairs', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(word, word), { maxLength: 10 }), pairs => {
      const inRow = digest(hash => hash.words(Int32Array.from(pairs.flat())));
      const apart = digest(hash => {
        for (const [first, second] of pairs) hash.pair(first, second);
      });
      expect(inRow).toBe(apart);
      expect(inRow).toMatch(/^[0-9a-f]{16}$/);
    }),
  );
});

test('bytes are the words that they make, the first the lowest, with zeros behind', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), bytes => {
      const padded = new Uint8Array(Math.ceil(bytes.length / 8) * 8);
      padded.set(bytes);
      const view = new DataView(padded.buffer);
      const words = Int32Array.from({ length: padded.length / 4 }, (_, index) =>
        view.getInt32(4 * index, true),
      );
      expect(digest(hash => hash.bytes(bytes))).toBe(digest(hash => hash.words(words)));
    }),
  );
});

test('no two pairs are taken for each other, whatever bits they differ in', () => {
  const base = digest(hash => hash.pair(0x1234_5678, 0x1abc_def0));
  const seen = new Set([base]);
  // Each bit alone, and each two: as in a sign that changes on both sides.
  for (let one = 0; one < 64; one++) {
    for (let other = one; other < 64; other++) {
      const mask = (1n << BigInt(one)) | (1n << BigInt(other));
      const first = 0x1234_5678 ^ Number(BigInt.asIntN(32, mask));
      const second = 0x1abc_def0 ^ Number(BigInt.asIntN(32, mask >> 32n));
      seen.add(digest(hash => hash.pair(first, second)));
    }
  }
  expect(seen.size).toBe(1 + 64 + (64 * 63) / 2);
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
