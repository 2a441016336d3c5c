/**
 * Where code gets its randomness from, always handed in.
 *
 * With {@link seededRandom} every draw of a run follows from one seed; with `systemRandom` from the platform's secure source.
 */
export interface Random {
  /** An integer from 0 to 2^32 - 1, all equally likely. */
  uint32(): number;

  /** A number in [0, 1) on a grid of 2^-53. */
  float(): number;

  /**
   * An integer from 0 to `bound - 1`, all equally likely (no modulo bias).
   *
   * @throws RangeError unless `bound` is an integer from 1 to 2^32
   */
  below(bound: number): number;

  /** `byteCount` fresh bytes. @throws RangeError unless an integer from 0 to 65,536 */
  bytes(byteCount: number): Uint8Array;

  /**
   * A generator of its own for the part of the program that `label` names.
   *
   * A seeded child depends on its parent's seed and on the labels alone, not on how much the parent has drawn: adding a draw
   * in one place moves nothing anywhere else. The same label gives the same stream again.
   */
  fork(label: string): Random;
}

/** The most bytes that one call of {@link Random.bytes} gives: the limit of the Web Crypto API. */
export const randomBytesMax: number = 65_536;

/** What a source of 32-bit words has to add to be a {@link Random}. */
export abstract class WordRandom implements Random {
  abstract uint32(): number;
  abstract fork(label: string): Random;

  float(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 0x400_0000 + low) / 0x20_0000_0000_0000;
  }

  below(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > 0x1_0000_0000) {
      throw new RangeError(`Bound must be an integer from 1 to 4294967296: received ${bound}`);
    }
    // Words at or above the largest multiple of the bound would favour small results, so they are drawn again.
    const limit = 0x1_0000_0000 - (0x1_0000_0000 % bound);
    let word = this.uint32();
    while (word >= limit) word = this.uint32();
    return word % bound;
  }

  bytes(byteCount: number): Uint8Array {
    if (!Number.isInteger(byteCount) || byteCount < 0 || byteCount > randomBytesMax) {
      throw new RangeError(
        `Byte count must be an integer from 0 to ${randomBytesMax}: received ${byteCount}`,
      );
    }
    const bytes = new Uint8Array(byteCount);
    let word = 0;
    for (let index = 0; index < byteCount; index++) {
      if (index % 4 === 0) word = this.uint32();
      bytes[index] = word & 0xff;
      word >>>= 8;
    }
    return bytes;
  }
}
