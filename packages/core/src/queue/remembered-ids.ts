import type { MessageId } from '../ids.ts';
import { Heap } from './heap.ts';
import type { RememberedId } from './partition-image.ts';

/** Ids of messages that may be gone, by queue, each until its time. */
export class RememberedIds {
  readonly #untilMs = new Map<string, number>();
  readonly #expiries = new Heap<{ readonly atMs: number; readonly name: string }>(
    (one, other) => one.atMs < other.atMs,
  );

  get size(): number {
    return this.#untilMs.size;
  }

  has(queue: string, id: MessageId): boolean {
    return this.#untilMs.size > 0 && this.#untilMs.has(nameOf(queue, id));
  }

  add(queue: string, id: MessageId, untilMs: number): void {
    const name = nameOf(queue, id);
    this.#untilMs.set(name, untilMs);
    this.#expiries.add({ atMs: untilMs, name });
  }

  *[Symbol.iterator](): IterableIterator<RememberedId> {
    for (const [name, untilMs] of this.#untilMs) {
      const end = name.indexOf('\0');
      yield { queue: name.slice(0, end), id: name.slice(end + 1) as MessageId, untilMs };
    }
  }

  expire(nowMs: number): void {
    for (let first = this.#expiries.first(); first !== undefined && first.atMs <= nowMs; ) {
      this.#expiries.takeFirst();
      this.#untilMs.delete(first.name);
      first = this.#expiries.first();
    }
  }
}

/** No queue's name holds a NUL. */
function nameOf(queue: string, id: MessageId): string {
  return `${queue}\0${id}`;
}
