/**
 * MD5 (RFC 1321), written for keys of a few dozen bytes: no call into a crypto library, so it costs no object for a
 * digest, runs in browsers, and works where FIPS mode refuses MD5. Ketama spreads keys with it; it protects nothing.
 */

/** The chaining variables A, B, C, D; afterwards the digest as four little-endian words. */
const state = new Int32Array(4);

function rotl(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}

/** Round 1: F(x, y, z) = (x ∧ y) ∨ (¬x ∧ z). */
function firstRound(x: Int32Array, at: number): void {
  let a = state[0] as number;
  let b = state[1] as number;
  let c = state[2] as number;
  let d = state[3] as number;
  a = (rotl((a + (d ^ (b & (c ^ d))) + (x[at] as number) - 680876936) | 0, 7) + b) | 0;
  d = (rotl((d + (c ^ (a & (b ^ c))) + (x[at + 1] as number) - 389564586) | 0, 12) + a) | 0;
  c = (rotl((c + (b ^ (d & (a ^ b))) + (x[at + 2] as number) + 606105819) | 0, 17) + d) | 0;
  b = (rotl((b + (a ^ (c & (d ^ a))) + (x[at + 3] as number) - 1044525330) | 0, 22) + c) | 0;
  a = (rotl((a + (d ^ (b & (c ^ d))) + (x[at + 4] as number) - 176418897) | 0, 7) + b) | 0;
  d = (rotl((d + (c ^ (a & (b ^ c))) + (x[at + 5] as number) + 1200080426) | 0, 12) + a) | 0;
  c = (rotl((c + (b ^ (d & (a ^ b))) + (x[at + 6] as number) - 1473231341) | 0, 17) + d) | 0;
  b = (rotl((b + (a ^ (c & (d ^ a))) + (x[at + 7] as number) - 45705983) | 0, 22) + c) | 0;
  a = (rotl((a + (d ^ (b & (c ^ d))) + (x[at + 8] as number) + 1770035416) | 0, 7) + b) | 0;
  d = (rotl((d + (c ^ (a & (b ^ c))) + (x[at + 9] as number) - 1958414417) | 0, 12) + a) | 0;
  c = (rotl((c + (b ^ (d & (a ^ b))) + (x[at + 10] as number) - 42063) | 0, 17) + d) | 0;
  b = (rotl((b + (a ^ (c & (d ^ a))) + (x[at + 11] as number) - 1990404162) | 0, 22) + c) | 0;
  a = (rotl((a + (d ^ (b & (c ^ d))) + (x[at + 12] as number) + 1804603682) | 0, 7) + b) | 0;
  d = (rotl((d + (c ^ (a & (b ^ c))) + (x[at + 13] as number) - 40341101) | 0, 12) + a) | 0;
  c = (rotl((c + (b ^ (d & (a ^ b))) + (x[at + 14] as number) - 1502002290) | 0, 17) + d) | 0;
  b = (rotl((b + (a ^ (c & (d ^ a))) + (x[at + 15] as number) + 1236535329) | 0, 22) + c) | 0;
  state[0] = a;
  state[1] = b;
  state[2] = c;
  state[3] = d;
}

