import type { Position } from './format/position.ts';

/** Entries of a whole page, which takes 4 KiB. */
const pageEntries = 256;

/** Entries of a group's first page to begin with: most of many groups have few. */
const leastEntries = 8;

/** Neighbouring entries: position and term by turns, a position of 0 where there is no entry. */
interface Page {
  /** The index of the first, a multiple of how many there is room for. */
  readonly first: number;
  readonly size: number;
  readonly cells: Float64Array;
}

const noPage: Page = { first: 0, size: 0, cells: new Float64Array(0) };

/**
 * Where each entry of a group stands, and its term: 16 bytes an entry in pages of typed arrays. A group's first page begins
 * with 128 bytes and doubles as it is needed. Recovery may fill it in any order. All calls but {@link drop} are O(1).
 */
export class EntryIndex {
  readonly #pages = new Map<number, Page>();
  /** The page that was used last: the next entry is mostly there. */
  #last: Page = noPage;
  #count = 0;

  /** How many entries are there. */
  get count(): number {
    return this.#count;
  }

  /** The position of an entry, 0 if it is not there. */
  position(index: number): Position {
    const page = this.#pageOf(index);
    return page === undefined ? 0 : (page.cells[(index - page.first) * 2] as number);
  }

  /** The term of an entry that is there. */
  term(index: number): number | undefined {
    const page = this.#pageOf(index);
    if (page === undefined) return undefined;
    const at = (index - page.first) * 2;
    return page.cells[at] === 0 ? undefined : page.cells[at + 1];
  }

  set(index: number, position: Position, term: number): void {
    let page = this.#last;
    let slot = index - page.first;
    if (slot < 0 || slot >= page.size) {
      page = this.#pageOf(index) ?? this.#makePage(index);
      slot = index - page.first;
    }
    const { cells } = page;
    if (cells[slot * 2] === 0) this.#count++;
    cells[slot * 2] = position;
    cells[slot * 2 + 1] = term;
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
    for (let at = 0; at < page.cells.length; at += 2) {
      const position = page.cells[at] as number;
      if (position === 0) continue;
      const index = page.first + at / 2;
      if (index < first || index > last) {
        held++;
        continue;
      }
      page.cells[at] = 0;
      this.#count--;
      dropped(position);
    }
    if (held > 0) return;
    this.#pages.delete(number);
    this.#last = noPage;
  }

  #pageOf(index: number): Page | undefined {
    const last = this.#last;
    if (index >= last.first && index < last.first + last.size) return last;
    const page = this.#pages.get(Math.floor(index / pageEntries));
    if (page === undefined || index < page.first || index >= page.first + page.size) return undefined;
    this.#last = page;
    return page;
  }

  /** A page with room for an entry, what was there included. Who has one page will want whole ones. */
  #makePage(index: number): Page {
    const number = Math.floor(index / pageEntries);
    const before = this.#pages.get(number);
    let size = before === undefined ? leastEntries : before.size;
    const other = before?.first ?? index;
    while (size < pageEntries && Math.floor(other / size) !== Math.floor(index / size)) size *= 2;
    if (before === undefined && this.#pages.size > 0) size = pageEntries;
    const first = Math.floor(index / size) * size;
    const cells = new Float64Array(size * 2);
    if (before !== undefined) cells.set(before.cells, (before.first - first) * 2);
    const page = { first, size, cells };
    this.#pages.set(number, page);
    this.#last = page;
    return page;
  }
}
