/**
 * MurmurHash2, 64-bit version for 64-bit platforms, known as MurmurHash64A (Austin Appleby, SMHasher, MurmurHash2.cpp).
 * libstdc++'s `std::hash` uses it, and Envoy offers it for ring hash with libstdc++'s seed, 0xc70f6907.
 */

import { type Hash64, multiplyHigh } from './uint64.ts';

const MH = 0xc6a4a793;
const ML = 0x5bd1e995;

/** Hashes `length` bytes given as little-endian words into `out`, with a 32-bit seed. O(length), no allocation. */
export function murmur2x64a(words: Int32Array, length: number, seed: number, out: Hash64): void {
  // h = seed ^ (length × m)
  let high = multiplyHigh(length, ML) + Math.imul(length, MH);
  let low = Math.imul(length, ML) ^ seed;
  const blocks = length >>> 3;
  for (let block = 0; block < blocks; block++) {
    let kl = words[block * 2] as number;
    let kh = words[block * 2 + 1] as number;
    kh = (multiplyHigh(kl, ML) + Math.imul(kh, ML) + Math.imul(kl, MH)) | 0;
    kl = Math.imul(kl, ML);
    kl ^= kh >>> 15;
    kh = (multiplyHigh(kl, ML) + Math.imul(kh, ML) + Math.imul(kl, MH)) | 0;
    kl = Math.imul(kl, ML);
    high ^= kh;
    low ^= kl;
    high = (multiplyHigh(low, ML) + Math.imul(high, ML) + Math.imul(low, MH)) | 0;
    low = Math.imul(low, ML);
  }
  const rest = length & 7;
  if (rest > 0) {
    low ^= words[blocks * 2] as number;
    if (rest > 4) high ^= words[blocks * 2 + 1] as number;
    high = (multiplyHigh(low, ML) + Math.imul(high, ML) + Math.imul(low, MH)) | 0;
    low = Math.imul(low, ML);
  }
  low ^= high >>> 15;
  high = (multiplyHigh(low, ML) + Math.imul(high, ML) + Math.imul(low, MH)) | 0;
  low = Math.imul(low, ML);
  out[0] = high;
  out[1] = low ^ (high >>> 15);
}
