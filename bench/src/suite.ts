import type { Random } from '@quorate/core';
import type { KeySet } from './input/key-set.ts';

/** A parameter of a bench: what a row in the report is told apart by. */
export type ParamValue = number | string;
export type Params = Readonly<Record<string, ParamValue>>;

/**
 * One contender's work, made by a {@link Setup} on the thread that will run it.
 *
 * The unit of measuring is a *cycle*: `cycle` calls of `run`, after which the work repeats exactly. A timed chunk is a whole
 * number of cycles and each cycle must return the same checksum, so that no statistic can choose which work it compares.
 */
export interface Kernel {
  /** Operations in one call of `run`; times are reported per operation. Make a call last 10 µs or more. */
  readonly ops: number;
  /** Calls of `run` in one cycle, 1 unless given. */
  readonly cycle?: number;
  /** Runs before each `run` and is not timed: fresh input, or the state put back. Not allowed in thread groups. */
  prepare?(pass: number): void;
  /** The work. Returns an integer that depends on every result, so that none of it can be optimised away. */
  run(pass: number): number | Promise<number>;
  /** One operation, for the distribution of single calls (p50, p99). Its result is awaited. */
  call?(index: number): unknown;
  /**
   * Totals since the kernel was made of what tells more about contention than time does: retries, wakes, messages. Read
   * before and after each measured window; what is reported is the difference per operation. Always the same names.
   */
  counts?(): Readonly<Record<string, number>>;
  /** Ends what the kernel started: workers, ports. */
  close?(): void | Promise<void>;
}

/** What is reported: time of an operation, or an amount that contenders find themselves. */
export type Unit = 'ns' | 'bytes' | 'count';

/** What a contender of a bench whose unit is not time returns: the amount, already measured. */
export interface Quantity {
  readonly quantity: number;
}

/** What the harness hands to a contender. */
export interface Context {
  readonly params: Params;
  /** A parameter that must be a number. @throws TypeError where it is not one */
  number(name: string): number;
  /** The first `count` keys of the run's input (words, `--keys FILE`, or the trace). */
  keys(count: number): KeySet;
  /** A generator for this purpose alone: the same in every process and for every contender of a run. */
  random(label: string): Random;
  /** This thread's place in its group: index 0 of count 1 outside thread groups. A suite can hand out roles by it. */
  readonly thread: { readonly index: number; readonly count: number };
  /** What the bench's `group` made in this process; shared memory in it is shared by the group's threads. */
  readonly group: unknown;
}

/** What all processes of a bench use together while it runs, such as a server. */
export interface Surroundings extends AsyncDisposable {
  /** What the processes find in their environment: where it is. */
  readonly environment: Readonly<Record<string, string>>;
}

export type Setup = (context: Context) => Kernel | Quantity | Promise<Kernel | Quantity>;

/** A figure that the work is meant to reach; it is shown beside what was measured and never fails a run. */
export type Goal = RatioGoal | LimitGoal | ScalingGoal;

/** `of` takes at most `atMost` of the time (or bytes) of `to`. */
export interface RatioGoal {
  readonly of: string;
  readonly to: string;
  readonly atMost: number;
}

/** `of` takes at most this much, in the bench's unit: ns per operation, bytes, or a count. */
export interface LimitGoal {
  readonly of: string;
  readonly limit: number;
}

/** `threads` threads do `atLeast` times the work of one; only judged where `control` itself scales as far. */
export interface ScalingGoal {
  readonly of: string;
  readonly threads: number;
  readonly atLeast: number;
  readonly control: string;
}

