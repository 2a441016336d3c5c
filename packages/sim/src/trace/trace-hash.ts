/**
 * A rolling hash of 64 bits in two lanes of 32, over words and values. It tells runs apart that did not do the same; it
 * withstands no attacker.
 */
export class TraceHash {
  #high = 0x811c_9dc5 | 0;
  #low = 0x9e37_79b9 | 0;

  /** Takes in 32 bits. */
  word(word: number): void {
    const high = Math.imul(this.#high ^ word, 0x85eb_ca6b);
    this.#high = (high << 13) | (high >>> 19);
    const low = Math.imul(this.#low ^ word, 0x9e37_79b1) ^ high;
    this.#low = (low << 15) | (low >>> 17);
  }

  /** Takes in three words, as three calls of {@link word} would, with the state in locals. */
  words(first: number, second: number, third: number): void {
    let high = Math.imul(this.#high ^ first, 0x85eb_ca6b);
    let low = Math.imul(this.#low ^ first, 0x9e37_79b1) ^ high;
    high = Math.imul(((high << 13) | (high >>> 19)) ^ second, 0x85eb_ca6b);
    low = Math.imul(((low << 15) | (low >>> 17)) ^ second, 0x9e37_79b1) ^ high;
    high = Math.imul(((high << 13) | (high >>> 19)) ^ third, 0x85eb_ca6b);
    low = Math.imul(((low << 15) | (low >>> 17)) ^ third, 0x9e37_79b1) ^ high;
    this.#high = (high << 13) | (high >>> 19);
    this.#low = (low << 15) | (low >>> 17);
  }

  /** The state stays in locals here: messages are hashed by the million. */
  bytes(bytes: Uint8Array): void {
    const { length } = bytes;
    const whole = length & ~3;
    let high = this.#high;
    let low = this.#low;
    let word = 0;
    for (let index = 0; index < whole; index += 4) {
      word =
        (bytes[index] as number) |
        ((bytes[index + 1] as number) << 8) |
        ((bytes[index + 2] as number) << 16) |
        ((bytes[index + 3] as number) << 24);
      high = Math.imul(high ^ word, 0x85eb_ca6b);
      low = Math.imul(low ^ word, 0x9e37_79b1) ^ high;
      high = (high << 13) | (high >>> 19);
      low = (low << 15) | (low >>> 17);
    }
    this.#high = high;
    this.#low = low;
    if (whole === length) return;
    word = 0;
    for (let index = whole; index < length; index++) word = (word << 8) | (bytes[index] as number);
    this.word(word);
  }

  text(text: string): void {
    this.word(text.length);
    for (let index = 0; index < text.length; index++) this.word(text.charCodeAt(index));
  }

  /** Sixteen hexadecimal digits. */
  digest(): string {
    const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');
    return hex(finish(this.#high)) + hex(finish(this.#low ^ this.#high));
  }
}

function finish(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x85eb_ca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2_ae35);
  return mixed ^ (mixed >>> 16);
}