/** Round 2: G(x, y, z) = (x ∧ z) ∨ (y ∧ ¬z). */
function secondRound(x: Int32Array, at: number): void {
  let a = state[0] as number;
  let b = state[1] as number;
  let c = state[2] as number;
  let d = state[3] as number;
  a = (rotl((a + (c ^ (d & (b ^ c))) + (x[at + 1] as number) - 165796510) | 0, 5) + b) | 0;
  d = (rotl((d + (b ^ (c & (a ^ b))) + (x[at + 6] as number) - 1069501632) | 0, 9) + a) | 0;
  c = (rotl((c + (a ^ (b & (d ^ a))) + (x[at + 11] as number) + 643717713) | 0, 14) + d) | 0;
  b = (rotl((b + (d ^ (a & (c ^ d))) + (x[at] as number) - 373897302) | 0, 20) + c) | 0;
  a = (rotl((a + (c ^ (d & (b ^ c))) + (x[at + 5] as number) - 701558691) | 0, 5) + b) | 0;
  d = (rotl((d + (b ^ (c & (a ^ b))) + (x[at + 10] as number) + 38016083) | 0, 9) + a) | 0;
  c = (rotl((c + (a ^ (b & (d ^ a))) + (x[at + 15] as number) - 660478335) | 0, 14) + d) | 0;
  b = (rotl((b + (d ^ (a & (c ^ d))) + (x[at + 4] as number) - 405537848) | 0, 20) + c) | 0;
  a = (rotl((a + (c ^ (d & (b ^ c))) + (x[at + 9] as number) + 568446438) | 0, 5) + b) | 0;
  d = (rotl((d + (b ^ (c & (a ^ b))) + (x[at + 14] as number) - 1019803690) | 0, 9) + a) | 0;
  c = (rotl((c + (a ^ (b & (d ^ a))) + (x[at + 3] as number) - 187363961) | 0, 14) + d) | 0;
  b = (rotl((b + (d ^ (a & (c ^ d))) + (x[at + 8] as number) + 1163531501) | 0, 20) + c) | 0;
  a = (rotl((a + (c ^ (d & (b ^ c))) + (x[at + 13] as number) - 1444681467) | 0, 5) + b) | 0;
  d = (rotl((d + (b ^ (c & (a ^ b))) + (x[at + 2] as number) - 51403784) | 0, 9) + a) | 0;
  c = (rotl((c + (a ^ (b & (d ^ a))) + (x[at + 7] as number) + 1735328473) | 0, 14) + d) | 0;
  b = (rotl((b + (d ^ (a & (c ^ d))) + (x[at + 12] as number) - 1926607734) | 0, 20) + c) | 0;
  state[0] = a;
  state[1] = b;
  state[2] = c;
  state[3] = d;
}

/** Round 3: H(x, y, z) = x ⊕ y ⊕ z. */
function thirdRound(x: Int32Array, at: number): void {
  let a = state[0] as number;
  let b = state[1] as number;
  let c = state[2] as number;
  let d = state[3] as number;
  a = (rotl((a + (b ^ c ^ d) + (x[at + 5] as number) - 378558) | 0, 4) + b) | 0;
  d = (rotl((d + (a ^ b ^ c) + (x[at + 8] as number) - 2022574463) | 0, 11) + a) | 0;
  c = (rotl((c + (d ^ a ^ b) + (x[at + 11] as number) + 1839030562) | 0, 16) + d) | 0;
  b = (rotl((b + (c ^ d ^ a) + (x[at + 14] as number) - 35309556) | 0, 23) + c) | 0;
  a = (rotl((a + (b ^ c ^ d) + (x[at + 1] as number) - 1530992060) | 0, 4) + b) | 0;
  d = (rotl((d + (a ^ b ^ c) + (x[at + 4] as number) + 1272893353) | 0, 11) + a) | 0;
  c = (rotl((c + (d ^ a ^ b) + (x[at + 7] as number) - 155497632) | 0, 16) + d) | 0;
  b = (rotl((b + (c ^ d ^ a) + (x[at + 10] as number) - 1094730640) | 0, 23) + c) | 0;
  a = (rotl((a + (b ^ c ^ d) + (x[at + 13] as number) + 681279174) | 0, 4) + b) | 0;
  d = (rotl((d + (a ^ b ^ c) + (x[at] as number) - 358537222) | 0, 11) + a) | 0;
  c = (rotl((c + (d ^ a ^ b) + (x[at + 3] as number) - 722521979) | 0, 16) + d) | 0;
  b = (rotl((b + (c ^ d ^ a) + (x[at + 6] as number) + 76029189) | 0, 23) + c) | 0;
  a = (rotl((a + (b ^ c ^ d) + (x[at + 9] as number) - 640364487) | 0, 4) + b) | 0;
  d = (rotl((d + (a ^ b ^ c) + (x[at + 12] as number) - 421815835) | 0, 11) + a) | 0;
  c = (rotl((c + (d ^ a ^ b) + (x[at + 15] as number) + 530742520) | 0, 16) + d) | 0;
  b = (rotl((b + (c ^ d ^ a) + (x[at + 2] as number) - 995338651) | 0, 23) + c) | 0;
  state[0] = a;
  state[1] = b;
  state[2] = c;
  state[3] = d;
}

