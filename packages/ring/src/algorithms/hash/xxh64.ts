/**
 * XXH64 (Yann Collet; github.com/Cyan4973/xxHash, doc/xxhash_spec.md, "XXH64 algorithm description").
 * Written on 32-bit halves. Envoy hashes with it, and it is the 64-bit key hash of jump and JumpBack here.
 */

import type { Key } from '../../key.ts';
import { keyWords } from './key-words.ts';
import { type Hash64, multiplyHigh } from './uint64.ts';

// The five primes of the specification, high and low half.
const P1H = 0x9e3779b1;
const P1L = 0x85ebca87;
const P2H = 0xc2b2ae3d;
const P2L = 0x27d4eb4f;
const P3H = 0x165667b1;
const P3L = 0x9e3779f9;
const P4H = 0x85ebca77;
const P4L = 0xc2b2ae63;
const P5H = 0x27d4eb2f;
const P5L = 0x165667c5;

/** The four lanes of the long-input loop, pairs of high and low half; `[8]` and `[9]` are the hash they converge to. */
const state = new Int32Array(10);

/** A lane from the seed over all stripes: lane = rotl(lane + input × P2, 31) × P1 for each 8-byte input. */
function runLane(at: number, words: Int32Array, wordsEnd: number, startHigh: number, startLow: number): void {
  let high = startHigh | 0;
  let low = startLow | 0;
  for (let word = at; word < wordsEnd; word += 8) {
    const inLow = words[word] as number;
    const productLow = Math.imul(inLow, P2L);
    const sum = (low + productLow) | 0;
    high += multiplyHigh(inLow, P2L) + Math.imul(words[word + 1] as number, P2L) + Math.imul(inLow, P2H);
    high = (high + (sum >>> 0 < productLow >>> 0 ? 1 : 0)) | 0;
    low = (sum << 31) | (high >>> 1);
    high = (high << 31) | (sum >>> 1);
    high = (multiplyHigh(low, P1L) + Math.imul(high, P1L) + Math.imul(low, P1H)) | 0;
    low = Math.imul(low, P1L);
  }
  state[at] = high;
  state[at + 1] = low;
}

/** Adds a lane, rotated left by `bits`, to the hash. */
function addRotated(at: number, bits: number): void {
  const high = state[at] as number;
  const low = state[at + 1] as number;
  const rotated = (low << bits) | (high >>> (32 - bits));
  const sum = ((state[9] as number) + rotated) | 0;
  const carry = sum >>> 0 < rotated >>> 0 ? 1 : 0;
  state[8] = (state[8] as number) + ((high << bits) | (low >>> (32 - bits))) + carry;
  state[9] = sum;
}

/** Merges a lane: hash = (hash ^ round(0, lane)) × P1 + P4. */
function mergeLane(at: number): void {
  let high = state[at] as number;
  let low = state[at + 1] as number;
  high = (multiplyHigh(low, P2L) + Math.imul(high, P2L) + Math.imul(low, P2H)) | 0;
  low = Math.imul(low, P2L);
  const turned = (low << 31) | (high >>> 1);
  high = (high << 31) | (low >>> 1);
  high = multiplyHigh(turned, P1L) + Math.imul(high, P1L) + Math.imul(turned, P1H);
  high ^= state[8] as number;
  low = Math.imul(turned, P1L) ^ (state[9] as number);
  high = multiplyHigh(low, P1L) + Math.imul(high, P1L) + Math.imul(low, P1H);
  low = (Math.imul(low, P1L) + P4L) | 0;
  state[8] = high + P4H + (low >>> 0 < P4L ? 1 : 0);
  state[9] = low;
}

function stripes(words: Int32Array, wordsEnd: number, seedHigh: number, seedLow: number): void {
  const secondLow = (seedLow + P2L) | 0;
  const secondHigh = (seedHigh + P2H + (secondLow >>> 0 < P2L ? 1 : 0)) | 0;
  const firstLow = (secondLow + P1L) | 0;
  const lastLow = (seedLow - P1L) | 0;
  const firstHigh = (secondHigh + P1H + (firstLow >>> 0 < P1L ? 1 : 0)) | 0;
  runLane(0, words, wordsEnd, firstHigh, firstLow);
  runLane(2, words, wordsEnd, secondHigh, secondLow);
  runLane(4, words, wordsEnd, seedHigh, seedLow);
  runLane(6, words, wordsEnd, (seedHigh - P1H - (seedLow >>> 0 < P1L ? 1 : 0)) | 0, lastLow);
  state[8] = 0;
  state[9] = 0;
  addRotated(0, 1);
  addRotated(2, 7);
  addRotated(4, 12);
  addRotated(6, 18);
  for (let at = 0; at < 8; at += 2) mergeLane(at);
}

