/** Entries that one table holds before it is split, so that growing it again stays a matter of a few milliseconds. */
const splitAt = 1 << 16;
const partCount = 256;
const entriesMin = 16;

/** One open-addressed table: entries of `stride` words, the first of which is 0 where an entry is free. */
interface Part {
  words: Int32Array;
  mask: number;
  count: number;
}

/**
 * A hash table from a few 32-bit words to one, which never stops the world to grow.
 *
 * The checker asks it millions of times a second and may fill gigabytes, within a deadline that it must keep. So it is flat
 * (no objects, nothing for the collector to walk), and above 65,536 entries it is split into 256 parts that grow one at a time.
 *
 * The key is written into {@link key}; its first word must not be 0.
 */
export class WordTable {
  /** What {@link locate} looks for. */
  readonly key: Int32Array;
  /** Where {@link locate} left the value. */
  words: Int32Array;
  at = 0;

  readonly #keyWords: number;
  readonly #stride: number;
  #parts: Part[];
  #bytes: number;

  constructor(keyWords: number) {
    this.key = new Int32Array(keyWords);
    this.#keyWords = keyWords;
    this.#stride = keyWords + 1;
    const first = this.#part(entriesMin);
    this.#parts = [first];
    this.words = first.words;
    this.#bytes = first.words.byteLength;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Finds the key or adds it with the value 0; `words[at]` is then its value, until the next call.
   *
   * @returns true where it was there
   */
  locate(): boolean {
    const { key } = this;
    const keyWords = this.#keyWords;
    const stride = this.#stride;
    let hash = 0;
    for (let word = 0; word < keyWords; word++) {
      hash = Math.imul(hash ^ (key[word] as number), 0x9e37_79b1);
      hash ^= hash >>> 15;
    }
    const parts = this.#parts;
    const part = (parts.length === 1 ? parts[0] : parts[hash >>> 24]) as Part;
    const { words, mask } = part;
    const first = key[0] as number;
    let entry = Math.imul(hash, 0x85eb_ca6b) >>> 3;
    for (;;) {
      const at = (entry & mask) * stride;
      const found = words[at] as number;
      if (found === 0) return this.#add(part, at);
      if (found === first) {
        let word = 1;
        while (word < keyWords && words[at + word] === key[word]) word++;
        if (word === keyWords) {
          this.words = words;
          this.at = at + keyWords;
          return true;
        }
      }
      entry++;
    }
  }

  #add(part: Part, at: number): false {
    if ((part.count + 1) * 2 > part.mask + 1) {
      if (this.#parts.length === 1 && part.count >= splitAt) this.#split();
      else this.#grow(part);
      this.locate();
      return false;
    }
    part.words.set(this.key, at);
    part.count++;
    this.words = part.words;
    this.at = at + this.#keyWords;
    return false;
  }

  #grow(part: Part): void {
    const old = part.words;
    const larger = this.#part((part.mask + 1) * 2);
    this.#bytes += larger.words.byteLength - old.byteLength;
    part.words = larger.words;
    part.mask = larger.mask;
    part.count = 0;
    this.#copy(old);
  }

  #split(): void {
    const old = (this.#parts[0] as Part).words;
    this.#parts = Array.from({ length: partCount }, () => this.#part((splitAt / partCount) * 4));
    this.#bytes = 0;
    for (const part of this.#parts) this.#bytes += part.words.byteLength;
    this.#copy(old);
  }

  /** Adds the entries of a table that is given up; each finds room, so nothing grows meanwhile. */
  #copy(old: Int32Array): void {
    const wanted = this.key.slice();
    const stride = this.#stride;
    for (let at = 0; at < old.length; at += stride) {
      if (old[at] === 0) continue;
      for (let word = 0; word < this.#keyWords; word++) this.key[word] = old[at + word] as number;
      this.locate();
      this.words[this.at] = old[at + this.#keyWords] as number;
    }
    this.key.set(wanted);
  }

  #part(entries: number): Part {
    return { words: new Int32Array(entries * this.#stride), mask: entries - 1, count: 0 };
  }
}
