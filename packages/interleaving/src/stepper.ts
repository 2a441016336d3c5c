/*
 * Runs the real code of several threads in one, an atomic operation at a time, in every order that there is.
 *
 * A thread is a function whose only effects are `Atomics` on one shared memory. To make its next step it is run again from the
 * start: the operations it has done already return what they returned then, the next one is done, and the one after that throws.
 * So a state is the memory and each thread's list of results, and it can be left and come back to.
 */

import { type Choice, type Model, ModelFailure, type Program } from './model.ts';

const original = { ...pick() };

/** Those that are one step each. */
const plain = ['load', 'store', 'add', 'sub', 'and', 'or', 'xor', 'exchange', 'compareExchange'] as const;

type Operation = (typeof plain)[number] | 'notify' | 'wait';

function pick(): Record<Operation, (...args: never[]) => unknown> {
  const { load, store, add, sub, and, or, xor, exchange, compareExchange, notify, wait } = Atomics;
  return { load, store, add, sub, and, or, xor, exchange, compareExchange, notify, wait } as never;
}

type Result = number | string;

interface ThreadState {
  readonly phase: number;
  readonly log: readonly Result[];
  /** Of the log. */
  readonly hash: number;
  readonly status: 'runs' | 'sleeps' | 'done' | 'dead';
  /** What it sleeps on, and since when. */
  readonly index: number;
  readonly since: number;
  readonly timed: boolean;
}

/** All that there is at a moment. */
export interface State {
  readonly memory: Int32Array;
  readonly threads: readonly ThreadState[];
  readonly kills: number;
  readonly clock: number;
  /** Who made the last step, and how often a thread may still be interrupted that could go on. */
  readonly last: number;
  readonly preemptions: number;
}

const suspended = new Error('suspended');

let isBeforehand = false;

/** Runs what a thread had done before the model began: it sees the memory as it was then, and changes nothing. */
export function beforehand<Value>(body: () => Value): Value {
  isBeforehand = true;
  try {
    return body();
  } finally {
    isBeforehand = false;
  }
}

/** The thread that runs now. */
interface Running {
  readonly log: Result[];
  position: number;
  stepped: boolean;
  slept: { index: number; timed: boolean } | undefined;
}

function awake(phase: number, log: readonly Result[], hash: number): ThreadState {
  return { phase, log, hash, status: 'runs', index: 0, since: 0, timed: false };
}

function deathsIn(threads: readonly ThreadState[]): number {
  return threads.filter(({ status }) => status === 'dead').length;
}

function mixed(hash: number, value: number): number {
  const mix = Math.imul(hash ^ value, 0x85eb_ca6b);
  return ((mix ^ (mix >>> 15)) + 0x9e37_79b9) | 0;
}

function hashOf(result: Result): number {
  return typeof result === 'number' ? result : result.length + 0x1000;
}

/** Makes the steps. */
export class Stepper {
  readonly #model: Model;
  readonly #words: Int32Array;
  readonly #names: readonly string[];
  readonly #initial: Int32Array;
  #running: Running | undefined;
  /** As they were before the step under way. */
  #threads: readonly ThreadState[] = [];
  /** Threads that the step under way wakes. */
  #woken: { index: number; count: number } | undefined;

  constructor(model: Model) {
    this.#model = model;
    this.#words = new Int32Array(model.memory);
    this.#initial = this.#words.slice();
    this.#names = model.programs.map(program => program.name);
  }

  start(preemptions: number): State {
    return {
      memory: this.#words.slice(),
      threads: this.#model.programs.map(() => awake(0, [], 0)),
      kills: this.#model.kills ?? 0,
      clock: 0,
      last: -1,
      preemptions,
    };
  }

  choices({ threads, kills, last, preemptions }: State): Choice[] {
    const found: Choice[] = [];
    const deaths = deathsIn(threads);
    for (const [thread, { status, timed }] of threads.entries()) {
      const program = this.#model.programs[thread] as Program;
      if ((program.afterDeaths ?? 0) > deaths) continue;
      if (status === 'runs') found.push({ thread, what: 'step' });
      if (status === 'sleeps' && timed) found.push({ thread, what: 'time-out' });
      if (kills > 0 && program.mortal === true && (status === 'runs' || status === 'sleeps'))
        found.push({ thread, what: 'kill' });
    }
    if (preemptions > 0 || threads[last]?.status !== 'runs') return found;
    return found.filter(({ thread, what }) => thread === last || what !== 'step');
  }

