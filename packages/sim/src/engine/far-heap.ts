/**
 * Places by time, and by their order among equals: a heap in which each node has four children, so that there are fewer steps
 * to go down and the four stand in one line of the cache. `push` and `pop` are O(log n).
 */
export class FarHeap {
  #times: Float64Array = new Float64Array(64);
  #orders: Float64Array = new Float64Array(64);
  #places: Int32Array = new Int32Array(64);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Of the first; only where there is one. */
  get firstAtUs(): number {
    return this.#times[0] as number;
  }

  push(atUs: number, order: number, place: number): void {
    let hole = this.#size++;
    if (hole === this.#times.length) this.#grow();
    const times = this.#times;
    const orders = this.#orders;
    const places = this.#places;
    while (hole > 0) {
      const parent = (hole - 1) >> 2;
      const parentTime = times[parent] as number;
      if (parentTime < atUs || (parentTime === atUs && (orders[parent] as number) < order)) break;
      times[hole] = parentTime;
      orders[hole] = orders[parent] as number;
      places[hole] = places[parent] as number;
      hole = parent;
    }
    times[hole] = atUs;
    orders[hole] = order;
    places[hole] = place;
  }

  /** Takes the first out, and says which place it was. Only where there is one. */
  pop(): number {
    const place = this.#places[0] as number;
    const last = --this.#size;
    if (last > 0) this.#sink(0, last);
    return place;
  }

  /** Keeps only those that `keeps` wants. O(n). */
  filter(keeps: (place: number) => boolean): void {
    let kept = 0;
    for (let index = 0; index < this.#size; index++) {
      if (!keeps(this.#places[index] as number)) continue;
      this.#times[kept] = this.#times[index] as number;
      this.#orders[kept] = this.#orders[index] as number;
      this.#places[kept++] = this.#places[index] as number;
    }
    this.#size = kept;
    for (let index = (kept - 2) >> 2; index >= 0; index--) this.#sink(index, index);
  }

  /** Lets the entry at `source` sink from the hole at `from`. */
  #sink(from: number, source: number): void {
    const times = this.#times;
    const orders = this.#orders;
    const places = this.#places;
    const size = this.#size;
    const atUs = times[source] as number;
    const order = orders[source] as number;
    const place = places[source] as number;
    let hole = from;
    for (let first = 4 * hole + 1; first < size; first = 4 * hole + 1) {
      const end = first + 4 < size ? first + 4 : size;
      let child = first;
      let childTime = times[first] as number;
      for (let other = first + 1; other < end; other++) {
        const otherTime = times[other] as number;
        if (otherTime > childTime) continue;
        if (otherTime === childTime && (orders[other] as number) > (orders[child] as number)) continue;
        child = other;
        childTime = otherTime;
      }
      if (atUs < childTime || (atUs === childTime && order < (orders[child] as number))) break;
      times[hole] = childTime;
      orders[hole] = orders[child] as number;
      places[hole] = places[child] as number;
      hole = child;
    }
    times[hole] = atUs;
    orders[hole] = order;
    places[hole] = place;
  }

  #grow(): void {
    const length = this.#times.length * 2;
    const times = new Float64Array(length);
    const orders = new Float64Array(length);
    const places = new Int32Array(length);
    times.set(this.#times);
    orders.set(this.#orders);
    places.set(this.#places);
    this.#times = times;
    this.#orders = orders;
    this.#places = places;
  }
}