/** Round 4: I(x, y, z) = y ⊕ (x ∨ ¬z). */
function fourthRound(x: Int32Array, at: number): void {
  let a = state[0] as number;
  let b = state[1] as number;
  let c = state[2] as number;
  let d = state[3] as number;
  a = (rotl((a + (c ^ (b | ~d)) + (x[at] as number) - 198630844) | 0, 6) + b) | 0;
  d = (rotl((d + (b ^ (a | ~c)) + (x[at + 7] as number) + 1126891415) | 0, 10) + a) | 0;
  c = (rotl((c + (a ^ (d | ~b)) + (x[at + 14] as number) - 1416354905) | 0, 15) + d) | 0;
  b = (rotl((b + (d ^ (c | ~a)) + (x[at + 5] as number) - 57434055) | 0, 21) + c) | 0;
  a = (rotl((a + (c ^ (b | ~d)) + (x[at + 12] as number) + 1700485571) | 0, 6) + b) | 0;
  d = (rotl((d + (b ^ (a | ~c)) + (x[at + 3] as number) - 1894986606) | 0, 10) + a) | 0;
  c = (rotl((c + (a ^ (d | ~b)) + (x[at + 10] as number) - 1051523) | 0, 15) + d) | 0;
  b = (rotl((b + (d ^ (c | ~a)) + (x[at + 1] as number) - 2054922799) | 0, 21) + c) | 0;
  a = (rotl((a + (c ^ (b | ~d)) + (x[at + 8] as number) + 1873313359) | 0, 6) + b) | 0;
  d = (rotl((d + (b ^ (a | ~c)) + (x[at + 15] as number) - 30611744) | 0, 10) + a) | 0;
  c = (rotl((c + (a ^ (d | ~b)) + (x[at + 6] as number) - 1560198380) | 0, 15) + d) | 0;
  b = (rotl((b + (d ^ (c | ~a)) + (x[at + 13] as number) + 1309151649) | 0, 21) + c) | 0;
  a = (rotl((a + (c ^ (b | ~d)) + (x[at + 4] as number) - 145523070) | 0, 6) + b) | 0;
  d = (rotl((d + (b ^ (a | ~c)) + (x[at + 11] as number) - 1120210379) | 0, 10) + a) | 0;
  c = (rotl((c + (a ^ (d | ~b)) + (x[at + 2] as number) + 718787259) | 0, 15) + d) | 0;
  b = (rotl((b + (d ^ (c | ~a)) + (x[at + 9] as number) - 343485551) | 0, 21) + c) | 0;
  state[0] = a;
  state[1] = b;
  state[2] = c;
  state[3] = d;
}

/**
 * Digests `length` bytes given as little-endian words. `words` needs room for the padding: 18 words more than the key
 * has; they are overwritten. Returns the digest as four little-endian words in an array that the next call overwrites.
 * O(length), no allocation.
 */
export function md5(words: Int32Array, length: number): Int32Array {
  const end = ((length + 8) >>> 6) * 16 + 16;
  const last = length >>> 2;
  // Padding of §3.1 and §3.2: one bit, zeros, the length in bits as 64 bits.
  words[last] = ((length & 3) === 0 ? 0 : (words[last] as number)) | (0x80 << ((length & 3) << 3));
  for (let word = last + 1; word < end - 2; word++) words[word] = 0;
  words[end - 2] = length << 3;
  words[end - 1] = length >>> 29;
  state[0] = 0x67452301;
  state[1] = -271733879;
  state[2] = -1732584194;
  state[3] = 0x10325476;
  for (let at = 0; at < end; at += 16) {
    const a: number = state[0];
    const b: number = state[1];
    const c: number = state[2];
    const d: number = state[3];
    firstRound(words, at);
    secondRound(words, at);
    thirdRound(words, at);
    fourthRound(words, at);
    state[0] = a + state[0];
    state[1] = b + state[1];
    state[2] = c + state[2];
    state[3] = d + state[3];
  }
  return state;
}
