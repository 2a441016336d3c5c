import { parseCron, type Timetable } from '../cron/parse-cron.ts';
import { jsonBytes, jsonValue } from '../tasks/json-bytes.ts';
import { checkDuration } from '../check-duration.ts';

/** What becomes of times that came while nobody was there to fire them. */
export type CatchUp =
  /** Nothing, beyond a minute: the next time is the next. */
  | 'none'
  /** The last of them is fired, once. */
  | 'last'
  /** The last `catchUpMax` of them are. */
  | 'all';

/** When a task is sent again and again. */
export interface ScheduleTimes {
  /** Five fields, or six with seconds first. */
  readonly cron?: string;
  /** Of the IANA database, for `cron`. Default `UTC`. */
  readonly timeZone?: string;
  /** Every so often, counted from 1970 on, so that all who fire it agree; instead of `cron`. At least 100. */
  readonly everyMs?: number;
  /** Default `last`. */
  readonly catchUp?: CatchUp;
  /** Default 100, at most 1,000. */
  readonly catchUpMax?: number;
}

/** A schedule as its record holds it. */
export interface ScheduleRecord extends ScheduleTimes {
  readonly task: string;
  readonly input?: unknown;
  readonly lane?: number;
  /** The next time, on the engine's clock; absent where none comes any more. */
  readonly nextAtMs?: number;
}

const everyMinMs = 100;

/** When it comes. @throws TypeError, RangeError */
export function timetableOf(times: ScheduleTimes): Timetable {
  const { cron, timeZone, everyMs, catchUp = 'last', catchUpMax = 100 } = times;
  if (!['none', 'last', 'all'].includes(catchUp))
    throw new TypeError(`Catching up must be none, last or all: received ${catchUp}`);
  if (!(Number.isInteger(catchUpMax) && catchUpMax >= 1 && catchUpMax <= 1000))
    throw new RangeError(`Times to catch up with must be an integer from 1 to 1000: received ${catchUpMax}`);
  if ((cron === undefined) === (everyMs === undefined))
    throw new TypeError(`Schedule must have one of cron and everyMs: received ${cron} and ${everyMs}`);
  if (cron !== undefined) return parseCron(cron, timeZone);
  if (timeZone !== undefined)
    throw new TypeError(`Time zone is for cron: received "${timeZone}" with everyMs`);
  const stepMs = everyMs as number;
  checkDuration('Interval of a schedule', stepMs, everyMinMs);
  return { next: afterMs => (Math.floor(afterMs / stepMs) + 1) * stepMs };
}

export function readSchedule(bytes: Uint8Array): ScheduleRecord {
  return jsonValue(bytes) as ScheduleRecord;
}

export function writeSchedule(record: ScheduleRecord): Uint8Array {
  return jsonBytes('Schedule', record);
}
