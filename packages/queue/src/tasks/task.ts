import type { FencingToken } from '@quorate/core';
import { checkDuration } from '../check-duration.ts';
import { type CheckedRetryPolicy, checkRetryPolicy, type RetryPolicy } from '../working/retry-policy.ts';
import { checkSchema, type StandardSchema } from './standard-schema.ts';

/** What a task's `run` is told beside its input. */
export interface TaskContext {
  readonly id: string;
  /**
   * Aborts when the attempt's time is over, the task was cancelled, the lease was lost, or the worker is told to end: its reason says
   * which. Whoever heeds it throws.
   */
  readonly signal: AbortSignal;
  /** Grows with every delivery: what the task writes to can refuse whoever comes with an older one. */
  readonly token: FencingToken;
  /** How often the task was started, this time included. */
  readonly attempt: number;
  /** How often it was handed out, started or not. */
  readonly deliveryCount: number;
  /** What the sender added to it. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Tells the handle how far it is, in what JSON can say. Only the latest is kept; it may get lost. Resolves when it is written or
   * lost.
   *
   * @throws TypeError where JSON cannot say it
   */
  readonly progress: (value: unknown) => Promise<void>;
  /** Gives this attempt so much time from now on, in place of what is left of `timeoutMs`. The lease needs no help. */
  readonly extend: (durationMs: number) => void;
}

/** When a failed attempt is followed by another. */
export interface TaskRetry extends RetryPolicy {
  /** Whether it is worth trying again after this error. Default: unless it is a `QuorateError` that says it is not. */
  retryable?(error: unknown): boolean;
}

/** What {@link defineTask} is given. */
export interface TaskOptions<Input, Checked, Output> {
  /** Under which messages ask for it. */
  readonly name: string;
  /** Grows when older workers could not run what newer ones send: they leave it to others. Default 1. */
  readonly version?: number;
  /** Any Standard Schema. Checked when it is sent and before it runs, because another release may have sent it. */
  readonly input: StandardSchema<Input, Checked>;
  /** Attempts, and how long it rests between them. Default: 10 attempts, from 1 s to 10 min apart. */
  readonly retry?: TaskRetry;
  /** Tasks of a key run one after the other, in the order in which they were sent, retries included. */
  key?(input: Checked): string | undefined;
  /** How many of a key may run at a time. Default 1. */
  readonly keyConcurrency?: number;
  /** How long an attempt may take. Default: as long as it likes. */
  readonly timeoutMs?: number;
  /** How long its result is kept; 0 for not at all. Default: that of the application. */
  readonly resultTtlMs?: number;
  /** What it gives is what JSON keeps of it. */
  run(input: Checked, context: TaskContext): Output | Promise<Output>;
}

/** A task as it is defined: what both sides share. */
export interface Task<Input, Checked, Output> extends TaskOptions<Input, Checked, Output> {
  readonly version: number;
  readonly policy: CheckedRetryPolicy;
}

export type AnyTask = Task<unknown, unknown, unknown>;

/** What a caller hands to a task. */
export type InputOf<Defined> =
  Defined extends Task<infer Input, infer _Checked, infer _Output> ? Input : never;

/** What a task gives back. */
export type OutputOf<Defined> =
  Defined extends Task<infer _Input, infer _Checked, infer Output> ? Output : never;

/**
 * Defines a task. Definitions are shared by those who send it and those who run it.
 *
 * @throws TypeError, RangeError
 */
export function defineTask<Input, Checked, Output>(
  options: TaskOptions<Input, Checked, Output>,
): Task<Input, Checked, Output> {
  const { name, version = 1, timeoutMs, keyConcurrency, resultTtlMs } = options;
  if (typeof name !== 'string' || !/^[\w.:-]{1,100}$/.test(name))
    throw new RangeError(
      `Name of a task must have 1 to 100 letters, digits, ".", ":", "-" and "_": received "${name}"`,
    );
  checkSchema(`Input of task "${name}"`, options.input);
  if (typeof options.run !== 'function')
    throw new TypeError(`Task "${name}" must have a function "run": received ${typeof options.run}`);
  if (options.key !== undefined && typeof options.key !== 'function')
    throw new TypeError(`Key of task "${name}" must be a function: received ${typeof options.key}`);
  checkInteger(`Version of task "${name}"`, version);
  if (keyConcurrency !== undefined) checkInteger(`Concurrency of a key of task "${name}"`, keyConcurrency);
  if (timeoutMs !== undefined) checkDuration(`Timeout of task "${name}"`, timeoutMs, 1);
  if (resultTtlMs !== undefined) checkDuration(`Result's time of task "${name}"`, resultTtlMs, 0);
  return { ...options, version, policy: checkRetryPolicy(options.retry) };
}

/** @throws RangeError */
export function checkInteger(what: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw new RangeError(`${what} must be an integer of at least 1: received ${String(value)}`);
}