/** Mixes in what is left behind the last whole stripe: eights, a four, single bytes. */
function tail(words: Int32Array, from: number, length: number): void {
  let high = state[8] as number;
  let low = state[9] as number;
  let at = from;
  for (; at + 8 <= length; at += 8) {
    const inLow = words[at >>> 2] as number;
    let kh =
      multiplyHigh(inLow, P2L) + Math.imul(words[(at >>> 2) + 1] as number, P2L) + Math.imul(inLow, P2H);
    const product = Math.imul(inLow, P2L);
    const kl = (product << 31) | ((kh | 0) >>> 1);
    kh = (kh << 31) | (product >>> 1);
    high ^= multiplyHigh(kl, P1L) + Math.imul(kh, P1L) + Math.imul(kl, P1H);
    low ^= Math.imul(kl, P1L);
    const turned = (low << 27) | (high >>> 5);
    high = (high << 27) | (low >>> 5);
    high = multiplyHigh(turned, P1L) + Math.imul(high, P1L) + Math.imul(turned, P1H);
    low = (Math.imul(turned, P1L) + P4L) | 0;
    high = (high + P4H + (low >>> 0 < P4L ? 1 : 0)) | 0;
  }
  if (at + 4 <= length) {
    const word = words[at >>> 2] as number;
    high ^= multiplyHigh(word, P1L) + Math.imul(word, P1H);
    low ^= Math.imul(word, P1L);
    const turned = (low << 23) | (high >>> 9);
    high = (high << 23) | (low >>> 9);
    high = multiplyHigh(turned, P2L) + Math.imul(high, P2L) + Math.imul(turned, P2H);
    low = (Math.imul(turned, P2L) + P3L) | 0;
    high = (high + P3H + (low >>> 0 < P3L ? 1 : 0)) | 0;
    at += 4;
  }
  for (; at < length; at++) {
    const byte = ((words[at >>> 2] as number) >>> ((at & 3) << 3)) & 0xff;
    high ^= multiplyHigh(byte, P5L) + Math.imul(byte, P5H);
    low ^= Math.imul(byte, P5L);
    const turned = (low << 11) | (high >>> 21);
    high = (high << 11) | (low >>> 21);
    high = (multiplyHigh(turned, P1L) + Math.imul(high, P1L) + Math.imul(turned, P1H)) | 0;
    low = Math.imul(turned, P1L);
  }
  state[8] = high;
  state[9] = low;
}

/** Hashes `length` bytes given as little-endian words, with a 64-bit seed in halves, into `out`. O(length), no allocation. */
export function xxh64(
  words: Int32Array,
  length: number,
  seedHigh: number,
  seedLow: number,
  out: Hash64,
): void {
  const whole = length & ~31;
  if (whole > 0) stripes(words, whole >>> 2, seedHigh | 0, seedLow | 0);
  else {
    const low = (seedLow + P5L) | 0;
    state[8] = seedHigh + P5H + (low >>> 0 < P5L ? 1 : 0);
    state[9] = low;
  }
  const sum = ((state[9] as number) + length) | 0;
  if (sum >>> 0 < length) state[8] = (state[8] as number) + 1;
  state[9] = sum;
  tail(words, whole, length);
  let high = state[8] as number;
  let low = state[9];
  // Avalanche: shifts by 33, 29 and 32, multiplications in between.
  low ^= high >>> 1;
  high = (multiplyHigh(low, P2L) + Math.imul(high, P2L) + Math.imul(low, P2H)) | 0;
  low = Math.imul(low, P2L);
  low ^= (low >>> 29) | (high << 3);
  high ^= high >>> 29;
  high = (multiplyHigh(low, P3L) + Math.imul(high, P3L) + Math.imul(low, P3H)) | 0;
  low = Math.imul(low, P3L);
  out[0] = high;
  out[1] = low ^ high;
}

/** XXH64 of a key's UTF-8 bytes into `out`. @throws TypeError on anything but text and bytes. */
export function xxh64OfKey(key: Key, seed: number, out: Hash64): void {
  keyWords.load(key);
  xxh64(keyWords.words, keyWords.length, 0, seed, out);
}
