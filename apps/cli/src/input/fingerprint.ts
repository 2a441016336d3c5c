/**
 * 64 bits that tell keys apart: two lanes in the manner of MurmurHash3's 32-bit variant, with different constants, that are
 * mixed with each other at the end.
 *
 * It is independent of every ring's hash, and never leaves the process. The result lies in `high` and `low`, so that a call
 * allocates nothing. Not for hostile input: whoever tries can make two keys collide.
 */
export class Fingerprint {
  /** Upper 32 bits of the last result, unsigned. */
  high = 0;
  /** Lower 32 bits of the last result, unsigned. */
  low = 0;

  /** Hashes a key. */
  update(key: Uint8Array): void {
    const { length } = key;
    let a = 0x2f6b_1c35 ^ length;
    let b = 0x7a53_90e7;
    let at = 0;
    for (const end = length - (length & 3); at < end; at += 4) {
      const word =
        (key[at] as number) |
        ((key[at + 1] as number) << 8) |
        ((key[at + 2] as number) << 16) |
        ((key[at + 3] as number) << 24);
      a = laneA(a, word);
      b = laneB(b, word);
    }
    let tail = 0;
    for (let shift = 0; at < length; at++, shift += 8) tail |= (key[at] as number) << shift;
    a = finish(laneA(a, tail));
    b = finish(laneB(b, tail) ^ length);
    this.high = finish((a + b) | 0) >>> 0;
    this.low = (finish((b ^ Math.imul(a, 0x9e37_79b1)) | 0) ^ a) >>> 0;
  }
}

function laneA(state: number, word: number): number {
  let k = Math.imul(word, 0xcc9e_2d51);
  k = Math.imul((k << 15) | (k >>> 17), 0x1b87_3593);
  const mixed = state ^ k;
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe654_6b64) | 0;
}

function laneB(state: number, word: number): number {
  let k = Math.imul(word, 0x239b_961b);
  k = Math.imul((k << 17) | (k >>> 15), 0x38b3_4ae5);
  const mixed = state ^ k;
  return (Math.imul((mixed << 16) | (mixed >>> 16), 5) + 0x561c_cd1b) | 0;
}

/** MurmurHash3's finaliser: every bit of the input reaches every bit of the output. */
function finish(state: number): number {
  let h = state;
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return h ^ (h >>> 16);
}
