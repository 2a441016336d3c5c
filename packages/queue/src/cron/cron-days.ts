import { monthLength, weekdayOf } from './civil-time.ts';
import { type FieldKind, parseField, parseValue } from './cron-field.ts';

const monthDays: FieldKind = { name: 'day of month', min: 1, max: 31 };
const weekdays: FieldKind = {
  name: 'day of week',
  min: 0,
  max: 7,
  openMax: 6,
  names: ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'],
};

/** Whether a day is one of those that a field means. */
type DayRule = (year: number, month: number, day: number) => boolean;

/**
 * Reads the two fields that choose days. A day is chosen when either says so, as in Vixie's cron, unless one of them begins with `*`
 * or is `?`: then both must.
 *
 * @throws RangeError that names the field
 */
export function parseDays(monthDayText: string, weekdayText: string): DayRule {
  const byMonth = anyOf(monthDayText, monthDays, monthDayRule);
  const byWeek = anyOf(weekdayText, weekdays, weekdayRule);
  if (isStar(monthDayText) || isStar(weekdayText)) return (...date) => byMonth(...date) && byWeek(...date);
  return (...date) => byMonth(...date) || byWeek(...date);
}

/** Whether a field leaves its values open. */
export function isStar(text: string): boolean {
  return text.startsWith('*') || text === '?';
}

function anyOf(text: string, kind: FieldKind, ruleOf: (part: string) => DayRule | undefined): DayRule {
  if (text === '?') return () => true;
  const special: DayRule[] = [];
  const plain: string[] = [];
  for (const part of text.split(',')) {
    const rule = ruleOf(part.toUpperCase());
    if (rule === undefined) plain.push(part);
    else special.push(rule);
  }
  if (plain.length > 0) {
    const values = new Set(parseField(plain.join(','), kind));
    if (kind === monthDays) special.push((_year, _month, day) => values.has(day));
    else
      special.push(
        (...date) => values.has(weekdayOf(...date)) || (weekdayOf(...date) === 0 && values.has(7)),
      );
  }
  const [only] = special;
  return special.length === 1 && only !== undefined ? only : (...date) => special.some(rule => rule(...date));
}

/** `L`, `L-3`, `LW`, `15W`: the last day, the third before it, the last weekday, the weekday nearest to the 15th. */
function monthDayRule(part: string): DayRule | undefined {
  if (part === 'LW') {
    return (year, month, day) => day === nearestWeekday(year, month, monthLength(year, month));
  }
  const beforeLast = /^L(?:-(\d{1,2}))?$/.exec(part);
  if (beforeLast !== null) {
    const distance = Number(beforeLast[1] ?? 0);
    if (distance > 30)
      throw new RangeError(`Cron field "day of month" must have L-0 to L-30: received "${part}"`);
    return (year, month, day) => day === monthLength(year, month) - distance;
  }
  const nearest = /^(\d{1,2})W$/.exec(part);
  if (nearest === null) return undefined;
  const wanted = parseValue(nearest[1] as string, monthDays);
  return (year, month, day) =>
    wanted <= monthLength(year, month) && day === nearestWeekday(year, month, wanted);
}

/** `5L`, `FRI#2`: the last Friday, the second Friday. `L` alone is Saturday, the week's last day. */
function weekdayRule(part: string): DayRule | undefined {
  if (part === 'L') return (...date) => weekdayOf(...date) === 6;
  const last = /^(\w+)L$/.exec(part);
  if (last !== null) {
    const weekday = parseValue(last[1] as string, weekdays) % 7;
    return (year, month, day) =>
      weekdayOf(year, month, day) === weekday && day + 7 > monthLength(year, month);
  }
  const counted = /^(\w+)#(.*)$/.exec(part);
  if (counted === null) return undefined;
  const weekday = parseValue(counted[1] as string, weekdays) % 7;
  const nth = Number(counted[2]);
  if (!(Number.isInteger(nth) && nth >= 1 && nth <= 5))
    throw new RangeError(`Cron field "day of week" must have #1 to #5: received "${part}"`);
  return (year, month, day) => weekdayOf(year, month, day) === weekday && Math.ceil(day / 7) === nth;
}

/** The day from Monday to Friday that is nearest to a date, in the same month. */
function nearestWeekday(year: number, month: number, day: number): number {
  const weekday = weekdayOf(year, month, day);
  if (weekday === 6) return day === 1 ? 3 : day - 1;
  if (weekday === 0) return day === monthLength(year, month) ? day - 2 : day + 1;
  return day;
}
