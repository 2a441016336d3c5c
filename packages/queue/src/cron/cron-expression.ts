import { type CivilTime, civilMs, civilOf, monthLength } from './civil-time.ts';
import { isStar, parseDays } from './cron-days.ts';
import { type FieldKind, parseField } from './cron-field.ts';

const seconds: FieldKind = { name: 'second', min: 0, max: 59 };
const minutes: FieldKind = { name: 'minute', min: 0, max: 59 };
const hours: FieldKind = { name: 'hour', min: 0, max: 23 };
const months: FieldKind = {
  name: 'month',
  min: 1,
  max: 12,
  names: ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'],
};

/** In so many years the calendar repeats: what does not come until then never does. */
const periodYears = 400;

const macros: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/**
 * A cron expression on a calendar without zones: minute, hour, day of month, month, day of week, with a field of seconds before them
 * where there are six.
 *
 * Values, names, ranges, lists and steps; `L`, `L-n`, `nW` and `LW` as days of the month; `nL` and `n#k` as days of the week; `?`;
 * `@hourly` and its like.
 */
export class CronExpression {
  readonly text: string;
  /** Whether the field of hours begins with `*`: then it means intervals, not times of day. */
  readonly isEveryHour: boolean;
  readonly #seconds: readonly number[];
  readonly #minutes: readonly number[];
  readonly #hours: readonly number[];
  readonly #months: ReadonlySet<number>;
  readonly #isDay: (year: number, month: number, day: number) => boolean;

  /** @throws TypeError, RangeError that names the field; RangeError where its day never comes */
  constructor(text: string) {
    if (typeof text !== 'string')
      throw new TypeError(`Cron expression must be a string: received ${String(text)}`);
    const fields = (macros[text.trim().toLowerCase()] ?? text).trim().split(/\s+/);
    if (fields.length === 5) fields.unshift('0');
    if (fields.length !== 6)
      throw new RangeError(
        `Cron expression must have 5 or 6 fields: received "${text}" with ${fields.length}`,
      );
    const [second, minute, hour, monthDay, month, weekday] = fields as [
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    this.text = text;
    this.isEveryHour = isStar(hour);
    this.#seconds = parseField(second, seconds);
    this.#minutes = parseField(minute, minutes);
    this.#hours = parseField(hour, hours);
    this.#months = new Set(parseField(month, months));
    this.#isDay = parseDays(monthDay, weekday);
    if (this.nextLocal(0) === undefined)
      throw new RangeError(`Cron expression must have a day that comes: received "${text}"`);
  }

  /** The first time on the calendar that is not before `localMs`; undefined where none comes. */
  nextLocal(localMs: number): number | undefined {
    const from = civilOf(Math.ceil(localMs / 1000) * 1000);
    const time = this.#timeOfDay(from);
    if (time !== undefined && this.#isOn(from)) return civilMs({ ...from, ...time });
    return this.#firstAfter(from);
  }

  #isOn({ year, month, day }: CivilTime): boolean {
    return this.#months.has(month) && this.#isDay(year, month, day);
  }

  /** The first time on a later day. */
  #firstAfter(from: CivilTime): number | undefined {
    let { year, month, day } = from;
    for (
      ;
      year <= from.year + periodYears;
      [year, month, day] = month === 12 ? [year + 1, 1, 0] : [year, month + 1, 0]
    ) {
      if (!this.#months.has(month)) continue;
      const length = monthLength(year, month);
      while (++day <= length) {
        if (!this.#isDay(year, month, day)) continue;
        const [hour, minute, second] = [
          this.#hours[0] as number,
          this.#minutes[0] as number,
          this.#seconds[0] as number,
        ];
        return civilMs({ year, month, day, hour, minute, second });
      }
    }
    return undefined;
  }

  /** The first time of day that is not before the one given. */
  #timeOfDay({ hour, minute, second }: CivilTime): Pick<CivilTime, 'hour' | 'minute' | 'second'> | undefined {
    const [firstMinute, firstSecond] = [this.#minutes[0] as number, this.#seconds[0] as number];
    if (this.#hours.includes(hour)) {
      const nextSecond = this.#seconds.find(value => value >= second);
      if (nextSecond !== undefined && this.#minutes.includes(minute))
        return { hour, minute, second: nextSecond };
      const nextMinute = this.#minutes.find(value => value > minute);
      if (nextMinute !== undefined) return { hour, minute: nextMinute, second: firstSecond };
    }
    const nextHour = this.#hours.find(value => value > hour);
    return nextHour === undefined ? undefined : { hour: nextHour, minute: firstMinute, second: firstSecond };
  }
}
