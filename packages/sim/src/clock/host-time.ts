/** Wall time at the start of every run: 2026-01-01T00:00:00Z. */
const wallOriginMs = 1_767_225_600_000;

/** A straight part of a host's local time: from when, how late it was there then, and local microseconds in a true one. */
export interface Pace {
  readonly sinceUs: number;
  readonly localUs: number;
  readonly rate: number;
}

/**
 * How time passes on one host, which its programs' clocks read: fast or slow, and with a wall clock that somebody set.
 *
 * Local time is a line through true time that gets a new slope when the drift changes; it never goes back.
 */
export class HostTime {
  #pace: Pace = { sinceUs: 0, localUs: 0, rate: 1 };
  #wallOffsetMs = 0;

  /** Another object after each change. */
  get pace(): Pace {
    return this.#pace;
  }

  localUs(nowUs: number): number {
    return localUs(this.#pace, nowUs);
  }

  /** When it is as late as it would have been at `atUs` under an earlier pace, in whole microseconds, rounded up. */
  atUs(earlier: Pace, atUs: number): number {
    const pace = this.#pace;
    return pace.sinceUs + Math.ceil((localUs(earlier, atUs) - pace.localUs) / pace.rate);
  }

  wallMs(nowUs: number): number {
    return wallOriginMs + this.#wallOffsetMs + this.localUs(nowUs) / 1000;
  }

  setRate(nowUs: number, rate: number): void {
    this.#pace = { sinceUs: nowUs, localUs: this.localUs(nowUs), rate };
  }

  /** Sets the wall clock forward, or back. */
  stepWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }
}

function localUs(pace: Pace, nowUs: number): number {
  return pace.localUs + (nowUs - pace.sinceUs) * pace.rate;
}
