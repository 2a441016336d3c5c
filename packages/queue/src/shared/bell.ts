import { type ParkResult, park } from '@quorate/threads';
import { peek } from './plain-words.ts';

/** In a bell's flags: somebody may be asleep; nothing more will come. */
const [asleep, closed] = [1, 2];

/**
 * What threads sleep on until something has changed that they look for, without a system call where nobody sleeps (as in the
 * Disruptor's lite blocking wait strategy).
 *
 * Who waits: `arm`, look, `park`. Who changes something: change it, `ring`. Either the one who waits sees the change, or the
 * one who rings sees that somebody is about to sleep.
 */
export class Bell {
  readonly words: Int32Array;
  /** The word that sleepers park on: it changes at each ring that somebody may have heard. */
  readonly event: number;
  readonly #flags: number;

  /** @param index of two words, flags and event */
  constructor(words: Int32Array, index: number) {
    this.words = words;
    this.#flags = index;
    this.event = index + 1;
  }

  /** Says that this thread is about to sleep. It has to look once more before it does. */
  arm(): number {
    const seen = Atomics.load(this.words, this.event);
    Atomics.or(this.words, this.#flags, asleep);
    return seen;
  }

  /** Sleeps, blocking, unless it rang since `seen`. */
  park(seen: number, deadlineMs: number): ParkResult {
    return park(this.words, this.event, seen, { deadlineMs });
  }

  /**
   * Wakes up to `count` sleepers. Somebody else who rings in the middle of it wakes nobody, so who was woken and found what
   * it looked for has to ring for what is left.
   *
   * @returns whether it is closed
   */
  ring(count: number): boolean {
    const flags = Atomics.load(this.words, this.#flags);
    if (flags === 0) return false;
    if ((flags & asleep) !== 0) this.#wake(count);
    return (flags & closed) !== 0;
  }

  /** Wakes all, whoever died while it rang. */
  alarm(): void {
    this.#wake(Number.POSITIVE_INFINITY);
  }

  /** Says that nothing more will come, and wakes all. */
  close(): void {
    Atomics.or(this.words, this.#flags, closed);
    this.alarm();
  }

  get isClosed(): boolean {
    return (Atomics.load(this.words, this.#flags) & closed) !== 0;
  }

  /** The same, perhaps a moment late. */
  get looksClosed(): boolean {
    return (peek(this.words, this.#flags) & closed) !== 0;
  }

  #wake(count: number): void {
    Atomics.and(this.words, this.#flags, ~asleep);
    Atomics.add(this.words, this.event, 1);
    // There may be more of them.
    if (Atomics.notify(this.words, this.event, count) > 0) Atomics.or(this.words, this.#flags, asleep);
  }
}
