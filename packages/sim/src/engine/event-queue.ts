import type { Lane } from './lane.ts';

/** Something that happens once at a simulated time. Subclasses say what; the queue only knows when. */
export abstract class QueueEvent {
  /** Set by whoever gives the event up; the queue then forgets it when it likes. */
  cancelled: boolean = false;
  /** Whose event it is: it waits while that host is paused. */
  readonly lane: Lane;

  constructor(lane: Lane) {
    this.lane = lane;
  }

  /** Lets it happen. Returns false where it turned out to be nobody's: then it does not count. */
  abstract run(): boolean;
}

/**
 * A binary heap of events by time, and by the order of the calls among equals.
 *
 * Keys stand in typed arrays apart from the events, so that neither sifting nor growing allocates per event.
 * `push` and `pop` are O(log n).
 */
export class EventQueue {
  #times: Float64Array = new Float64Array(256);
  #orders: Float64Array = new Float64Array(256);
  readonly #events: QueueEvent[] = [];
  #size = 0;
  #order = 0;
  #cancelled = 0;
  #poppedAtUs = 0;

  get size(): number {
    return this.#size;
  }

  /** The time of the event that {@link pop} gave last. */
  get poppedAtUs(): number {
    return this.#poppedAtUs;
  }

  push(atUs: number, event: QueueEvent): void {
    let hole = this.#size++;
    if (hole === this.#times.length) this.#grow();
    const times = this.#times;
    const orders = this.#orders;
    const events = this.#events;
    // The newest of equals is the last of them, so times alone decide here.
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      const parentTime = times[parent] as number;
      if (parentTime <= atUs) break;
      times[hole] = parentTime;
      orders[hole] = orders[parent] as number;
      events[hole] = events[parent] as QueueEvent;
      hole = parent;
    }
    times[hole] = atUs;
    orders[hole] = this.#order++;
    events[hole] = event;
  }

  /** Takes the first event out. Undefined when empty. */
  pop(): QueueEvent | undefined {
    if (this.#size === 0) return undefined;
    const first = this.#events[0] as QueueEvent;
    this.#poppedAtUs = this.#times[0] as number;
    const last = --this.#size;
    const event = this.#events[last] as QueueEvent;
    this.#events.length = last;
    if (last > 0) this.#sink(0, this.#times[last] as number, this.#orders[last] as number, event);
    return first;
  }

  /** Tells that an event was cancelled. Once more than half are, they are swept out, so that they hold no memory. */
  noteCancelled(): void {
    if (++this.#cancelled < 1024 || this.#cancelled * 2 < this.#size) return;
    this.#cancelled = 0;
    let kept = 0;
    for (let index = 0; index < this.#size; index++) {
      const event = this.#events[index] as QueueEvent;
      if (event.cancelled) continue;
      this.#times[kept] = this.#times[index] as number;
      this.#orders[kept] = this.#orders[index] as number;
      this.#events[kept++] = event;
    }
    this.#events.length = kept;
    this.#size = kept;
    for (let index = (kept >> 1) - 1; index >= 0; index--) {
      const event = this.#events[index] as QueueEvent;
      this.#sink(index, this.#times[index] as number, this.#orders[index] as number, event);
    }
  }

  #sink(from: number, atUs: number, order: number, event: QueueEvent): void {
    const times = this.#times;
    const orders = this.#orders;
    const events = this.#events;
    const size = this.#size;
    let hole = from;
    for (let child = 2 * hole + 1; child < size; child = 2 * hole + 1) {
      let childTime = times[child] as number;
      const right = child + 1;
      if (right < size) {
        const rightTime = times[right] as number;
        if (
          rightTime < childTime ||
          (rightTime === childTime && (orders[right] as number) < (orders[child] as number))
        ) {
          child = right;
          childTime = rightTime;
        }
      }
      if (atUs < childTime || (atUs === childTime && order < (orders[child] as number))) break;
      times[hole] = childTime;
      orders[hole] = orders[child] as number;
      events[hole] = events[child] as QueueEvent;
      hole = child;
    }
    times[hole] = atUs;
    orders[hole] = order;
    events[hole] = event;
  }

  #grow(): void {
    const times = new Float64Array(this.#times.length * 2);
    const orders = new Float64Array(times.length);
    times.set(this.#times);
    orders.set(this.#orders);
    this.#times = times;
    this.#orders = orders;
  }
}
