/**
 * A rolling hash of 64 bits in two lanes of 32, over words and values. It tells runs apart that did not do the same; it
 * withstands no attacker.
 *
 * It takes in 64 bits at a time and loses none of them: for a given state each pair of words leads to a state of its own.
 */
export class TraceHash {
  #high = 0x811c_9dc5 | 0;
  #low = 0x9e37_79b9 | 0;

  /** Takes in 32 bits. */
  word(word: number): void {
    this.pair(word, 0);
  }

  /**
   * Takes in two words. Each lane takes a sum of both, of which one factor is even and the other odd, so that both words
   * follow from both sums; the sums do not wait for the state of the pair before.
   */
  pair(first: number, second: number): void {
    const high = Math.imul(this.#high ^ (Math.imul(first, 0x85eb_ca6a) + second), 0x85eb_ca6b);
    const low = Math.imul(this.#low ^ (Math.imul(second, 0xc2b2_ae35) + first), 0x9e37_79b1) ^ high;
    this.#high = (high << 13) | (high >>> 19);
    this.#low = (low << 15) | (low >>> 17);
  }

  /** Takes in an even number of words, as {@link pair} would two by two, with the state in locals. */
  words(words: Int32Array): void {
    let high = this.#high;
    let low = this.#low;
    for (let index = 0; index < words.length; index += 2) {
      const first = words[index] as number;
      const second = words[index + 1] as number;
      high = Math.imul(high ^ (Math.imul(first, 0x85eb_ca6a) + second), 0x85eb_ca6b);
      low = Math.imul(low ^ (Math.imul(second, 0xc2b2_ae35) + first), 0x9e37_79b1) ^ high;
      high = (high << 13) | (high >>> 19);
      low = (low << 15) | (low >>> 17);
    }
    this.#high = high;
    this.#low = low;
  }

  /** Takes in bytes that nobody has as words, and not how many they are. */
  bytes(bytes: Uint8Array): void {
    for (let index = 0; index < bytes.length; index += 8) {
      this.pair(wordAt(bytes, index), wordAt(bytes, index + 4));
    }
  }

  text(text: string): void {
    const { length } = text;
    this.word(length);
    for (let index = 0; index < length; index += 4) {
      this.pair(unitsAt(text, index), unitsAt(text, index + 2));
    }
  }

  /** Sixteen hexadecimal digits. */
  digest(): string {
    const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');
    return hex(finish(this.#high)) + hex(finish(this.#low ^ this.#high));
  }
}

/** Four bytes as a word, the first the lowest; what is behind the end counts as 0. */
function wordAt(bytes: Uint8Array, index: number): number {
  if (index + 3 < bytes.length) {
    return (
      (bytes[index] as number) |
      ((bytes[index + 1] as number) << 8) |
      ((bytes[index + 2] as number) << 16) |
      ((bytes[index + 3] as number) << 24)
    );
  }
  let word = 0;
  for (let at = bytes.length - 1; at >= index; at--) word = (word << 8) | (bytes[at] as number);
  return word;
}

/** Two units of UTF-16 as a word, likewise. */
function unitsAt(text: string, index: number): number {
  if (index >= text.length) return 0;
  const first = text.charCodeAt(index);
  return index + 1 < text.length ? first | (text.charCodeAt(index + 1) << 16) : first;
}

function finish(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x85eb_ca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2_ae35);
  return mixed ^ (mixed >>> 16);
}