export interface Bench {
  readonly name: string;
  readonly about?: string;
  /** Each parameter's values; the bench runs once for every combination. `--param` replaces them. */
  readonly params?: Readonly<Record<string, readonly ParamValue[]>>;
  /** Values of some of these for the profile `full`: what takes too long for a quick look. */
  readonly fullParams?: Readonly<Record<string, readonly ParamValue[]>>;
  /** By name. The first is `of`, whom the others are compared with, unless `of` says otherwise. */
  readonly contenders: Readonly<Record<string, Setup>>;
  readonly of?: string;
  /** Contenders that only show what the machine can do: they are not compared by time. */
  readonly controls?: readonly string[];
  /** Sizes of the thread groups to run in: their threads start at a barrier. Absent: one thread. */
  readonly threads?: readonly number[];
  /** The threads of a group wait for each other as part of the work, so they need not be on a core all the time. */
  readonly blocking?: boolean;
  /** Runs once in each measured process; its result is cloned to the threads as `context.group`. */
  readonly group?: (context: Context) => unknown;
  /**
   * Starts what takes too long for each process, once before the first of them; it is ended after the last, and must end by itself
   * where this process is killed. The regression check has no such thing, so the bench says why it is `unchecked`.
   */
  readonly surroundings?: (params: Params) => Promise<Surroundings>;
  /** A process of it takes long, or starts others: a run has half as many of them. */
  readonly slow?: boolean;
  /** All contenders must return the same checksum: they compute the same thing. */
  readonly agree?: boolean;
  /**
   * The fewest cycles to run before measuring, 1 unless given. The first process of a row runs as many more as take the
   * profile's time for warming up; the others run exactly as many as the first.
   */
  readonly warmupCycles?: number;
  /** `ns` unless given. A count is exact, so one process is enough. */
  readonly unit?: Unit;
  /**
   * Calls a second that arrive whatever the kernel does (an open loop): `call` is then also timed from the moment at which
   * it was due, so that a long one is charged for those that it held up.
   */
  readonly rate?: number;
  /**
   * The least change of time that the regression check calls one, as a share: 0.025, or 0.25 in thread groups and where
   * threads wait for each other (`blocking`), unless given.
   */
  readonly minEffect?: number;
  /** The contenders that the regression check compares between two builds: those whose name begins with `@quorate/`, unless given. */
  readonly checked?: readonly string[];
  /** Why the regression check leaves this bench out, if it does; the reason goes into its report. */
  readonly unchecked?: string;
  /** Why this contender cannot run with these parameters, if it cannot; the reason goes into the report. */
  readonly skip?: (contender: string, params: Params) => string | undefined;
  readonly goals?: readonly Goal[];
}

export interface Suite {
  readonly name: string;
  readonly about: string;
  /** Runs only when it is asked for by its full name. */
  readonly onRequest?: boolean;
  readonly benches: readonly Bench[];
}

/**
 * Declares the suite of a module in `bench/suites`; it is the module's default export and bears the file's name.
 *
 * @throws TypeError where names repeat, where a list is empty so that nothing would run, where surroundings are checked, or a goal, a control, `checked` or
 *   `of` names a contender that is not there
 */
export function defineSuite(suite: Suite): Suite {
  const seen = new Set<string>();
  if (suite.benches.length === 0)
    throw new TypeError(`Suite "${suite.name}" must have a bench: received none`);
  for (const bench of suite.benches) {
    const where = `${suite.name}/${bench.name}`;
    if (seen.has(bench.name)) throw new TypeError(`Bench names must differ: received "${where}" twice`);
    seen.add(bench.name);
    if (bench.surroundings !== undefined && bench.unchecked === undefined)
      throw new TypeError(
        `Bench "${where}" has surroundings and must say why it is unchecked: received nothing`,
      );
    const contenders = Object.keys(bench.contenders);
    const lacks = lackOf(bench);
    if (lacks !== undefined) throw new TypeError(`Bench "${where}" must have ${lacks}: received none`);
    for (const name of contendersNamed(bench)) {
      if (contenders.includes(name)) continue;
      throw new TypeError(`Bench "${where}" must name one of its contenders: received "${name}"`);
    }
  }
  return suite;
}

/** What an empty list stands for. A bench that silently did not run would be taken for one in which all is well. */
function lackOf({ contenders, params = {}, fullParams = {}, threads, checked }: Bench): string | undefined {
  if (Object.keys(contenders).length === 0) return 'a contender';
  for (const [name, values] of Object.entries(fullParams)) {
    if (params[name] === undefined) return `the parameter "${name}", as fullParams names it`;
    if (values.length === 0) return `a value of "${name}" in fullParams`;
  }
  const param = Object.keys(params).find(name => params[name]?.length === 0);
  if (param !== undefined) return `a value of "${param}"`;
  if (threads?.length === 0) return 'a size of thread groups';
  return checked?.length === 0 ? 'a contender to check, or say why it is unchecked' : undefined;
}

function contendersNamed(bench: Bench): string[] {
  const names = [...(bench.controls ?? []), ...(bench.checked ?? [])];
  if (bench.of !== undefined) names.push(bench.of);
  for (const goal of bench.goals ?? []) {
    names.push(goal.of);
    if ('to' in goal) names.push(goal.to);
    if ('control' in goal) names.push(goal.control);
  }
  return names;
}
