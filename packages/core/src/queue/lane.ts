import { Fifo } from './fifo.ts';
import { Heap } from './heap.ts';
import type { QueuedMessage } from './queued-message.ts';

/** With fewer left behind than this it is not worth moving anything. */
const goneMin = 64;

/**
 * The waiting messages of one lane, those that have been ready for longest first. What is ready when it comes is nearly all there
 * is, and comes in order; the rest, delayed or come back, stands in a heap beside it.
 *
 * A message that is taken out of the middle is left behind and passed over; half of them at most.
 */
export class Lane {
  readonly #inOrder = new Fifo<QueuedMessage>();
  readonly #others = new Heap<QueuedMessage>(isBefore);
  #lastInOrder: QueuedMessage | undefined;
  #goneCount = 0;

  add(message: QueuedMessage, nowMs: number): void {
    const last = this.#inOrder.size === 0 ? undefined : this.#lastInOrder;
    if (message.readyAtMs <= nowMs && (last === undefined || isBefore(last, message))) {
      this.#inOrder.add(message);
      this.#lastInOrder = message;
    } else this.#others.add(message);
  }

  /** The first, ready or not. */
  first(): QueuedMessage | undefined {
    while (this.#inOrder.first()?.where === 'gone') {
      this.#inOrder.takeFirst();
      this.#goneCount--;
    }
    while (this.#others.first()?.where === 'gone') {
      this.#others.takeFirst();
      this.#goneCount--;
    }
    const one = this.#inOrder.first();
    const other = this.#others.first();
    if (one === undefined || other === undefined) return one ?? other;
    return isBefore(one, other) ? one : other;
  }

  takeFirst(): QueuedMessage | undefined {
    const first = this.first();
    if (first === undefined) return undefined;
    return first === this.#inOrder.first() ? this.#inOrder.takeFirst() : this.#others.takeFirst();
  }

  /** One that waits here is `gone` now. */
  noteGone(): void {
    this.#goneCount++;
    if (this.#goneCount < goneMin || this.#goneCount * 2 < this.#inOrder.size + this.#others.size) return;
    this.#inOrder.keep(isThere);
    this.#others.keep(isThere);
    this.#goneCount = 0;
  }
}

/** In which order messages of a lane are leased. */
function isBefore(one: QueuedMessage, other: QueuedMessage): boolean {
  return one.readyAtMs === other.readyAtMs ? one.turn < other.turn : one.readyAtMs < other.readyAtMs;
}

function isThere({ where }: QueuedMessage): boolean {
  return where !== 'gone';
}
