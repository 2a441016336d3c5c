import { badKey, type Key } from '../../key.ts';
import { encoded, encodeUtf8 } from '../../hash/utf8.ts';

/** The longest key, in bytes, whose words stay in the buffer that is made once. Longer keys get a buffer of their own. */
const BYTES_KEPT = 4096;
/** Room behind the key for the padding of MD5: a 0x80 byte, zeros, and a 64-bit length. */
const WORDS_PADDING = 18;

const kept = new Int32Array(BYTES_KEPT / 4 + WORDS_PADDING);

/**
 * One key as little-endian 32-bit words, the form in which the hashes of this folder read it.
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
   * Reads a key: bytes as they are, a string as UTF-8 with each lone surrogate as U+FFFD. Allocates nothing for keys up
   * to 4,096 bytes.
   *
   * @throws TypeError on anything but text and bytes.
   */
  load(key: Key): void {
    if (typeof key === 'string') {
      if (key.length <= BYTES_KEPT && this.#loadAscii(key)) return;
      const length = encodeUtf8(key);
      this.#loadBytes(encoded.bytes, length);
    } else if (key instanceof Uint8Array) this.#loadBytes(key, key.length);
    else throw badKey(key);
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

  #loadBytes(bytes: Uint8Array, length: number): void {
    const whole = length & ~3;
    const words = length <= BYTES_KEPT ? kept : new Int32Array((length >>> 2) + WORDS_PADDING);
    this.words = words;
    this.length = length;
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
}

/** The key that this thread is hashing. */
export const keyWords: KeyWords = new KeyWords();
