/** The longest key, in bytes, whose words stay in the buffer that is made once. Longer keys get a buffer of their own. */
const BYTES_KEPT = 4096;
/** Room behind the key for the padding of MD5: a 0x80 byte, zeros, and a 64-bit length. */
const WORDS_PADDING = 18;
const REPLACEMENT = 0xfffd;

const kept = new Int32Array(BYTES_KEPT / 4 + WORDS_PADDING);

/**
 * One key as little-endian 32-bit words, the form in which every hash here reads it.
 *
 * Packing four bytes into a word while reading the key costs no more than copying it, and the hashes then load words and
 * never bytes. Words are made by shifts, so the order of bytes in the machine does not matter. The bytes behind the end
 * of the key in its last word are 0.
 *
 * There is one instance in a thread, {@link keyWords}: what `load` left is valid until the next `load`.
 */
export class KeyWords {
  words: Int32Array = kept;
  /** Length of the key in bytes. */
  length = 0;

  /**
   * Reads a key: bytes as they are, a string as UTF-8 with each lone surrogate as U+FFFD (as Node's Buffer does).
   * Allocates nothing for keys up to 4,096 bytes (for strings: 1,365 code units outside ASCII, 4,096 within).
   */
  load(key: string | Uint8Array): void {
    if (typeof key !== 'string') this.#loadBytes(key);
    else if (key.length > BYTES_KEPT || !this.#loadAscii(key)) this.#loadUtf8(key);
  }

  #reserve(bytes: number): void {
    this.words = bytes <= BYTES_KEPT ? kept : new Int32Array((bytes >>> 2) + WORDS_PADDING);
  }

  /** Returns false, with rubbish in `words`, if the key is not ASCII. */
  #loadAscii(key: string): boolean {
    const length = key.length;
    const whole = length & ~3;
    this.words = kept;
    this.length = length;
    let all = 0;
    let i = 0;
    for (; i < whole; i += 4) {
      const a = key.charCodeAt(i);
      const b = key.charCodeAt(i + 1);
      const c = key.charCodeAt(i + 2);
      const d = key.charCodeAt(i + 3);
      all |= a | b | c | d;
      kept[i >>> 2] = a | (b << 8) | (c << 16) | (d << 24);
    }
    let last = 0;
    for (; i < length; i++) {
      const code = key.charCodeAt(i);
      all |= code;
      last |= code << ((i & 3) << 3);
    }
    kept[whole >>> 2] = last;
    return all < 0x80;
  }

  #loadBytes(bytes: Uint8Array): void {
    const length = bytes.length;
    const whole = length & ~3;
    this.#reserve(length);
    this.length = length;
    const words = this.words;
    let i = 0;
    for (; i < whole; i += 4) {
      words[i >>> 2] =
        (bytes[i] as number) |
        ((bytes[i + 1] as number) << 8) |
        ((bytes[i + 2] as number) << 16) |
        ((bytes[i + 3] as number) << 24);
    }
    let last = 0;
    for (; i < length; i++) last |= (bytes[i] as number) << ((i & 3) << 3);
    words[whole >>> 2] = last;
  }

  #loadUtf8(key: string): void {
    this.#reserve(key.length * 3);
    this.length = 0;
    this.words[0] = 0;
    for (let i = 0; i < key.length; i++) {
      const code = codePointAt(key, i);
      if (code > 0xffff) i++;
      this.#pushCodePoint(code);
    }
  }

  #pushCodePoint(code: number): void {
    if (code < 0x80) return this.#pushByte(code);
    if (code < 0x800) this.#pushByte(0xc0 | (code >>> 6));
    else {
      if (code < 0x10000) this.#pushByte(0xe0 | (code >>> 12));
      else {
        this.#pushByte(0xf0 | (code >>> 18));
        this.#pushByte(0x80 | ((code >>> 12) & 0x3f));
      }
      this.#pushByte(0x80 | ((code >>> 6) & 0x3f));
    }
    this.#pushByte(0x80 | (code & 0x3f));
  }

  #pushByte(byte: number): void {
    const at = this.length++;
    const word = at >>> 2;
    this.words[word] = (at & 3) === 0 ? byte : (this.words[word] as number) | (byte << ((at & 3) << 3));
    // The word behind a full one is cleared, so that the last word is always padded with zeros.
    if ((at & 3) === 3) this.words[word + 1] = 0;
  }
}

/** The code point at `i`; a surrogate without its other half is U+FFFD. */
export function codePointAt(text: string, i: number): number {
  const code = text.codePointAt(i) as number;
  return code >= 0xd800 && code <= 0xdfff ? REPLACEMENT : code;
}

/** The key that this thread is hashing. */
export const keyWords: KeyWords = new KeyWords();
