/** The last intervals, with their mean and their standard deviation, each in constant time. */
export class IntervalWindow {
  readonly #intervals: Float64Array;
  #count = 0;
  #next = 0;
  #sum = 0;
  #squares = 0;

  constructor(size: number) {
    this.#intervals = new Float64Array(size);
  }

  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }

  /** Of the intervals themselves, as of a whole population. */
  get deviation(): number {
    if (this.#count === 0) return 0;
    const { mean } = this;
    // Rounding can leave a little less than nothing.
    return Math.sqrt(Math.max(0, this.#squares / this.#count - mean * mean));
  }

  add(interval: number): void {
    const intervals = this.#intervals;
    if (this.#count === intervals.length) {
      const oldest = intervals[this.#next] as number;
      this.#sum -= oldest;
      this.#squares -= oldest * oldest;
    } else this.#count++;
    intervals[this.#next] = interval;
    this.#sum += interval;
    this.#squares += interval * interval;
    this.#next = (this.#next + 1) % intervals.length;
    if (this.#next === 0) this.#addUp();
  }

  /** Once a round the sums are made anew, so that rounding does not add up. */
  #addUp(): void {
    this.#sum = 0;
    this.#squares = 0;
    for (let at = 0; at < this.#count; at++) {
      const interval = this.#intervals[at] as number;
      this.#sum += interval;
      this.#squares += interval * interval;
    }
  }
}
