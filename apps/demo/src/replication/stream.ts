import { type Random, sleep } from '@quorate/core';
import { Caller, type CallerSeams } from './caller.ts';

export const callerCount = 8;
/** Those that take the first answer, and leave open what it does not say. */
const impatient = 2;
const hotKeys = 12;
const readsPercent = 40;
const hotPercent = 60;
/** How long a call that is under way may go on when the stream is stopped. */
const graceMs = 5000;

/**
 * Clients that write and read without a pause, by HTTP, through whichever replica answers.
 *
 * A few keys are everybody's, so that calls on them overlap; the others are written once each, so that every acknowledged
 * write of them must be found for ever. Every value is written once in a run.
 */
export class Stream {
  readonly callers: readonly Caller[];
  readonly #seams: CallerSeams;
  readonly #keys: readonly string[];
  readonly #lanes: Promise<void>[];
  /** Operations per second, of all together. */
  readonly #rate: number;
  #next = hotKeys;
  #values = 0;
  #endsAtMs = Number.POSITIVE_INFINITY;

  constructor(keys: readonly string[], seams: CallerSeams, random: Random, rate: number) {
    this.#seams = seams;
    this.#rate = rate;
    this.#keys = keys;
    this.callers = Array.from(
      { length: callerCount },
      (_, index) =>
        new Caller(`client-${index + 1}`, seams, random.fork(`caller-${index}`), index >= impatient),
    );
    this.#lanes = this.callers.map((caller, index) => this.#run(caller, random.fork(`stream-${index}`)));
  }

  get retried(): number {
    return this.callers.reduce((sum, caller) => sum + caller.retried, 0);
  }

  /** Begins nothing more, and waits for what is under way; what has no answer by then stays open. */
  async stop(patienceMs = graceMs): Promise<void> {
    this.#endsAtMs = this.#seams.clock.monotonicMs() + patienceMs;
    await Promise.all(this.#lanes);
  }

  async #run(caller: Caller, random: Random): Promise<void> {
    const { clock } = this.#seams;
    const giveUpAtMs = (): number => this.#endsAtMs;
    let dueMs = clock.monotonicMs();
    while (this.#endsAtMs === Number.POSITIVE_INFINITY) {
      const isRead = random.below(100) < readsPercent;
      const isHot = random.below(100) < hotPercent;
      if (isRead)
        await caller.get(
          this.#anyKey(isHot, random),
          random.below(2) === 0 ? 'linearizable' : 'follower',
          giveUpAtMs,
        );
      else {
        const key = isHot ? this.#anyKey(true, random) : this.#freshKey();
        await caller.put(key, `${key}#${++this.#values}`, giveUpAtMs);
      }
      const nowMs = clock.monotonicMs();
      dueMs = Math.max(dueMs + (1000 * callerCount) / this.#rate, nowMs);
      await sleep(clock, Math.min(dueMs - nowMs, 1000));
    }
  }

  /** A key that everybody writes, or one that was written once. */
  #anyKey(isHot: boolean, random: Random): string {
    const most = Math.min(isHot ? hotKeys : this.#next, this.#keys.length);
    return this.#keys[random.below(most)] ?? '';
  }

  #freshKey(): string {
    return this.#keys[this.#next++ % this.#keys.length] ?? '';
  }
}
