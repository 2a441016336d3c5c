import { WordTable } from './word-table.ts';

/**
 * The configurations that were reached: a turn, a state, and which operations took effect and have not returned.
 *
 * What never returned need not take effect, so one configuration is at least as good as another that differs only in that it
 * has used up more of those; whoever reaches the worse one later need not go on.
 */
export class Configurations {
  readonly #table: WordTable;
  readonly #words: number;
  readonly #openWords: number;
  /** Sets of used open operations: the next one's place plus one, then the words. */
  #sets: Int32Array;
  #setCount = 0;

  constructor(words: number, openWords: number) {
    this.#table = new WordTable(2 + words);
    this.#words = words;
    this.#openWords = openWords;
    this.#sets = new Int32Array(openWords === 0 ? 0 : 64 * (openWords + 1));
  }

  get bytes(): number {
    return this.#table.bytes + this.#sets.byteLength;
  }

  /** Adds a configuration. @returns false where it or a better one was there */
  add(turn: number, state: number, taken: Int32Array): boolean {
    return this.#add(turn + 1, state, taken);
  }

  /** The same for where a move leads, before reads that fit have taken effect there; these are kept apart. */
  addMove(turn: number, state: number, taken: Int32Array): boolean {
    return this.#add(-turn - 1, state, taken);
  }

  #add(first: number, state: number, taken: Int32Array): boolean {
    const table = this.#table;
    const { key } = table;
    key[0] = first;
    key[1] = state;
    for (let word = 0; word < this.#words; word++) key[word + 2] = taken[word] as number;
    const known = table.locate();
    if (this.#openWords === 0) return !known;
    const head = table.words[table.at] as number;
    if (known && this.#hasSubset(head, taken)) return false;
    table.words[table.at] = this.#addSet(head, taken);
    return true;
  }

  #hasSubset(head: number, taken: Int32Array): boolean {
    const sets = this.#sets;
    const stride = this.#openWords + 1;
    for (let set = head; set !== 0; set = sets[(set - 1) * stride] as number) {
      const at = (set - 1) * stride + 1;
      let word = 0;
      while (
        word < this.#openWords &&
        ((sets[at + word] as number) & ~(taken[this.#words + word] as number)) === 0
      ) {
        word++;
      }
      if (word === this.#openWords) return true;
    }
    return false;
  }

  #addSet(next: number, taken: Int32Array): number {
    const stride = this.#openWords + 1;
    const at = this.#setCount * stride;
    if (at + stride > this.#sets.length) {
      const larger = new Int32Array(this.#sets.length * 2);
      larger.set(this.#sets);
      this.#sets = larger;
    }
    this.#sets[at] = next;
    for (let word = 0; word < this.#openWords; word++) {
      this.#sets[at + 1 + word] = taken[this.#words + word] as number;
    }
    return ++this.#setCount;
  }
}
