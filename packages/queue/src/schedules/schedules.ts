import type { QueueStore, StateWrite, WaitOptions } from '@quorate/core';
import type { Application } from '../tasks/application.ts';
import { statePages } from '../state-pages.ts';
import { messageOf } from '../tasks/message-of-task.ts';
import { checkLane } from '../tasks/send-options.ts';
import { readSchedule, type ScheduleRecord, timetableOf, writeSchedule } from './schedule.ts';
import type { NewSchedule, Schedule, ScheduleTable } from './schedule-table.ts';

/** Schedules as state records, one for each. */
export class Schedules implements ScheduleTable {
  readonly #application: Application;

  constructor(application: Application) {
    this.#application = application;
  }

  async add(schedule: NewSchedule, options: WaitOptions = {}): Promise<Schedule> {
    const { id, step, lane, cron, timeZone, everyMs, catchUp, catchUpMax } = schedule;
    if (typeof id !== 'string' || !/^[\w.:-]{1,100}$/.test(id))
      throw new RangeError(
        `Id of a schedule must have 1 to 100 letters, digits, ".", ":", "-" and "_": received "${id}"`,
      );
    const { places, store } = this.#application;
    const times = withoutUndefined({ cron, timeZone, everyMs, catchUp, catchUpMax });
    const timetable = timetableOf(times);
    // Checked as if it were sent.
    if (lane !== undefined) checkLane(lane);
    await messageOf(places, this.#application.task(step.task), step.input, {}, {});
    const { task, input } = step;
    const fixed = { ...times, ...withoutUndefined({ input, lane }), task };
    const key = places.schedule(id);
    for (;;) {
      const current = await store.state.get(key, options);
      const before = current && readSchedule(current.value);
      const isSame = before !== undefined && timesText(before) === timesText(times);
      const nowMs = await store.now(options);
      const nextAtMs = isSame ? before.nextAtMs : timetable.next(nowMs);
      const record: ScheduleRecord = { ...fixed, ...(nextAtMs === undefined ? {} : { nextAtMs }) };
      const write = { key, value: writeSchedule(record), version: current?.version ?? 0 };
      if (await isWritten(store, write, options)) return { id, ...record };
    }
  }

  async remove(id: string, options: WaitOptions = {}): Promise<boolean> {
    const { store, places } = this.#application;
    const key = places.schedule(id);
    for (;;) {
      const current = await store.state.get(key, options);
      if (current === undefined) return false;
      if (await isWritten(store, { key, value: undefined, version: current.version }, options)) return true;
    }
  }

  async list(options: WaitOptions = {}): Promise<readonly Schedule[]> {
    const { store, places } = this.#application;
    const prefix = places.schedule('');
    const schedules: Schedule[] = [];
    for await (const records of statePages(store, prefix, options)) {
      for (const { key, value } of records)
        schedules.push({ id: key.slice(prefix.length), ...readSchedule(value) });
    }
    return schedules;
  }

  async next(id: string, count = 1, options: WaitOptions = {}): Promise<readonly number[]> {
    if (!(Number.isInteger(count) && count >= 1 && count <= 1000))
      throw new RangeError(`Count of times must be an integer from 1 to 1000: received ${count}`);
    const record = await this.#application.store.state.get(this.#application.places.schedule(id), options);
    if (record === undefined) return [];
    const schedule = readSchedule(record.value);
    const timetable = timetableOf(schedule);
    const times: number[] = [];
    for (let at = schedule.nextAtMs; at !== undefined && times.length < count; at = timetable.next(at))
      times.push(at);
    return times;
  }
}

/** What a schedule's next time follows from. */
function timesText({ cron, timeZone, everyMs }: Partial<ScheduleRecord>): string {
  return JSON.stringify([cron, timeZone ?? 'UTC', everyMs]);
}

/** @returns false where it had another version. @throws QuorateError where nobody can tell */
async function isWritten(store: QueueStore, write: StateWrite, options: WaitOptions): Promise<boolean> {
  const result = await store.state.write(write, options);
  if (result.outcome === 'unknown') throw result.cause;
  return result.outcome === 'applied';
}

type Defined<Fields> = { [Field in keyof Fields]?: Exclude<Fields[Field], undefined> };

function withoutUndefined<Fields extends object>(fields: Fields): Defined<Fields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Defined<Fields>;
}
