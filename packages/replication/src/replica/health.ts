import type { Clock } from '@quorate/core';

/**
 * Whether this replica is fit to lead. One whose disk or event loop stood still, or whose disk is full, leaves it to others
 * for a while: it neither leads nor campaigns, and goes on following as well as it can.
 */
export class Health {
  readonly #clock: Clock;
  readonly #electionTimeoutMs: number;
  #backOffUntilMs = Number.NEGATIVE_INFINITY;
  #retryAtMs = Number.NEGATIVE_INFINITY;
  #full = false;
  #retryMs: number;

  constructor(clock: Clock, electionTimeoutMs: number) {
    this.#clock = clock;
    this.#electionTimeoutMs = electionTimeoutMs;
    this.#retryMs = electionTimeoutMs / 2;
  }

  get full(): boolean {
    return this.#full;
  }

  /** It stood still until now. Others have had the time of an election; they get it once more. */
  stalled(): void {
    this.#backOffUntilMs = this.#clock.monotonicMs() + this.#electionTimeoutMs;
  }

  /** @returns whether that is news */
  becameFull(): boolean {
    const isNews = !this.#full;
    this.#full = true;
    // To look again costs one refused write where others lead, and an election where nobody does.
    this.#retryMs = isNews
      ? this.#electionTimeoutMs / 2
      : Math.min(this.#retryMs * 2, this.#electionTimeoutMs * 8);
    this.#retryAtMs = this.#clock.monotonicMs() + this.#retryMs;
    return isNews;
  }

  /** @returns whether that is news */
  hasRoom(): boolean {
    const isNews = this.#full;
    this.#full = false;
    return isNews;
  }

  /** Whether a write may be tried: there is room, or it is time to look. */
  get mayWrite(): boolean {
    return !this.#full || this.#clock.monotonicMs() >= this.#retryAtMs;
  }

  get mayCampaign(): boolean {
    return this.mayWrite && this.#clock.monotonicMs() >= this.#backOffUntilMs;
  }

  get unfit(): boolean {
    return this.#clock.monotonicMs() < this.#backOffUntilMs;
  }
}
