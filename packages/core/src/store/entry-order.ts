import type { Entry } from './store.ts';

/** With fewer holes than this it is not worth moving anything. */
const holesMin = 32;

/**
 * Entries by key and in order of creation, from either end: a list with holes, closed when half of it is holes. Finding by key,
 * adding and deleting take constant time on average; so does finding an end of a queue, wherever all keys belong to it.
 */
export class EntryOrder {
  #entries: (Entry | undefined)[] = [];
  readonly #places = new Map<string, number>();
  /** Nothing but holes stands before it. */
  #start = 0;

  get size(): number {
    return this.#places.size;
  }

  get(key: string): Entry | undefined {
    const place = this.#places.get(key);
    return place === undefined ? undefined : this.#entries[place];
  }

  /** A new key comes last; one that is there keeps its place. */
  set(entry: Entry): void {
    const place = this.#places.get(entry.key);
    if (place !== undefined) {
      this.#entries[place] = entry;
      return;
    }
    this.#places.set(entry.key, this.#entries.length);
    this.#entries.push(entry);
  }

  delete(key: string): void {
    const place = this.#places.get(key);
    if (place === undefined) return;
    this.#places.delete(key);
    this.#entries[place] = undefined;
    while (this.#start < this.#entries.length && this.#entries[this.#start] === undefined) this.#start++;
    while (this.#entries.length > 0 && this.#entries.at(-1) === undefined) this.#entries.pop();
    if (this.#entries.length === 0) this.#start = 0;
    const holes = this.#entries.length - this.#places.size;
    if (holes >= holesMin && holes > this.#places.size) this.#closeHoles();
  }

  /** The oldest entry under a prefix. */
  first(prefix: string): Entry | undefined {
    return this.oldestFirst(prefix).next().value ?? undefined;
  }

  /** The youngest entry under a prefix. */
  last(prefix: string): Entry | undefined {
    return this.newestFirst(prefix).next().value ?? undefined;
  }

  *oldestFirst(prefix: string): Generator<Entry, undefined> {
    for (let place = this.#start; place < this.#entries.length; place++) {
      const entry = this.#entries[place];
      if (entry?.key.startsWith(prefix)) yield entry;
    }
    return undefined;
  }

  *newestFirst(prefix: string): Generator<Entry, undefined> {
    for (let place = this.#entries.length - 1; place >= this.#start; place--) {
      const entry = this.#entries[place];
      if (entry?.key.startsWith(prefix)) yield entry;
    }
    return undefined;
  }

  #closeHoles(): void {
    this.#entries = this.#entries.filter(entry => entry !== undefined);
    this.#start = 0;
    this.#entries.forEach((entry, place) => this.#places.set((entry as Entry).key, place));
  }
}
