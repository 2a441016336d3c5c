import { FarHeap } from './far-heap.ts';
import type { Lane } from './lane.ts';

/** Something that happens once at a simulated time. Subclasses say what; the queue only knows when. */
export abstract class QueueEvent {
  /** Set by whoever gives the event up; the queue then forgets it when it likes. */
  cancelled: boolean = false;
  /** Whose event it is: it waits while that host is paused. */
  lane: Lane;

  constructor(lane: Lane) {
    this.lane = lane;
  }

  /** Lets it happen. Returns false where it turned out to be nobody's: then it does not count. */
  abstract run(): boolean;
}

/** How many events stand in the sorted list before the others. */
const nearMax = 64;

/**
 * Events by time, and by the order of the calls among equals.
 *
 * The next few stand in a sorted list, the others in a heap behind it. Most events come soon after they were pushed, such as the
 * arrival of a message: they move a few entries of the list and never see the heap, whose comparisons a processor cannot
 * foresee. Events stay at the place where they were put; what is sorted are numbers in typed arrays. `push` and `pop` are
 * O(log n), and allocate nothing unless the queue grows.
 */
export class EventQueue {
  /** Descending: the next event stands at the end. None is after one of the heap. */
  readonly #nearTimes: Float64Array = new Float64Array(nearMax);
  readonly #nearPlaces: Int32Array = new Int32Array(nearMax);
  #nearSize = 0;
  readonly #far: FarHeap = new FarHeap();
  /** By place. */
  readonly #events: (QueueEvent | undefined)[] = [];
  readonly #free: number[] = [];
  /** Orders of events in the heap: what is pushed counts up; what the list moves there came before all of it and counts down. */
  #lastOrder = 0;
  #firstOrder = 0;
  #cancelled = 0;
  #poppedAtUs = 0;

  get size(): number {
    return this.#nearSize + this.#far.size;
  }

  /** The time of the event that {@link pop} gave last. */
  get poppedAtUs(): number {
    return this.#poppedAtUs;
  }

  push(atUs: number, event: QueueEvent): void {
    const place = this.#place(event);
    if (this.#nearSize === nearMax) this.#spill();
    const times = this.#nearTimes;
    const places = this.#nearPlaces;
    let hole = this.#nearSize;
    if (this.#far.size > 0 && (hole === 0 || atUs >= (times[0] as number))) {
      this.#far.push(atUs, ++this.#lastOrder, place);
      return;
    }
    // The newest of equals comes last.
    while (hole > 0) {
      const time = times[hole - 1] as number;
      if (time > atUs) break;
      times[hole] = time;
      places[hole] = places[hole - 1] as number;
      hole--;
    }
    times[hole] = atUs;
    places[hole] = place;
    this.#nearSize++;
  }

  /** Puts an event before all others, those of its own instant included. None may be due before `atUs`. */
  pushFirst(atUs: number, event: QueueEvent): void {
    if (this.#nearSize === nearMax) this.#spill();
    this.#nearTimes[this.#nearSize] = atUs;
    this.#nearPlaces[this.#nearSize++] = this.#place(event);
  }

  /** Takes the first event out. Undefined when empty. */
  pop(): QueueEvent | undefined {
    if (this.#nearSize === 0) this.#refill();
    if (this.#nearSize === 0) return undefined;
    const near = --this.#nearSize;
    const place = this.#nearPlaces[near] as number;
    this.#poppedAtUs = this.#nearTimes[near] as number;
    const event = this.#events[place];
    this.#events[place] = undefined;
    this.#free.push(place);
    return event;
  }

  /** Tells that an event was cancelled. Once more than half are, they are swept out, so that they hold no memory. */
  noteCancelled(): void {
    if (++this.#cancelled < 1024 || this.#cancelled * 2 < this.size) return;
    this.#cancelled = 0;
    this.#far.filter(place => {
      if (this.#events[place]?.cancelled !== true) return true;
      this.#events[place] = undefined;
      this.#free.push(place);
      return false;
    });
  }

  #place(event: QueueEvent): number {
    const place = this.#free.pop() ?? this.#events.length;
    this.#events[place] = event;
    return place;
  }

  /** Moves the later half of the list to the heap, the last of it first. */
  #spill(): void {
    const half = nearMax / 2;
    for (let index = 0; index < half; index++) {
      const place = this.#nearPlaces[index] as number;
      this.#far.push(this.#nearTimes[index] as number, --this.#firstOrder, place);
    }
    this.#nearTimes.copyWithin(0, half);
    this.#nearPlaces.copyWithin(0, half);
    this.#nearSize = nearMax - half;
  }

  /** Moves the first of the heap to the list, which is empty. */
  #refill(): void {
    const count = Math.min(nearMax / 2, this.#far.size);
    for (let index = count - 1; index >= 0; index--) {
      this.#nearTimes[index] = this.#far.firstAtUs;
      this.#nearPlaces[index] = this.#far.pop();
    }
    this.#nearSize = count;
  }
}
