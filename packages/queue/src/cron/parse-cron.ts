import { CronExpression } from './cron-expression.ts';
import { CronTimetable } from './cron-timetable.ts';
import { TimeZone } from './time-zone.ts';

/** When something comes again and again. */
export interface Timetable {
  /** The first time after `afterMs`, in ms since 1970; undefined where none comes any more. */
  next(afterMs: number): number | undefined;
}

/**
 * Reads a cron expression: five fields, or six with seconds first; names, ranges, lists and steps; `L`, `W` and `#`.
 *
 * @param timeZone of the IANA database. Default `UTC`
 * @throws TypeError, RangeError that names the field
 */
export function parseCron(expression: string, timeZone: string = 'UTC'): Timetable {
  return new CronTimetable(new CronExpression(expression), new TimeZone(timeZone));
}
