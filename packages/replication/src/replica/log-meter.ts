import type { LogIndex } from '@quorate/core';

/** Marks are set this far apart. */
const markBytes = 0x1_0000;

/** How many bytes of log lie behind an index, for what is kept by size. Exact to about 64 KiB. */
export class LogMeter {
  #indexes: number[] = [];
  /** What had been counted up to each mark. */
  #totals: number[] = [];
  #total = 0;
  #last = 0;

  get total(): number {
    return this.#total;
  }

  /** Everything up to `index` is counted, `byteCount` more than before. */
  add(index: number, byteCount: number): void {
    this.#total += byteCount;
    this.#last = index;
    if (this.#total - (this.#totals.at(-1) ?? 0) < markBytes) return;
    this.#indexes.push(index);
    this.#totals.push(this.#total);
  }

  /** The highest mark with at least `byteCount` behind it; 0 where so much was never counted. */
  indexBefore(byteCount: number): LogIndex {
    if (byteCount === 0) return this.#last as LogIndex;
    const least = this.#total - byteCount;
    let low = 0;
    let high = this.#totals.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#totals[middle] as number) <= least) low = middle + 1;
      else high = middle;
    }
    return (this.#indexes[low - 1] ?? 0) as LogIndex;
  }

  /** Nobody asks any more about what lies before `index`. */
  forgetBefore(index: number): void {
    const at = this.#indexes.findIndex(mark => mark >= index);
    const count = at === -1 ? this.#indexes.length : at;
    if (count < 64) return;
    this.#indexes.splice(0, count);
    this.#totals.splice(0, count);
  }
}
