/**
 * What a cron expression of five fields means, by looking at every minute: nothing is calculated, the platform's calendar is read.
 *
 * It shares no code with what it judges.
 */
export class MinuteOracle {
  readonly #fields: readonly string[];
  readonly #format: Intl.DateTimeFormat;

  constructor(expression: string, timeZone: string) {
    this.#fields = expression.split(' ');
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
  }

  /** Whether it has a day within 28 years, after which the days of the week come again as they were. */
  hasDay(): boolean {
    const date = new Date(Date.UTC(2001, 0, 1));
    for (; date.getUTCFullYear() < 2029; date.setUTCDate(date.getUTCDate() + 1)) {
      if (this.#matchesDay(date)) return true;
    }
    return false;
  }

  /** All times after `fromMs`, up to `toMs`. */
  times(fromMs: number, toMs: number): number[] {
    const isEveryHour = (this.#fields[1] as string).startsWith('*');
    const found: number[] = [];
    const seen = new Set<number>();
    const minute = 60_000;
    // A day earlier, so that what the clocks showed before is known.
    let previous = this.#read(fromMs - 1441 * minute);
    for (let at = fromMs - 1440 * minute; at <= toMs; at += minute) {
      const shown = this.#read(at);
      let comes = this.#matches(shown) && (isEveryHour || !seen.has(shown));
      if (!isEveryHour) {
        for (let leftOut = previous + minute; leftOut < shown; leftOut += minute) {
          comes ||= this.#matches(leftOut);
        }
      }
      seen.add(shown);
      previous = shown;
      if (comes && at > fromMs) found.push(at);
    }
    return found;
  }

  /** What the clocks show, as if it were UTC. */
  #read(at: number): number {
    const [month = 0, day = 0, year = 0, hour = 0, minute = 0] = (
      this.#format.format(at).match(/\d+/g) ?? []
    ).map(Number);
    return Date.UTC(year, month - 1, day, hour, minute);
  }

  #matches(shown: number): boolean {
    const date = new Date(shown);
    const [minutes, hours] = this.#fields as [string, string];
    if (!isIn(minutes, date.getUTCMinutes(), 59) || !isIn(hours, date.getUTCHours(), 23)) return false;
    return this.#matchesDay(date);
  }

  #matchesDay(date: Date): boolean {
    const [, , days, , weekdays] = this.#fields as [string, string, string, string, string];
    const byMonth = days.split(',').some(part => isMonthDay(part, date));
    const byWeek = weekdays.split(',').some(part => isWeekday(part, date));
    const isOpen = [days, weekdays].some(field => field.startsWith('*') || field === '?');
    return isOpen ? byMonth && byWeek : byMonth || byWeek;
  }
}

function isIn(field: string, value: number, max: number, min = 0): boolean {
  return field.split(',').some(part => {
    const [range = '', step] = part.split('/');
    const [from = '', to] = range === '*' ? [String(min), String(max)] : range.split('-');
    const last = to === undefined ? (step === undefined ? Number(from) : max) : Number(to);
    return value >= Number(from) && value <= last && (value - Number(from)) % Number(step ?? 1) === 0;
  });
}

function isMonthDay(part: string, date: Date): boolean {
  const day = date.getUTCDate();
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  if (part === '?') return true;
  if (part === 'L') return day === last;
  if (part === 'L-2') return day === last - 2;
  if (!part.endsWith('W')) return isIn(part, day, 31, 1);
  const wanted = part === 'LW' ? last : Number(part.slice(0, -1));
  if (wanted > last) return false;
  const workdays = Array.from({ length: last }, (_, index) => index + 1).filter(each =>
    [1, 2, 3, 4, 5].includes(new Date(Date.UTC(year, month, each)).getUTCDay()),
  );
  const distances = workdays.map(each => Math.abs(each - wanted));
  return day === workdays[distances.indexOf(Math.min(...distances))];
}

function isWeekday(part: string, date: Date): boolean {
  const [weekday, day] = [date.getUTCDay(), date.getUTCDate()];
  const month = date.getUTCMonth();
  const inWeek = (weeks: number): Date => new Date(date.getTime() + weeks * 7 * 86_400_000);
  if (part === '?') return true;
  if (part === '5L') return weekday === 5 && inWeek(1).getUTCMonth() !== month;
  if (part === 'sunL') return weekday === 0 && inWeek(1).getUTCMonth() !== month;
  if (part === 'TUE#2') return weekday === 2 && day > 7 && day <= 14;
  if (part === '0#5') return weekday === 0 && inWeek(-4).getUTCMonth() === month;
  if (part === 'MON-FRI') return weekday >= 1 && weekday <= 5;
  if (part === 'FRI-SUN') return [5, 6, 0].includes(weekday);
  if (part === '7') return weekday === 0;
  return isIn(part, weekday, 6);
}
