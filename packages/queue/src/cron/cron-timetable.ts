import type { CronExpression } from './cron-expression.ts';
import type { TimeZone } from './time-zone.ts';

const secondMs = 1000;
const dayMs = 86_400_000;

/** Between two looks at a zone's offset; changes that undo each other within it are not seen. */
const lookMs = dayMs / 4;

/** A cron expression in a time zone: at which times it comes. */
export class CronTimetable {
  readonly #expression: CronExpression;
  readonly #zone: TimeZone;

  constructor(expression: CronExpression, zone: TimeZone) {
    this.#expression = expression;
    this.#zone = zone;
  }

  /**
   * The first time after `afterMs`; undefined where none comes.
   *
   * Where clocks are set forward, times of day that are left out come together at the moment of the change. Where they are set back,
   * times of day that come twice count the first time. An expression whose hours begin with `*` means intervals instead: nothing
   * stands for what is left out, and what comes twice counts twice (as in Vixie's cron).
   */
  next(afterMs: number): number | undefined {
    let atMs = (Math.floor(afterMs / secondMs) + 1) * secondMs;
    for (;;) {
      if (this.#standsForGap(atMs)) return atMs;
      const offsetMs = this.#zone.offsetMs(atMs);
      const localMs = this.#expression.nextLocal(atMs + offsetMs);
      if (localMs === undefined) return undefined;
      const foundMs = localMs - offsetMs;
      if (foundMs - atMs > 3 * dayMs) {
        // Nothing that happens to the clocks before moves it by more than a day.
        atMs = foundMs - 2 * dayMs;
        continue;
      }
      const changeMs = this.#changeWithin(atMs, foundMs);
      if (changeMs !== undefined) atMs = changeMs;
      else if (this.#isSecondTime(foundMs)) atMs = foundMs + secondMs;
      else return foundMs;
    }
  }

  /** Whether clocks are set forward at this moment, over a time of day that the expression names. */
  #standsForGap(atMs: number): boolean {
    if (this.#expression.isEveryHour) return false;
    const beforeMs = this.#zone.offsetMs(atMs - secondMs);
    const offsetMs = this.#zone.offsetMs(atMs);
    if (offsetMs <= beforeMs) return false;
    const localMs = this.#expression.nextLocal(atMs + beforeMs);
    return localMs !== undefined && localMs < atMs + offsetMs;
  }

  /** Whether the clocks showed the same before they were set back. */
  #isSecondTime(atMs: number): boolean {
    if (this.#expression.isEveryHour) return false;
    const offsetMs = this.#zone.offsetMs(atMs);
    const formerMs = this.#zone.offsetMs(atMs - dayMs);
    if (formerMs <= offsetMs) return false;
    return this.#zone.offsetMs(atMs + offsetMs - formerMs) === formerMs;
  }

  /** The first moment after `fromMs`, up to `toMs`, at which the zone has another offset. */
  #changeWithin(fromMs: number, toMs: number): number | undefined {
    const offsetMs = this.#zone.offsetMs(fromMs);
    for (let lowMs = fromMs; lowMs < toMs; lowMs += lookMs) {
      let highMs = Math.min(lowMs + lookMs, toMs);
      if (this.#zone.offsetMs(highMs) === offsetMs) continue;
      let sameMs = lowMs;
      while (highMs - sameMs > secondMs) {
        const middleMs = Math.floor((sameMs + highMs) / 2 / secondMs) * secondMs;
        if (this.#zone.offsetMs(middleMs) === offsetMs) sameMs = middleMs;
        else highMs = middleMs;
      }
      return highMs;
    }
    return undefined;
  }
}
