import { type Clock, systemClock, type WaitOptions } from '@quorate/core';
import type { Operation } from '../operation.ts';
import { type Checking, checking, type Limits, type Progress, stopped } from './checking.ts';
import type { Model } from './model.ts';
import type { LinearizabilityResult } from './result.ts';

/** How long a check computes before it lets others have the event loop. */
const turnMs = 10;

/** What a check may cost. */
export interface CheckLimits {
  /** Memory that the search of one partition may hold, roughly. Default 512 MiB. */
  readonly memoryMaxBytes?: number;
  /** Configurations that may be tried, over all partitions. Default: no limit. The only limit that is the same on every machine. */
  readonly stepsMax?: number;
}

export interface CheckOptions extends CheckLimits, WaitOptions {
  /** Default: the system's. */
  readonly clock?: Clock;
}

export interface CheckSyncOptions extends CheckLimits {
  /** Needed with `deadlineMs`. */
  readonly clock?: Clock;
  readonly deadlineMs?: number;
}

/**
 * Finds out whether a history is linearizable by a model, or where it is not.
 *
 * The question is NP-complete (Gibbons & Korach 1997), so some histories take for ever: give a deadline. It is kept within
 * 100 ms, and other work goes on meanwhile: the check gives the event loop back every 10 ms or so.
 *
 * Operations without a return may take effect at any time after their invocation, or never. Operations of one process must
 * not overlap, but for those that never returned. At equal times of different processes intervals touch, and touching
 * intervals overlap.
 *
 * @returns `ok`, `violation`, or `unknown` when a limit, the deadline or the signal came first: never an error for those
 * @throws RangeError for a history that cannot have happened, or bad options; TypeError where the model refuses an operation
 */
export async function checkLinearizability<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  options: CheckOptions = {},
): Promise<LinearizabilityResult<State>> {
  const { clock = systemClock, signal } = options;
  const dueMs = clock.monotonicMs() + validDeadline(options.deadlineMs);
  const progress: Progress = { steps: 0, left: undefined };
  const check = checking(model, history, limitsOf(options), progress);
  for (;;) {
    if (signal?.aborted) return stopped('aborted', progress);
    const result = runUntil(check, clock, Math.min(dueMs, clock.monotonicMs() + turnMs));
    if (result !== undefined) return result;
    if (clock.monotonicMs() >= dueMs) return stopped('deadline', progress);
    await new Promise<void>(resolve => {
      clock.setTimer(0, resolve);
    });
  }
}

/**
 * As {@link checkLinearizability}, without giving the event loop back: for simulated code, which has neither real time nor
 * another thread. Bound it by `stepsMax`, so that it answers the same on every machine.
 */
export function checkLinearizabilitySync<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  options: CheckSyncOptions = {},
): LinearizabilityResult<State> {
  const { clock } = options;
  const deadlineMs = validDeadline(options.deadlineMs);
  if (clock === undefined && deadlineMs !== Number.POSITIVE_INFINITY) {
    throw new TypeError(`A deadline needs a clock: received a deadline of ${deadlineMs} ms alone`);
  }
  const progress: Progress = { steps: 0, left: undefined };
  const check = checking(model, history, limitsOf(options), progress);
  const dueMs = clock === undefined ? deadlineMs : clock.monotonicMs() + deadlineMs;
  return runUntil(check, clock, dueMs) ?? stopped('deadline', progress);
}

/** @returns undefined where the time came first */
function runUntil<State>(
  check: Checking<State>,
  clock: Clock | undefined,
  dueMs: number,
): LinearizabilityResult<State> | undefined {
  for (;;) {
    const turn = check.next();
    if (turn.done === true) return turn.value;
    if (clock !== undefined && clock.monotonicMs() >= dueMs) return undefined;
  }
}

function limitsOf({
  memoryMaxBytes = 512 * 2 ** 20,
  stepsMax = Number.POSITIVE_INFINITY,
}: CheckLimits): Limits {
  if (!(memoryMaxBytes > 0))
    throw new RangeError(`Memory limit in bytes must be a number above 0: received ${memoryMaxBytes}`);
  if (!(stepsMax > 0)) throw new RangeError(`Limit of steps must be a number above 0: received ${stepsMax}`);
  return { memoryMaxBytes, stepsMax };
}

function validDeadline(deadlineMs: number = Number.POSITIVE_INFINITY): number {
  if (!(deadlineMs >= 0))
    throw new RangeError(`Deadline in ms must be a number of at least 0: received ${deadlineMs}`);
  return deadlineMs;
}
