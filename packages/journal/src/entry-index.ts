import type { Position } from './format/position.ts';

/** Entries of one page. A page is 4 KiB: small enough for a thousand idle groups, large enough to be few. */
const pageEntries = 256;

/**
 * Where each entry of a group stands, and its term: 16 bytes an entry in pages of typed arrays. Recovery may fill it in any
 * order. All calls but {@link drop} are O(1).
 */
export class EntryIndex {
  /** By page number; position and term by turns, a position of 0 where there is no entry. */
  readonly #pages = new Map<number, Float64Array>();
  #lastNumber = -1;
  #lastPage: Float64Array | undefined;
  #count = 0;

  /** How many entries are there. */
  get count(): number {
    return this.#count;
  }

  /** The position of an entry, 0 if it is not there. */
  position(index: number): Position {
    const page = this.#page(Math.floor(index / pageEntries));
    return page === undefined ? 0 : (page[(index % pageEntries) * 2] as number);
  }

  /** The term of an entry that is there. */
  term(index: number): number | undefined {
    const page = this.#page(Math.floor(index / pageEntries));
    const slot = (index % pageEntries) * 2;
    return page === undefined || page[slot] === 0 ? undefined : page[slot + 1];
  }

  set(index: number, position: Position, term: number): void {
    let slot = index - this.#lastNumber * pageEntries;
    let page = this.#lastPage;
    if (page === undefined || slot < 0 || slot >= pageEntries) {
      const number = Math.floor(index / pageEntries);
      slot = index - number * pageEntries;
      page = this.#page(number) ?? this.#makePage(number);
    }
    if (page[slot * 2] === 0) this.#count++;
    page[slot * 2] = position;
    page[slot * 2 + 1] = term;
  }

  #makePage(number: number): Float64Array {
    const page = new Float64Array(pageEntries * 2);
    this.#pages.set(number, page);
    this.#lastNumber = number;
    this.#lastPage = page;
    return page;
  }

  /** Takes out the entries from `first` to `last` and tells the position of each. O(entries there are, and pages). */
  drop(first: number, last: number, dropped: (position: Position) => void): void {
    const firstPage = Math.floor(first / pageEntries);
    const lastPage = Math.floor(last / pageEntries);
    if (lastPage - firstPage < this.#pages.size) {
      for (let number = firstPage; number <= lastPage; number++) this.#dropIn(number, first, last, dropped);
      return;
    }
    for (const number of Array.from(this.#pages.keys())) {
      if (number >= firstPage && number <= lastPage) this.#dropIn(number, first, last, dropped);
    }
  }

  #dropIn(number: number, first: number, last: number, dropped: (position: Position) => void): void {
    const page = this.#pages.get(number);
    if (page === undefined) return;
    let held = 0;
    for (let slot = 0; slot < pageEntries; slot++) {
      const position = page[slot * 2] as number;
      if (position === 0) continue;
      const index = number * pageEntries + slot;
      if (index < first || index > last) {
        held++;
        continue;
      }
      page[slot * 2] = 0;
      this.#count--;
      dropped(position);
    }
    if (held > 0) return;
    this.#pages.delete(number);
    this.#lastNumber = -1;
    this.#lastPage = undefined;
  }

  #page(number: number): Float64Array | undefined {
    if (number === this.#lastNumber) return this.#lastPage;
    const page = this.#pages.get(number);
    if (page === undefined) return undefined;
    this.#lastNumber = number;
    this.#lastPage = page;
    return page;
  }
}
