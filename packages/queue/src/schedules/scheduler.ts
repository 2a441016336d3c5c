import { type MessageId, type StateRecord, Wake } from '@quorate/core';
import type { Timetable } from '../cron/parse-cron.ts';
import type { Application } from '../tasks/application.ts';
import { statePages } from '../state-pages.ts';
import { messageOf } from '../tasks/message-of-task.ts';
import { lastSlots } from './slots.ts';
import { readSchedule, type ScheduleRecord, timetableOf, writeSchedule } from './schedule.ts';

/** How long a time's message is known by its id after it is gone, at least: no call of a scheduler may take longer. */
const rememberMs = 3_600_000;

/** So many times of a schedule are known by their ids, where they come rarely. */
const rememberCount = 1000;

/** The longest that an engine remembers an id. */
const rememberMaxMs = 2 ** 31 - 1;

/** A call that takes longer is given up. */
const callMs = 30_000;

/** How often the schedules are read though none is due: others may be added, and clocks be set. */
const lookMs = 10_000;

/** How soon what failed is tried again. */
const troubleRestMs = 1000;

/** Later than this a time was missed. */
const missedMs = 60_000;

/**
 * Sends the tasks of schedules at their times, on the engine's clock.
 *
 * Any number may run at once: the message of a time is put under an id that follows from the time, and only then does the record move
 * on to the next, for the version that was read. Whoever dies in between leaves the record where it was, and the next one's message
 * is a duplicate.
 */
export class Scheduler implements Disposable {
  readonly #application: Application;
  readonly #over = new AbortController();
  readonly #wake = new Wake();
  readonly #watch: Disposable;
  readonly #onTrouble: (error: unknown) => void;

  /** @param onTrouble told of what keeps a schedule, or all of them, from being fired */
  constructor(application: Application, onTrouble: (error: unknown) => void) {
    this.#application = application;
    this.#onTrouble = onTrouble;
    this.#watch = application.store.state.watch(application.places.schedule(''), () => this.#wake.call());
    void this.#run();
  }

  [Symbol.dispose](): void {
    this.#over.abort();
    this.#watch[Symbol.dispose]();
  }

  async #run(): Promise<void> {
    const { clock } = this.#application;
    const { signal } = this.#over;
    while (!signal.aborted) {
      let restMs: number;
      try {
        restMs = await this.#fireDue();
      } catch (thrown) {
        this.#onTrouble(thrown);
        restMs = troubleRestMs;
      }
      await this.#wake.wait(clock, restMs, signal);
    }
  }

  /** @returns how long nothing is due */
  async #fireDue(): Promise<number> {
    const { store, clock, places } = this.#application;
    const prefix = places.schedule('');
    const beganMs = clock.monotonicMs();
    let nextMs = Number.POSITIVE_INFINITY;
    const nowMs = await store.now({ deadlineMs: callMs });
    for await (const records of statePages(store, prefix, { deadlineMs: callMs })) {
      for (const record of records) {
        if (this.#over.signal.aborted) return lookMs;
        const nextAtMs = await this.#fireSafely(record, nowMs, beganMs);
        if (nextAtMs !== undefined) nextMs = Math.min(nextMs, nextAtMs);
      }
    }
    return Math.min(lookMs, Math.max(1, nextMs - nowMs));
  }

  /** One that cannot be fired does not hold up the others. */
  async #fireSafely(record: StateRecord, nowMs: number, beganMs: number): Promise<number | undefined> {
    try {
      return await this.#fireOne(record, nowMs, beganMs);
    } catch (thrown) {
      this.#onTrouble(thrown);
      return nowMs + troubleRestMs;
    }
  }

  /**
   * @param beganMs before the record was read
   * @returns the schedule's next time
   */
  async #fireOne(record: StateRecord, nowMs: number, beganMs: number): Promise<number | undefined> {
    const { store, clock, places } = this.#application;
    const schedule = readSchedule(record.value);
    if (schedule.nextAtMs === undefined || schedule.nextAtMs > nowMs) return schedule.nextAtMs;
    const task = this.#application.tasks.get(schedule.task);
    // Somebody else's task, of this application: those who know it fire it.
    if (task === undefined) return undefined;
    const timetable = timetableOf(schedule);
    const id = record.key.slice(places.schedule('').length);
    for (const slotMs of dueSlots(schedule, nowMs)) {
      const lane = schedule.lane === undefined ? {} : { lane: schedule.lane };
      const put = await messageOf(
        places,
        task,
        schedule.input,
        {},
        { id: slotId(id, slotMs), rememberMs: memoryMs(timetable, slotMs), ...lane },
      );
      // Whoever was stopped for so long may not know any more what was fired.
      if (this.#over.signal.aborted || clock.monotonicMs() - beganMs > rememberMs / 2) return nowMs;
      const [result] = await store.put([put], { deadlineMs: callMs });
      if (result?.outcome === 'unknown') throw result.cause;
    }
    const nextAtMs = timetable.next(nowMs);
    const { nextAtMs: _, ...fixed } = schedule;
    const value = writeSchedule({ ...fixed, ...(nextAtMs === undefined ? {} : { nextAtMs }) });
    const written = await store.state.write(
      { key: record.key, value, version: record.version },
      { deadlineMs: callMs },
    );
    return written.outcome === 'applied' ? nextAtMs : nowMs;
  }
}

/** The id of the task that a schedule sends at a time. */
export function slotId(schedule: string, slotMs: number): MessageId {
  return `${schedule}@${slotMs}` as MessageId;
}

/**
 * For how long a time's id is remembered: the rarer they are, the longer, so that a scheduler that comes weeks after one that died
 * between the message and the record still finds that it was fired.
 */
function memoryMs(timetable: Timetable, slotMs: number): number {
  const nextMs = timetable.next(slotMs) ?? Number.POSITIVE_INFINITY;
  return Math.min(rememberMaxMs, Math.max(rememberMs, rememberCount * (nextMs - slotMs)));
}

/** Which of the times up to now are fired. */
export function dueSlots(schedule: ScheduleRecord, nowMs: number): readonly number[] {
  const { nextAtMs = Number.POSITIVE_INFINITY, catchUp = 'last', catchUpMax = 100 } = schedule;
  const slots = lastSlots(timetableOf(schedule), nextAtMs - 1, nowMs, catchUp === 'all' ? catchUpMax : 1);
  return catchUp === 'none' ? slots.filter(slotMs => slotMs >= nowMs - missedMs) : slots;
}
