/**
 * The appends that are under way to one follower, oldest first: the last index of each and its payload bytes.
 *
 * A ring of numbers that grows to its limit, so that a leader of many groups pays for the windows that are used. All
 * operations are O(1) per append.
 */
export class InflightWindow {
  readonly #countMax: number;
  readonly #bytesMax: number;
  #indexes: number[] = [];
  #sizes: number[] = [];
  #start = 0;
  #count = 0;
  #bytes = 0;

  constructor(countMax: number, bytesMax: number) {
    this.#countMax = countMax;
    this.#bytesMax = bytesMax;
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether nothing more may leave. The append that reaches the limit of bytes may exceed it. */
  get full(): boolean {
    return this.#count >= this.#countMax || this.#bytes >= this.#bytesMax;
  }

  add(lastIndex: number, bytes: number): void {
    if (this.#count === this.#indexes.length) this.#grow();
    let slot = this.#start + this.#count;
    if (slot >= this.#indexes.length) slot -= this.#indexes.length;
    this.#indexes[slot] = lastIndex;
    this.#sizes[slot] = bytes;
    this.#count++;
    this.#bytes += bytes;
  }

  /** Forgets every append that ends at or before `index`. */
  freeTo(index: number): void {
    while (this.#count > 0 && (this.#indexes[this.#start] ?? 0) <= index) {
      this.#bytes -= this.#sizes[this.#start] ?? 0;
      this.#start = this.#start + 1 === this.#indexes.length ? 0 : this.#start + 1;
      this.#count--;
    }
  }

  clear(): void {
    this.#start = 0;
    this.#count = 0;
    this.#bytes = 0;
  }

  #grow(): void {
    const capacity = Math.min(this.#countMax, Math.max(4, this.#indexes.length * 2));
    const indexes = new Array<number>(capacity).fill(0);
    const sizes = new Array<number>(capacity).fill(0);
    for (let offset = 0; offset < this.#count; offset++) {
      const from = (this.#start + offset) % this.#indexes.length;
      indexes[offset] = this.#indexes[from] ?? 0;
      sizes[offset] = this.#sizes[from] ?? 0;
    }
    this.#indexes = indexes;
    this.#sizes = sizes;
    this.#start = 0;
  }
}
