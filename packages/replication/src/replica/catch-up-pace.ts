import type { Clock } from '@quorate/core';

const mebi = 1024 * 1024;
/** Where a pace begins, in bytes a second. */
const firstSpeed = 3 * mebi;
/** Above this nothing is held back. */
const speedMax = 256 * mebi;
/** What a turn in time adds, bytes a second, and what is left after one that came late. */
const speedStep = 0x4000;
const lateFactor = 0.75;
/** A timer that fires later than this shows that processors are wanting, or that this thread was held up. */
const lateMsMin = 4;
/** The least that is made up for, beside what is written meanwhile, and after what time it doubles. */
const leastSpeed = 1.5 * mebi;
const doublesMs = 20_000;
/** Who was not heard of for so long begins anew. */
const forgetMs = 5000;
/** Over this time at least it is measured how fast the log grows. */
const growthMs = 250;

/**
 * How fast one follower is brought up to date while others write: as fast as the leader's thread has turns in time, by additive
 * increase and multiplicative decrease (Chiu and Jain 1989), which shares processors that are not known to be anybody's.
 *
 * It ends whatever is written: the log's own growth comes on top of a least speed, which doubles again and again.
 */
export class CatchUpPace {
  readonly #clock: Clock;
  #speed = firstSpeed;
  #begunMs: number;
  #paidMs: number;
  /** When the next may leave. */
  #dueMs: number;
  #growth = 0;
  #grownFrom: { readonly last: number; readonly ms: number } | undefined;
  #entryBytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#begunMs = this.#paidMs = this.#dueMs = clock.monotonicMs();
  }

  /** Bytes a second. */
  get speed(): number {
    const doublings = Math.min(16, (this.#clock.monotonicMs() - this.#begunMs) / doublesMs);
    return Math.max(this.#speed, leastSpeed * 2 ** doublings + this.#growth);
  }

  /** How long the next has to wait, ms; 0 where it need not. */
  get waitMs(): number {
    const { speed } = this;
    return speed >= speedMax ? 0 : Math.max(0, this.#dueMs - this.#clock.monotonicMs());
  }

  /** So much has left. */
  paid(byteCount: number): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#paidMs > forgetMs) {
      this.#begunMs = nowMs;
      this.#speed = firstSpeed;
    }
    this.#paidMs = nowMs;
    this.#dueMs = Math.max(this.#dueMs, nowMs) + (byteCount / this.speed) * 1000;
  }

  /** The log ends at `last`, of which so many entries with so many bytes have left. */
  grown(last: number, sentCount: number, sentBytes: number): void {
    const nowMs = this.#clock.monotonicMs();
    if (sentCount > 0) this.#entryBytes = sentBytes / sentCount;
    const from = this.#grownFrom;
    if (from !== undefined && nowMs - from.ms < growthMs) return;
    if (from !== undefined && nowMs - from.ms < forgetMs) {
      this.#growth = ((last - from.last) * this.#entryBytes * 1000) / (nowMs - from.ms);
    }
    this.#grownFrom = { last, ms: nowMs };
  }

  /** A timer of this thread fired so late. */
  fired(lateMs: number): void {
    if (lateMs >= lateMsMin) this.#speed = Math.max(leastSpeed, this.#speed * lateFactor);
    else this.#speed = Math.min(speedMax, this.#speed + speedStep);
  }
}
