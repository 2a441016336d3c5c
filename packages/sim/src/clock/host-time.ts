/** Wall time at the start of every run: 2026-01-01T00:00:00Z. */
const wallOriginMs = 1_767_225_600_000;

/**
 * How time passes on one host, which its programs' clocks read: fast or slow, and with a wall clock that somebody set.
 *
 * Local time is a line through true time that gets a new slope when the drift changes; it never goes back.
 */
export class HostTime {
  #rate = 1;
  #sinceUs = 0;
  #localUs = 0;
  #wallOffsetMs = 0;

  /** How many local microseconds pass in a true one. */
  get rate(): number {
    return this.#rate;
  }

  localUs(nowUs: number): number {
    return this.#localUs + (nowUs - this.#sinceUs) * this.#rate;
  }

  wallMs(nowUs: number): number {
    return wallOriginMs + this.#wallOffsetMs + this.localUs(nowUs) / 1000;
  }

  setRate(nowUs: number, rate: number): void {
    this.#localUs = this.localUs(nowUs);
    this.#sinceUs = nowUs;
    this.#rate = rate;
  }

  /** Sets the wall clock forward, or back. */
  stepWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }
}
