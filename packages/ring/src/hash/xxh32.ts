import { badKey, type Key } from '../key.ts';
import { encoded, encodeUtf8 } from './utf8.ts';
import { P1, P2, P3, P4, P5 } from './xxh32-primes.ts';

/*
 * XXH32 (Y. Collet, "xxHash fast digest algorithm", specification 0.1.1): four lanes of 32 bits over stripes of 16 bytes,
 * then the tail by words and bytes, then an avalanche.
 *
 * On hot paths hashes are passed on as signed numbers. Those fit a tagged word, where an unsigned one above 2³¹ would be
 * allocated on its way in or out of every function that the engine does not inline.
 */
let hashText: (text: string, seed: number) => number = xxh32Text;

/** The function that hashes texts, for `accelerate` to replace. */
export const textHash = {
  get accelerated(): boolean {
    return hashText !== xxh32Text;
  },
  current(): (text: string, seed: number) => number {
    return hashText;
  },
  use(hash: (text: string, seed: number) => number): void {
    hashText = hash;
  },
};

/**
 * XXH32 of a key's UTF-8 bytes, as an unsigned number.
 *
 * Reads ASCII straight from the string; anything else is encoded first. No allocation.
 *
 * @throws TypeError on anything but text and bytes.
 */
export function xxh32(key: Key, seed: number): number {
  return signedXxh32(key, seed) >>> 0;
}

/** `xxh32` as a signed number, for callers that pass it on. @throws As `xxh32`. */
export function signedXxh32(key: Key, seed: number): number {
  if (typeof key === 'string') return hashText(key, seed);
  if (key instanceof Uint8Array) return signedXxh32Bytes(key, key.length, seed);
  throw badKey(key);
}

/** XXH32 of the first `length` bytes, as an unsigned number. */
export function xxh32Bytes(bytes: Uint8Array, length: number, seed: number): number {
  return signedXxh32Bytes(bytes, length, seed) >>> 0;
}

function signedXxh32Bytes(bytes: Uint8Array, length: number, seed: number): number {
  let at = 0;
  let h: number;
  if (length >= 16) {
    let a = (seed + P1 + P2) | 0;
    let b = (seed + P2) | 0;
    let c = seed | 0;
    let d = (seed - P1) | 0;
    for (const last = length - 16; at <= last; at += 16) {
      a = lane(a, word(bytes, at));
      b = lane(b, word(bytes, at + 4));
      c = lane(c, word(bytes, at + 8));
      d = lane(d, word(bytes, at + 12));
    }
    h = converge(a, b, c, d);
  } else {
    h = (seed + P5) | 0;
  }
  h = (h + length) | 0;
  for (; at + 4 <= length; at += 4) h = tailWord(h, word(bytes, at));
  for (; at < length; at++) h = tailByte(h, bytes[at] as number);
  return avalanche(h);
}

/** XXH32 of a text by way of its encoded bytes, signed. */
export function encodedXxh32(text: string, seed: number): number {
  const size = encodeUtf8(text);
  return signedXxh32Bytes(encoded.bytes, size, seed);
}

/**
 * XXH32 of a text's UTF-8 bytes, in JavaScript, signed.
 *
 * Long on purpose: parts of it taken out as functions cost a fifth more time, for they look at the string anew.
 */
export function xxh32Text(text: string, seed: number): number {
  const length = text.length;
  let at = 0;
  let seen = 0;
  let h: number;
  if (length >= 16) {
    let a = (seed + P1 + P2) | 0;
    let b = (seed + P2) | 0;
    let c = seed | 0;
    let d = (seed - P1) | 0;
    for (const last = length - 16; at <= last; at += 16) {
      let c0 = text.charCodeAt(at);
      let c1 = text.charCodeAt(at + 1);
      let c2 = text.charCodeAt(at + 2);
      let c3 = text.charCodeAt(at + 3);
      seen |= c0 | c1 | c2 | c3;
      a = lane(a, c0 | (c1 << 8) | (c2 << 16) | (c3 << 24));
      c0 = text.charCodeAt(at + 4);
      c1 = text.charCodeAt(at + 5);
      c2 = text.charCodeAt(at + 6);
      c3 = text.charCodeAt(at + 7);
      seen |= c0 | c1 | c2 | c3;
      b = lane(b, c0 | (c1 << 8) | (c2 << 16) | (c3 << 24));
      c0 = text.charCodeAt(at + 8);
      c1 = text.charCodeAt(at + 9);
      c2 = text.charCodeAt(at + 10);
      c3 = text.charCodeAt(at + 11);
      seen |= c0 | c1 | c2 | c3;
      c = lane(c, c0 | (c1 << 8) | (c2 << 16) | (c3 << 24));
      c0 = text.charCodeAt(at + 12);
      c1 = text.charCodeAt(at + 13);
      c2 = text.charCodeAt(at + 14);
      c3 = text.charCodeAt(at + 15);
      seen |= c0 | c1 | c2 | c3;
      d = lane(d, c0 | (c1 << 8) | (c2 << 16) | (c3 << 24));
    }
    h = converge(a, b, c, d);
  } else {
    h = (seed + P5) | 0;
  }
  h = (h + length) | 0;
  for (; at + 4 <= length; at += 4) {
    const c0 = text.charCodeAt(at);
    const c1 = text.charCodeAt(at + 1);
    const c2 = text.charCodeAt(at + 2);
    const c3 = text.charCodeAt(at + 3);
    seen |= c0 | c1 | c2 | c3;
    h = tailWord(h, c0 | (c1 << 8) | (c2 << 16) | (c3 << 24));
  }
  for (; at < length; at++) {
    const unit = text.charCodeAt(at);
    seen |= unit;
    h = tailByte(h, unit);
  }
  return seen > 0x7f ? encodedXxh32(text, seed) : avalanche(h);
}

function word(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

function rotate(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}

function lane(accumulator: number, input: number): number {
  return Math.imul(rotate((accumulator + Math.imul(input, P2)) | 0, 13), P1);
}

function converge(a: number, b: number, c: number, d: number): number {
  return (rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18)) | 0;
}

function tailWord(h: number, input: number): number {
  return Math.imul(rotate((h + Math.imul(input, P3)) | 0, 17), P4);
}

function tailByte(h: number, byte: number): number {
  return Math.imul(rotate((h + Math.imul(byte, P5)) | 0, 11), P1);
}

function avalanche(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 15), P2);
  h = Math.imul(h ^ (h >>> 13), P3);
  return h ^ (h >>> 16);
}
