import type { WaitOptions } from '@quorate/core';
import type { Step } from '../tasks/flow.ts';
import type { ScheduleTimes } from './schedule.ts';

/** A schedule to be. */
export interface NewSchedule extends ScheduleTimes {
  /** One of the name is replaced. */
  readonly id: string;
  /** What is sent each time: `tasks.report.with(input)`. */
  readonly step: Step<unknown>;
  /** Priority from 0, which comes first, to 15. */
  readonly lane?: number;
}

/** A schedule as it stands. */
export interface Schedule extends ScheduleTimes {
  readonly id: string;
  readonly task: string;
  readonly input?: unknown;
  readonly lane?: number;
  /** On the engine's clock; absent where no more time comes. */
  readonly nextAtMs?: number;
}

/** The schedules of an application, for all its processes. */
export interface ScheduleTable {
  /**
   * Adds a schedule, or replaces the one of the same id. One whose times are the same goes on where it was, so that every process can
   * add its schedules when it begins.
   *
   * @throws TypeError, RangeError on wrong times or input
   */
  add(schedule: NewSchedule, options?: WaitOptions): Promise<Schedule>;
  /** @returns whether it was there */
  remove(id: string, options?: WaitOptions): Promise<boolean>;
  /** In the order of their ids. */
  list(options?: WaitOptions): Promise<readonly Schedule[]>;
  /** The next `count` times of a schedule, on the engine's clock; none where it is not there. */
  next(id: string, count?: number, options?: WaitOptions): Promise<readonly number[]>;
}