  /** @throws ModelFailure where all have come to rest and not all are done */
  checkEnd(state: State, schedule: readonly Choice[]): void {
    const deaths = deathsIn(state.threads);
    for (const [thread, { status }] of state.threads.entries()) {
      if (status === 'done' || status === 'dead') continue;
      if (status === 'sleeps' && this.#model.maySleep?.(state.memory) === true) continue;
      if ((this.#model.programs[thread]?.afterDeaths ?? 0) > deaths) continue;
      throw new ModelFailure(`"${this.#names[thread]}" sleeps for ever`, schedule, this.#names);
    }
    try {
      this.#model.atEnd?.(
        state.memory,
        state.threads.map(({ status }) => status === 'dead'),
      );
    } catch (cause) {
      throw new ModelFailure(`Wrong at the end: ${(cause as Error).message}`, schedule, this.#names, cause);
    }
  }

  apply(state: State, choice: Choice, schedule: () => readonly Choice[]): State {
    this.#words.set(state.memory);
    const threads = [...state.threads];
    const { thread, what } = choice;
    const before = threads[thread] as ThreadState;
    let { kills } = state;
    if (what === 'kill') {
      kills--;
      threads[thread] = { ...awake(0, [], 0), status: 'dead' };
      this.#model.onKill?.(thread, this.#words);
    } else if (what === 'time-out') {
      threads[thread] = awake(before.phase, [...before.log, 'timed-out'], mixed(before.hash, 1));
    } else {
      this.#threads = state.threads;
      threads[thread] = this.#step(thread, before, state.clock, schedule);
      this.#wake(threads);
    }
    const isPreemption =
      what === 'step' && thread !== state.last && state.threads[state.last]?.status === 'runs';
    return {
      memory: this.#words.slice(),
      threads,
      kills,
      clock: state.clock + 1,
      last: what === 'step' ? thread : state.last,
      preemptions: state.preemptions - (isPreemption ? 1 : 0),
    };
  }

  /** What tells states apart: 64 bits of it, and what is small. */
  key({ memory, threads, kills, last, preemptions }: State): string {
    let [one, two] = [kills, 0x9e37];
    for (const word of memory) {
      one = mixed(one, word);
      two = (Math.imul(two, 31) + word) | 0;
    }
    const sleepers = threads.map((each, at) => ({ at, ...each })).filter(({ status }) => status === 'sleeps');
    const order = sleepers.sort((a, b) => a.since - b.since).map(({ at }) => at);
    const bounded = preemptions === Number.POSITIVE_INFINITY ? '' : `${last}:${preemptions}`;
    return `${bounded}|${order.join()}|${threads.map(({ phase, status, hash }) => `${phase}${status[1]}${hash}`).join()}|${one},${two}`;
  }

  /** Takes over `Atomics` while `body` runs. */
  within<Value>(body: () => Value): Value {
    const before = this.#words.slice();
    Object.assign(Atomics, this.#operations());
    try {
      return body();
    } finally {
      Object.assign(Atomics, original);
      this.#words.set(before);
    }
  }

  #step(thread: number, before: ThreadState, clock: number, schedule: () => readonly Choice[]): ThreadState {
    const running: Running = { log: [...before.log], position: 0, stepped: false, slept: undefined };
    this.#running = running;
    this.#woken = undefined;
    const { phase } = before;
    const program = this.#model.programs[thread] as Program;
    try {
      program.run(phase);
    } catch (thrown) {
      if (thrown === suspended) {
        const { log, slept } = running;
        const hash =
          log.length > before.log.length ? mixed(before.hash, hashOf(log.at(-1) as Result)) : before.hash;
        if (slept === undefined) return awake(phase, log, hash);
        return { phase, log, hash, status: 'sleeps', index: slept.index, since: clock, timed: slept.timed };
      }
      throw new ModelFailure(
        `"${this.#names[thread]}": ${(thrown as Error).message}`,
        schedule(),
        this.#names,
        thrown,
      );
    }
    if (phase + 1 < (program.phases ?? 1)) return awake(phase + 1, [], 0);
    return { ...awake(phase, [], 0), status: 'done' };
  }

  #wake(threads: ThreadState[]): void {
    const { index, count } = this.#woken ?? { index: -1, count: 0 };
    for (const { each, at } of this.#sleepersOn(index).slice(0, count))
      threads[at] = awake(each.phase, [...each.log, 'ok'], mixed(each.hash, 2));
  }

  /** In the order in which they went to sleep. */
  #sleepersOn(index: number): { each: ThreadState; at: number }[] {
    return this.#threads
      .map((each, at) => ({ each, at }))
      .filter(({ each }) => each.status === 'sleeps' && each.index === index)
      .sort((a, b) => a.each.since - b.each.since);
  }

  #operations(): Partial<Record<Operation, unknown>> {
    type Op = (words: Int32Array, index: number, ...rest: number[]) => Result;
    const at = (words: Int32Array, index: number): number => words.byteOffset / 4 + index;
    const wrap = (perform: Op): Op => {
      return (words, index, ...rest) => {
        if (words.buffer !== this.#model.memory) return perform(words, index, ...rest);
        if (isBeforehand) return this.#initial[at(words, index)] as number;
        if (this.#model.ignored?.(at(words, index))) return perform(words, index, ...rest);
        return this.#operate(() => perform(words, index, ...rest));
      };
    };
    const all: Record<string, unknown> = {};
    for (const name of plain) all[name] = wrap(original[name] as unknown as Op);
    all['notify'] = wrap((words, index, count = Number.POSITIVE_INFINITY) => {
      this.#woken = { index: at(words, index), count };
      return Math.min(count, this.#sleepersOn(at(words, index)).length);
    });
    all['wait'] = wrap((words, index, expected = 0, deadlineMs = Number.POSITIVE_INFINITY) => {
      if (original.load(words as never, index as never) !== expected) return 'not-equal';
      (this.#running as Running).slept = {
        index: at(words, index),
        timed: deadlineMs !== Number.POSITIVE_INFINITY,
      };
      throw suspended;
    });
    return all;
  }

  #operate(perform: () => Result): Result {
    const running = this.#running as Running;
    const known = running.log[running.position];
    if (known !== undefined) {
      running.position++;
      return known;
    }
    if (running.stepped || running.slept !== undefined) throw suspended;
    running.stepped = true;
    const result = perform();
    running.log.push(result);
    running.position++;
    return result;
  }
}
