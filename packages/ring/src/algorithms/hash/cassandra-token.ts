/**
 * The token of a partition key under Cassandra's Murmur3Partitioner: the first half of MurmurHash3 x64 128 with seed 0
 * (Austin Appleby, SMHasher), as `org.apache.cassandra.utils.MurmurHash.hash3_x64_128` computes it. That differs from the
 * original where a byte of the last, incomplete block is 0x80 or more: Java's bytes are signed, and Cassandra lets the
 * sign run into the higher bytes. `Murmur3Partitioner.getToken` adds two rules: the empty key has the minimum token, and
 * a key whose hash is the minimum has the maximum token.
 */

import { type Hash64, multiplyHigh } from './uint64.ts';

const C1H = 0x87c37b91;
const C1L = 0x114253d5;
const C2H = 0x4cf5ad43;
const C2L = 0x2745937f;

/** Registers h1, h2 and k, each a high and a low half. */
const state = new Int32Array(6);
const H1 = 0;
const H2 = 2;
const K = 4;

function add(at: number, high: number, low: number): void {
  const sum = ((state[at + 1] as number) + low) | 0;
  const carry = sum >>> 0 < low >>> 0 ? 1 : 0;
  state[at] = ((state[at] as number) + high + carry) | 0;
  state[at + 1] = sum;
}

function multiply(at: number, high: number, low: number): void {
  const h = state[at] as number;
  const l = state[at + 1] as number;
  state[at] = multiplyHigh(l, low) + Math.imul(h, low) + Math.imul(l, high);
  state[at + 1] = Math.imul(l, low);
}

function rotate(at: number, bits: number): void {
  const h = state[at] as number;
  const l = state[at + 1] as number;
  state[at] = (h << bits) | (l >>> (32 - bits));
  state[at + 1] = (l << bits) | (h >>> (32 - bits));
}

function rotate33(at: number): void {
  const h = state[at] as number;
  const l = state[at + 1] as number;
  state[at] = (l << 1) | (h >>> 31);
  state[at + 1] = (h << 1) | (l >>> 31);
}

/** Mixes `k` into h1, without the part that follows only after a whole block. */
function mixFirst(high: number, low: number): void {
  state[K] = high;
  state[K + 1] = low;
  multiply(K, C1H, C1L);
  rotate(K, 31);
  multiply(K, C2H, C2L);
  state[H1] = (state[H1] as number) ^ state[K];
  state[H1 + 1] = (state[H1 + 1] as number) ^ (state[K + 1] as number);
}

function mixSecond(high: number, low: number): void {
  state[K] = high;
  state[K + 1] = low;
  multiply(K, C2H, C2L);
  rotate33(K);
  multiply(K, C1H, C1L);
  state[H2] = (state[H2] as number) ^ state[K];
  state[H2 + 1] = (state[H2 + 1] as number) ^ (state[K + 1] as number);
}

function mixBlock(words: Int32Array, at: number): void {
  mixFirst(words[at + 1] as number, words[at] as number);
  rotate(H1, 27);
  add(H1, state[H2] as number, state[H2 + 1] as number);
  multiply(H1, 0, 5);
  add(H1, 0, 0x52dce729);
  mixSecond(words[at + 3] as number, words[at + 2] as number);
  rotate(H2, 31);
  add(H2, state[H1] as number, state[H1 + 1] as number);
  multiply(H2, 0, 5);
  add(H2, 0, 0x38495ab5);
}

/** Up to eight bytes from byte `from`, each sign-extended to 64 bits before its shift, xored together; mixed by its half. */
function mixTail(words: Int32Array, from: number, until: number, second: boolean): void {
  let high = 0;
  let low = 0;
  for (let at = from; at < until; at++) {
    const signed = ((words[at >>> 2] as number) << (24 - ((at & 3) << 3))) >> 24;
    const bits = (at - from) << 3;
    if (bits >= 32) high ^= signed << (bits - 32);
    else {
      low ^= signed << bits;
      high ^= bits === 0 ? signed >> 31 : signed >> (32 - bits);
    }
  }
  if (second) mixSecond(high, low);
  else mixFirst(high, low);
}

function finalMix(at: number): void {
  state[at + 1] = (state[at + 1] as number) ^ ((state[at] as number) >>> 1);
  multiply(at, 0xff51afd7, 0xed558ccd);
  state[at + 1] = (state[at + 1] as number) ^ ((state[at] as number) >>> 1);
  multiply(at, 0xc4ceb9fe, 0x1a85ec53);
  state[at + 1] = (state[at + 1] as number) ^ ((state[at] as number) >>> 1);
}

/** The token of a key given as little-endian words, a signed 64-bit number in halves, into `out`. O(length), no allocation. */
export function cassandraToken(words: Int32Array, length: number, out: Hash64): void {
  if (length === 0) {
    out[0] = 0x80000000;
    out[1] = 0;
    return;
  }
  state.fill(0);
  const blocksEnd = length & ~15;
  for (let at = 0; at < blocksEnd; at += 16) mixBlock(words, at >>> 2);
  if (length - blocksEnd > 8) mixTail(words, blocksEnd + 8, length, true);
  if (length > blocksEnd) mixTail(words, blocksEnd, Math.min(length, blocksEnd + 8), false);
  state[H1 + 1] = (state[H1 + 1] as number) ^ length;
  state[H2 + 1] = (state[H2 + 1] as number) ^ length;
  add(H1, state[H2] as number, state[H2 + 1] as number);
  add(H2, state[H1] as number, state[H1 + 1] as number);
  finalMix(H1);
  finalMix(H2);
  add(H1, state[H2] as number, state[H2 + 1] as number);
  const isMinimum = state[H1] === -0x80000000 && state[H1 + 1] === 0;
  out[0] = isMinimum ? 0x7fffffff : (state[H1] as number);
  out[1] = isMinimum ? -1 : (state[H1 + 1] as number);
}
