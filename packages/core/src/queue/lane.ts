import { MostlyOrdered } from './mostly-ordered.ts';
import type { QueuedMessage } from './queued-message.ts';

/** With fewer left behind than this it is not worth moving anything. */
const goneMin = 64;

/**
 * The waiting messages of one lane, those that have been ready for longest first. What is ready when it comes is nearly all there
 * is, and comes in order.
 *
 * A message that is taken out of the middle is left behind and passed over; half of them at most.
 */
export class Lane {
  readonly #waiting = new MostlyOrdered<QueuedMessage>(isBefore);
  #goneCount = 0;

  add(message: QueuedMessage, nowMs: number): void {
    this.#waiting.add(message, message.readyAtMs > nowMs);
  }

  /** The first, ready or not. */
  first(): QueuedMessage | undefined {
    let first = this.#waiting.first();
    while (first?.where === 'gone') {
      this.#waiting.takeFirst();
      this.#goneCount--;
      first = this.#waiting.first();
    }
    return first;
  }

  /** Takes the first out where it is ready. */
  takeReady(nowMs: number): QueuedMessage | undefined {
    const first = this.first();
    return first !== undefined && first.readyAtMs <= nowMs ? this.#waiting.takeFirst() : undefined;
  }

  /** One that waits here is `gone` now. */
  noteGone(): void {
    this.#goneCount++;
    if (this.#goneCount < goneMin || this.#goneCount * 2 < this.#waiting.size) return;
    this.#waiting.keep(isThere);
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
