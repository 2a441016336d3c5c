/** A thread of a model. */
export interface Program {
  readonly name: string;
  /**
   * What it does in one phase. Run anew for every step; makes its objects itself. What it did in earlier phases is forgotten,
   * which makes many states one.
   */
  run(phase: number): void;
  /** Default 1. */
  readonly phases?: number;
  /** Whether it can be killed. */
  readonly mortal?: boolean;
  /** Runs only after so many were killed. */
  readonly afterDeaths?: number;
}

/** Threads on one memory, and what must hold of them. */
export interface Model {
  readonly memory: SharedArrayBuffer;
  readonly programs: readonly Program[];
  /** How many threads may be killed, each at any step. */
  readonly kills?: number;
  /** Called where a thread is killed, to note it in memory. */
  onKill?(program: number, words: Int32Array): void;
  /** Words that only count; operations on them are no steps. */
  readonly ignored?: (index: number) => boolean;
  /** Whether a thread may sleep for ever where nothing is left to do. Default: no. */
  maySleep?(words: Int32Array): boolean;
  /** Called where nothing is left to do. Throws where that is wrong. */
  atEnd?(words: Int32Array, dead: readonly boolean[]): void;
}

/** What can happen next: a thread makes a step, its wait times out, or it is killed. */
export type Choice = { readonly thread: number; readonly what: 'step' | 'time-out' | 'kill' };

/** What a schedule led to that must not be. */
export class ModelFailure extends Error {
  readonly schedule: readonly Choice[];

  constructor(message: string, schedule: readonly Choice[], names: readonly string[], cause?: unknown) {
    const steps = schedule.map(({ thread, what }) =>
      what === 'step' ? names[thread] : `${what}(${names[thread]})`,
    );
    super(`${message}\nafter: ${steps.join(' ')}`, { cause });
    this.schedule = schedule;
  }
}

/** Fails the thread, and with it the model. */
export function must(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}
