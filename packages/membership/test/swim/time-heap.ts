/** What happens at a time, at a place. */
export interface TimedEvent<What> {
  readonly timeMs: number;
  readonly order: number;
  readonly place: number;
  readonly what: What;
}

/** A binary heap by time; what was put in first comes first among equals. */
export class TimeHeap<What> {
  readonly #heap: TimedEvent<What>[] = [];
  #order = 0;

  push(timeMs: number, place: number, what: What): void {
    const heap = this.#heap;
    const event = { timeMs, order: this.#order++, place, what };
    let at = heap.length;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up] as TimedEvent<What>;
      if (!isBefore(event, parent)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = event;
  }

  /** The next event at or before `endMs`, taken out. */
  popBefore(endMs: number): TimedEvent<What> | undefined {
    const heap = this.#heap;
    const first = heap[0];
    if (first === undefined || first.timeMs > endMs) return undefined;
    const last = heap.pop() as TimedEvent<What>;
    if (heap.length > 0) this.#sink(last);
    return first;
  }

  #sink(event: TimedEvent<What>): void {
    const heap = this.#heap;
    let at = 0;
    for (let down = 1; down < heap.length; down = 2 * at + 1) {
      if (
        down + 1 < heap.length &&
        isBefore(heap[down + 1] as TimedEvent<What>, heap[down] as TimedEvent<What>)
      )
        down++;
      const child = heap[down] as TimedEvent<What>;
      if (!isBefore(child, event)) break;
      heap[at] = child;
      at = down;
    }
    heap[at] = event;
  }
}

function isBefore(one: TimedEvent<unknown>, other: TimedEvent<unknown>): boolean {
  return one.timeMs < other.timeMs || (one.timeMs === other.timeMs && one.order < other.order);
}
