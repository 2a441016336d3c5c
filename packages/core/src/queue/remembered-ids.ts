import type { MessageId } from '../ids.ts';
import { MostlyOrdered } from './mostly-ordered.ts';
import type { RememberedId } from './partition-image.ts';

/** Ids of a queue that are remembered until one time: nearly always those that came together. */
interface Remembered {
  readonly queue: string;
  readonly untilMs: number;
  readonly ids: MessageId[];
}

/** Ids of messages that may be gone, by queue, each until its time. */
export class RememberedIds {
  readonly #queues = new Map<string, Map<MessageId, Remembered>>();
  readonly #expiries = new MostlyOrdered<Remembered>((one, other) => one.untilMs < other.untilMs);
  #last: Remembered | undefined;

  get size(): number {
    return this.#queues.size;
  }

  has(queue: string, id: MessageId): boolean {
    return this.#queues.get(queue)?.has(id) === true;
  }

  /** Takes in an id that it does not have. */
  add(queue: string, id: MessageId, untilMs: number): void {
    let together = this.#last;
    if (together === undefined || together.queue !== queue || together.untilMs !== untilMs) {
      this.#last = together = { queue, untilMs, ids: [] };
      this.#expiries.add(together);
    }
    together.ids.push(id);
    let ids = this.#queues.get(queue);
    if (ids === undefined) this.#queues.set(queue, (ids = new Map<MessageId, Remembered>()));
    ids.set(id, together);
  }

  *[Symbol.iterator](): IterableIterator<RememberedId> {
    for (const [queue, ids] of this.#queues) {
      for (const [id, { untilMs }] of ids) yield { queue, id, untilMs };
    }
  }

  expire(nowMs: number): void {
    for (let first = this.#expiries.first(); first !== undefined && first.untilMs <= nowMs; ) {
      this.#expiries.takeFirst();
      if (first === this.#last) this.#last = undefined;
      this.#forget(first);
      first = this.#expiries.first();
    }
  }

  #forget({ queue, ids }: Remembered): void {
    const known = this.#queues.get(queue);
    if (known === undefined) return;
    for (const id of ids) known.delete(id);
    if (known.size === 0) this.#queues.delete(queue);
  }
}
