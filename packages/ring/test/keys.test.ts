import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accelerate, Ring } from '../src/index.ts';
import { encoded, encodeUtf8 } from '../src/hash/utf8.ts';
import { textHash, xxh32, xxh32Text } from '../src/hash/xxh32.ts';
import { xxh32Module } from '../src/wasm/xxh32-program.ts';
import { keyText } from './algorithms/any-text.ts';

/** The same text in the ways that an engine may hold it. */
function heldOtherwise(text: string): string[] {
  const half = text.length >> 1;
  const rope = text.slice(0, half) + text.slice(half);
  const sliced = `${'-'.repeat(20)}${text}${'-'.repeat(20)}`.slice(20, 20 + text.length);
  const twoByte = `\u20ac${text}`.slice(1);
  return [rope, sliced, twoByte, Array.from(text).join('')];
}

function checkKeys(): void {
  fc.assert(
    fc.property(keyText, fc.constantFrom(0, 1, 0xdeadbeef, 0xffffffff), (text, seed) => {
      const expected = xxh32(Buffer.from(text), seed);
      expect(xxh32(text, seed)).toBe(expected);
      expect(xxh32Text(text, seed) >>> 0).toBe(expected);
      for (const other of heldOtherwise(text)) expect(xxh32(other, seed)).toBe(expected);
    }),
    { numRuns: 500 },
  );
}

function checkLengths(): void {
  for (let length = 0; length < 100; length++) {
    for (const last of ['', 'a', '\u007f', '\u0080', 'é', '漢', '😀', '\ud800', '\udc00']) {
      const text = 'x'.repeat(length) + last;
      expect(xxh32(text, 3)).toBe(xxh32(Buffer.from(text), 3));
      expect(xxh32(last + text, 3)).toBe(xxh32(Buffer.from(last + text), 3));
    }
  }
}

function checkRing(): void {
  const ring = Ring.build({ nodes: ['a', 'b', 'c', 'd', 'e'] });
  const long = 'x'.repeat(10_000_000);
  for (const key of ['', '__proto__', '\ud800', '😀'.repeat(9), long, `${long}é`]) {
    expect(ring.get(key)).toBe(ring.get(Buffer.from(key)));
  }
  expect(ring.get('\ud800')).toBe(ring.get('\ufffd'));
  expect(ring.hash('\ud800\ud83d\ude00')).toBe(ring.hash('\ufffd😀'));
  const bytes = Buffer.from('--key--');
  expect(ring.hash(bytes.subarray(2, 5))).toBe(ring.hash('key'));
  expect(ring.hash(Buffer.of(0xff, 0xfe))).not.toBe(ring.hash(Buffer.of(0xfe, 0xff)));
  for (const key of [undefined, null, 7, {}, ['a'], new Uint16Array(2), Symbol('a')]) {
    expect(() => ring.get(key as string)).toThrow(TypeError);
  }
}

describe('in JavaScript', () => {
  beforeAll(() => expect(textHash.accelerated).toBe(false));
  test('texts hash as their UTF-8 bytes, however they are held', checkKeys);
  test('all lengths, and a character of any size at either end', checkLengths);
  test('keys that are empty, odd, huge, parts of others, or no keys', checkRing);
});

describe('in WebAssembly', () => {
  const inJavaScript = textHash.current();
  beforeAll(() => {
    expect(accelerate()).toBe(true);
    expect(accelerate()).toBe(true);
    expect(textHash.accelerated).toBe(true);
  });
  afterAll(() => textHash.use(inJavaScript));
  test('texts hash as their UTF-8 bytes, however they are held', checkKeys);
  test('all lengths, and a character of any size at either end', checkLengths);
  test('keys that are empty, odd, huge, parts of others, or no keys', checkRing);
});

describe('engines without it', () => {
  const { WebAssembly: engine } = globalThis;
  const refusals = {
    'no WebAssembly': undefined,
    'no string builtins': {
      Module: class {},
      Instance: class {
        constructor() {
          throw new TypeError('Import #0');
        }
      },
    },
    'a content security policy': {
      Module: class {
        constructor() {
          throw new EvalError('Refused to compile');
        }
      },
    },
  };
  test.each(Object.entries(refusals))('%s', (_, instead) => {
    Object.assign(globalThis, { WebAssembly: instead });
    try {
      expect(accelerate()).toBe(false);
    } finally {
      Object.assign(globalThis, { WebAssembly: engine });
    }
    expect(xxh32('abc', 0)).toBe(0x32d153ff);
  });
});

test('the module is valid and small', () => {
  const bytes = xxh32Module();
  const validate = WebAssembly.validate as (bytes: BufferSource, options: object) => boolean;
  expect(validate(bytes, { builtins: ['js-string'] })).toBe(true);
  expect(bytes.length).toBeLessThan(1500);
});

test('a huge key does not hold its buffer once a smaller one needs it', () => {
  encodeUtf8('é'.repeat(1_000_000));
  expect(encoded.bytes.length).toBe(3_000_000);
  // Longer than the buffer that there is at first.
  expect(encodeUtf8('é'.repeat(2000))).toBe(4000);
  expect(encoded.bytes.length).toBe(6000);
});
