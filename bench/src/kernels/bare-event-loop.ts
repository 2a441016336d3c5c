/** Something that happens at a time; of equal times, what was planned first comes first. */
interface Planned {
  readonly atUs: number;
  readonly order: number;
  readonly happen: () => void;
}

/**
 * The least that a simulator is: a binary heap of what will happen, and a loop that lets it. No faults, no trace, no promises,
 * nothing that could be replayed.
 */
export class BareEventLoop {
  nowUs = 0;
  events = 0;
  readonly #heap: Planned[] = [];

  after(delayUs: number, happen: () => void): void {
    // What has happened and what will is everything that was ever planned.
    const order = this.events + this.#heap.length;
    this.#push({ atUs: this.nowUs + delayUs, order, happen });
  }

  /** Lets happen what is planned for before `endUs`. */
  runUntil(endUs: number): void {
    for (let next = this.#heap[0]; next !== undefined && next.atUs < endUs; next = this.#heap[0]) {
      this.#pop();
      this.nowUs = next.atUs;
      this.events++;
      next.happen();
    }
  }

  #push(planned: Planned): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(planned);
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = heap[parentAt] as Planned;
      if (!isBefore(planned, parent)) break;
      heap[at] = parent;
      at = parentAt;
    }
    heap[at] = planned;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Planned;
    const size = heap.length;
    if (size === 0) return;
    let at = 0;
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && isBefore(heap[child + 1] as Planned, heap[child] as Planned)) child++;
      const lower = heap[child] as Planned;
      if (!isBefore(lower, last)) break;
      heap[at] = lower;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(one: Planned, other: Planned): boolean {
  return one.atUs < other.atUs || (one.atUs === other.atUs && one.order < other.order);
}
