/*
 * Hashes that the ring does not have, written plainly for the tests: what a caller brings to `indexOfHash`.
 */

const MASK = 2n ** 64n - 1n;

/** FNV-1a, 32 bits (Fowler, Noll, Vo; draft-eastlake-fnv). */
export function fnv1a32(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** FNV-1, 64 bits: multiply, then xor. */
export function fnv1x64(bytes: Uint8Array): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = ((hash * 0x100000001b3n) & MASK) ^ BigInt(byte);
  return hash;
}

/** FNV-1a, 64 bits: xor, then multiply. */
export function fnv1ax64(bytes: Uint8Array): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & MASK;
  return hash;
}

/** A reflected CRC with all ones before and after: CRC-32 (IEEE) and Go's CRC-64. */
function crc(bytes: Uint8Array, polynomial: bigint, ones: bigint): bigint {
  let value = ones;
  for (const byte of bytes) {
    value ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) value = (value >> 1n) ^ ((value & 1n) * polynomial);
  }
  return value ^ ones;
}

/** CRC-32 of IEEE 802.3. */
export function crc32(bytes: Uint8Array): bigint {
  return crc(bytes, 0xedb88320n, 0xffffffffn);
}

/** CRC-64 with the polynomial of ECMA-182 as Go's `crc64.ECMA` has it. */
export function crc64Ecma(bytes: Uint8Array): bigint {
  return crc(bytes, 0xc96c5795d7870f42n, MASK);
}

/** MurmurHash3 x86 32 (Austin Appleby, SMHasher). */
export function murmur3x32(bytes: Uint8Array, seed: number): number {
  let hash = seed;
  for (let at = 0; at < bytes.length; at += 4) {
    let word = 0;
    for (let i = Math.min(4, bytes.length - at) - 1; i >= 0; i--) word = (word << 8) | (bytes[at + i] ?? 0);
    word = Math.imul(word, 0xcc9e2d51);
    hash ^= Math.imul((word << 15) | (word >>> 17), 0x1b873593);
    if (at + 4 <= bytes.length) hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
