import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keyWords } from '../../src/algorithms/hash/key-words.ts';
import { md5 } from '../../src/algorithms/hash/md5.ts';
import { fromBigint, hash64, multiplyHigh, remainder, toBigint } from '../../src/algorithms/hash/uint64.ts';
import { xxh64OfKey } from '../../src/algorithms/hash/xxh64.ts';
import { xxh32 } from '../../src/hash/xxh32.ts';
import { keyText } from './any-text.ts';
import { fnv1a32, murmur3x32 } from './reference-hashes.ts';
import { vectors } from './ring-vectors.ts';

const bytesOf = (text: string): Uint8Array => Buffer.from(text);

function xxh64Hex(key: string | Uint8Array, seed: number): string {
  const pair = hash64();
  xxh64OfKey(key, seed, pair);
  return toBigint(pair).toString(16).padStart(16, '0');
}

function md5Hex(key: string | Uint8Array): string {
  keyWords.load(key);
  const digest = Buffer.alloc(16);
  md5(keyWords.words, keyWords.length).forEach((word, i) => digest.writeInt32LE(word, i * 4));
  return digest.toString('hex');
}

describe('vectors: hashes', () => {
  test('xxh32', () => {
    const { known, computed_seed0, computed_seed_1 } = vectors.hashes.xxh32;
    const hex = (key: string, seed: number): string => xxh32(key, seed).toString(16).padStart(8, '0');
    for (const [key, hash] of Object.entries({ ...known, ...computed_seed0 }))
      expect(hex(key, 0), key).toBe(hash);
    for (const [key, hash] of Object.entries(computed_seed_1)) expect(hex(key, 1), key).toBe(hash);
  });

  test('xxh64, of text and of bytes', () => {
    const { known, computed_seed0, computed_seed_1 } = vectors.hashes.xxh64;
    for (const [key, hash] of Object.entries({ ...known, ...computed_seed0 })) {
      expect(xxh64Hex(key, 0), key).toBe(hash);
      expect(xxh64Hex(bytesOf(key), 0), key).toBe(hash);
    }
    for (const [key, hash] of Object.entries(computed_seed_1)) expect(xxh64Hex(key, 1), key).toBe(hash);
  });

  test('murmur3_32, which callers may bring to indexOfHash', () => {
    for (const [hex, seed, hash] of vectors.hashes.murmur3_32.hex_seed_hash) {
      const computed = murmur3x32(Buffer.from(hex, 'hex'), Number.parseInt(seed, 16));
      expect(computed.toString(16).padStart(8, '0'), hex).toBe(hash);
    }
    // SMHasher's verification: the hash of the hashes of 0, 0 1, 0 1 2 and so on, with seeds 256, 255, 254 ...
    const hashes = Buffer.alloc(1024);
    for (let i = 0; i < 256; i++) {
      hashes.writeUInt32LE(
        murmur3x32(
          Uint8Array.from({ length: i }, (_, at) => at),
          256 - i,
        ),
        i * 4,
      );
    }
    expect(murmur3x32(hashes, 0)).toBe(Number(vectors.hashes.murmur3_32.smhasher_verification));
  });

  test('fnv1a_32, which callers may bring to indexOfHash', () => {
    for (const [key, hash] of Object.entries(vectors.hashes.fnv1a_32.known)) {
      expect(fnv1a32(bytesOf(key)).toString(16), key).toBe(hash);
    }
  });

  // The group xxh3_64 has no test: no algorithm here uses XXH3, and nothing in the package computes it.
});

describe('key words', () => {
  test('text and its UTF-8 bytes are the same key, lone surrogates as U+FFFD', () => {
    fc.assert(
      fc.property(keyText, text => {
        keyWords.load(text);
        const words = keyWords.words.slice(0, (keyWords.length >>> 2) + 1);
        const { length } = keyWords;
        keyWords.load(Buffer.from(text));
        expect(length).toBe(keyWords.length);
        expect(words).toEqual(keyWords.words.slice(0, (length >>> 2) + 1));
      }),
    );
  });

  test('keys longer than the buffer that is kept', () => {
    for (const text of ['x'.repeat(4096), 'x'.repeat(4097), 'é'.repeat(2049), '😀'.repeat(30_000)]) {
      expect(md5Hex(text)).toBe(createHash('md5').update(text).digest('hex'));
    }
  });

  test.each([[undefined], [null], [42], [{}], [['a']], [new Uint16Array(2)]])('%s is no key', key => {
    expect(() => keyWords.load(key as never)).toThrow(TypeError);
  });
});

describe('MD5 (RFC 1321)', () => {
  test('agrees with OpenSSL on any key, all lengths around the block', () => {
    fc.assert(
      fc.property(keyText, text => {
        expect(md5Hex(text)).toBe(createHash('md5').update(text).digest('hex'));
      }),
    );
    for (let length = 0; length < 200; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => i * 7);
      expect(md5Hex(bytes), `${length} bytes`).toBe(createHash('md5').update(bytes).digest('hex'));
    }
  });
});

describe('64 bits in halves', () => {
  const uint32 = fc.integer({ min: 0, max: 0xffffffff });

  test('the high half of a product', () => {
    fc.assert(
      fc.property(uint32, uint32, (a, b) => {
        expect(multiplyHigh(a, b) >>> 0).toBe(Number((BigInt(a) * BigInt(b)) >> 32n));
      }),
    );
  });

  test('the remainder by any table size', () => {
    const size = fc.integer({ min: 1, max: 5_000_011 });
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), size, (value, divisor) => {
        const pair = hash64();
        fromBigint(value, pair);
        const [high = 0, low = 0] = pair;
        expect(remainder(high, low, divisor, 2 ** 32 % divisor)).toBe(Number(value % BigInt(divisor)));
        expect(toBigint(pair)).toBe(value);
      }),
      { numRuns: 1000 },
    );
  });
});
