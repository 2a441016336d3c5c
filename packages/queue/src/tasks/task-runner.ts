import { type Clock, errorCode, QuorateError, type QueueStore, type Random, sleep } from '@quorate/core';
import { deadEnding, errorHeaders } from '../dead-letters/cause.ts';
import type { StrangerDeference } from '../working/deference.ts';
import type { Delivery, DeliveryHandler, Ending } from '../working/ending.ts';
import { retryDelayMs } from '../working/retry-policy.ts';
import type { CancelWatch } from './cancel-watch.ts';
import type { EngineTime } from './engine-time.ts';
import { labelOf, ownHeaders, type Places, taskHeaders, type TaskLabel } from './envelope.ts';
import { errorRecord, revivedError } from './error-record.ts';
import type { FlowEnder } from './flow-ender.ts';
import { jsonBytes, jsonValue } from './json-bytes.ts';
import { fitting, type Outcome, writeResult } from './outcome.ts';
import { ProgressWriter } from './progress-writer.ts';
import { Attempt, type AttemptEnd } from './run-attempt.ts';
import { validated } from './standard-schema.ts';
import type { AnyTask, TaskContext } from './task.ts';
import { taskCancelled, taskCrashed, taskTimeout } from './task-error.ts';
import { taskChannel, type TaskEvent } from './task-event.ts';

/** What a runner needs of its application. */
export interface RunnerOptions {
  readonly store: QueueStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly time: EngineTime;
  readonly places: Places;
  readonly tasks: ReadonlyMap<string, AnyTask>;
  readonly flows: FlowEnder;
  readonly cancels: CancelWatch;
  readonly deadLetters: string;
  readonly resultTtlMs: number;
  readonly graceMs: number;
  readonly crashesMax: number;
  /** Told of what is not known here. */
  readonly deference: StrangerDeference;
  readonly onTask: ((event: TaskEvent) => void) | undefined;
}

/** A worker that does not know a task leaves it to those who do, more and more rarely in the way. */
const putOffRest = { attemptsMax: 1, delayMs: 1000, factor: 2, delayMaxMs: 60_000 };

/** A delivery, read. */
interface Started {
  readonly delivery: Delivery;
  readonly label: TaskLabel;
  readonly task: AnyTask;
  readonly attempt: number;
}

/** Runs tasks, and says how their messages end. */
export class TaskRunner implements DeliveryHandler {
  readonly #options: RunnerOptions;
  /** How those ended that are being settled, for who has to be told again what follows. */
  readonly #ended = new WeakMap<
    Delivery,
    { readonly started: Started; readonly outcome: Outcome; readonly ending: Ending }
  >();

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  async handle(delivery: Delivery): Promise<Ending> {
    const label = labelOf(delivery.message);
    const attempt = delivery.attempt - label.skipCount;
    try {
      const task = this.#options.tasks.get(label.task);
      if (task === undefined || label.version > task.version) {
        this.#options.deference.begin();
        const known = task === undefined ? 'none of the name' : `version ${task.version}`;
        throw new Error(`Task "${label.task}" of version ${label.version} is not known here: ${known}`);
      }
      return await this.#handle({ delivery, label, task, attempt });
    } catch (thrown) {
      return this.#putOff(delivery, label, thrown);
    }
  }

  /** @throws where the store cannot be asked: then the task is run again */
  async endAgain(delivery: Delivery, ending: Ending): Promise<Ending> {
    const ended = this.#ended.get(delivery);
    if (ended === undefined) return ending;
    try {
      return await this.#settled(ended.started, ended.outcome, ended.ending);
    } catch (thrown) {
      return this.#putOff(delivery, ended.started.label, thrown);
    }
  }

  /** What follows is more than the store takes, for ever: to run the task again would not make it less. */
  endInstead(delivery: Delivery, error: unknown): Promise<Ending> {
    const ended = this.#ended.get(delivery);
    if (ended === undefined || ended.outcome.state !== 'succeeded') return Promise.reject(error);
    return this.#failed(ended.started, error, false);
  }

  async #handle(started: Started): Promise<Ending> {
    const { delivery, label, task } = started;
    const { flows, cancels, crashesMax } = this.#options;
    const { id } = label;
    if (label.flow !== undefined && !(await flows.isAwaited(label.flow))) return { type: 'acknowledge' };
    const ids = label.flow === undefined ? [id] : [id, label.flow.id];
    if (await cancels.isCancelled(ids)) return this.#cancelled(started);
    // What a worker started and nobody ended: neither a failure nor a skip was written.
    const crashCount = delivery.attempt - 1 - label.endCount;
    if (crashCount >= crashesMax) return this.#failed(started, taskCrashed(id, crashCount), false);
    this.#tell(started, 'started');
    let input: unknown;
    try {
      input = await validated(`Input of task "${task.name}"`, task.input, jsonValue(delivery.message.body));
    } catch (thrown) {
      return this.#failed(started, thrown, false);
    }
    // All that was asked and checked takes time, in which the lease may have gone to another.
    if (delivery.signal.aborted) return this.#putOff(delivery, label, delivery.signal.reason, 0);
    return this.#run(started, input, ids);
  }

  async #run(started: Started, input: unknown, ids: readonly string[]): Promise<Ending> {
    const { delivery, label, task } = started;
    const { clock, graceMs, cancels } = this.#options;
    const { id } = label;
    const { timeoutMs } = task;
    using attempt = new Attempt({
      clock,
      graceMs,
      timeoutMs,
      signal: delivery.signal,
      timedOut: () => taskTimeout(id, timeoutMs ?? 0),
    });
    using _ = cancels.listen(ids, () => attempt.abort(taskCancelled(id)));
    const context = this.#context(started, attempt);
    const end = await attempt.run(() => task.run(input, context));
    return this.#endOf(started, end, attempt.signal);
  }

  #context({ delivery, label, attempt: count }: Started, attempt: Attempt): TaskContext {
    const { store, time, places, resultTtlMs } = this.#options;
    const { id } = label;
    const { token, deliveryCount, headers } = delivery.message;
    const progress = new ProgressWriter(store, time, places.progress(id), Math.max(resultTtlMs, 60_000));
    return {
      id,
      token,
      deliveryCount,
      attempt: count,
      signal: attempt.signal,
      headers: ownHeaders(headers),
      progress: value => progress.write(jsonBytes('Progress', value)),
      extend: durationMs => attempt.extend(durationMs),
    };
  }

  #endOf(started: Started, end: AttemptEnd, signal: AbortSignal): Promise<Ending> | Ending {
    const code = signal.aborted ? errorCode(signal.reason) : undefined;
    if (code === 'TASK_TIMEOUT') return this.#failedOnce(started, signal.reason);
    if (end.type === 'returned') return this.#succeeded(started, end.value);
    if (code === 'TASK_CANCELLED') return this.#cancelled(started);
    // The lease is somebody else's, or the worker is told to end: the task begins again, and this was no attempt.
    if (code !== undefined) return this.#putOff(started.delivery, started.label, signal.reason, 0);
    return this.#failedOnce(started, end.type === 'threw' ? end.error : signal.reason);
  }

  #succeeded(started: Started, value: unknown): Promise<Ending> {
    const { store } = this.#options;
    const what = `Result of task "${started.task.name}"`;
    try {
      const { length } = jsonBytes(what, value);
      const limit = store.capabilities.bodyMaxBytes - recordRoom;
      if (length > limit) throw new RangeError(`${what} must be at most ${limit} bytes: received ${length}`);
    } catch (thrown) {
      return this.#failed(started, thrown, false);
    }
    this.#tell(started, 'succeeded');
    return this.#settled(
      started,
      value === undefined ? { state: 'succeeded' } : { state: 'succeeded', value },
      {
        type: 'acknowledge',
      },
    );
  }

  /** An attempt failed: there is another, or it was the last. */
  #failedOnce(started: Started, error: unknown): Promise<Ending> | Ending {
    const { task, attempt } = started;
    const isRetryable = isWorthRetrying(task, error);
    if (!isRetryable || attempt >= task.policy.attemptsMax) return this.#failed(started, error, isRetryable);
    this.#tell(started, 'retried', error);
    const delayMs = retryDelayMs(task.policy, attempt, this.#options.random);
    const headers = {
      ...errorHeaders(revivedError(errorRecord(error))),
      [taskHeaders.ends]: `${started.delivery.attempt}`,
    };
    return { type: 'retry', delayMs, headers };
  }

  #failed(started: Started, error: unknown, retryable: boolean): Promise<Ending> {
    const { message } = started.delivery;
    this.#tell(started, 'failed', error);
    const { queue, deliveryCount } = message;
    const from = { queue, deliveryCount, attemptCount: started.attempt };
    // Who puts it back gives it all its attempts again.
    const record = errorRecord(error);
    const headers = {
      ...errorHeaders(revivedError(record)),
      [taskHeaders.id]: started.label.id,
      [taskHeaders.ends]: '0',
      [taskHeaders.skips]: '0',
    };
    const ending = deadEnding(this.#options.deadLetters, from, retryable ? 'attempts' : 'rejected', headers);
    const outcome: Outcome = {
      state: 'failed',
      error: record,
      retryable,
      attempts: started.attempt,
    };
    return this.#settled(started, outcome, ending);
  }

  #cancelled(started: Started): Promise<Ending> {
    this.#tell(started, 'cancelled');
    return this.#settled(started, { state: 'cancelled' }, { type: 'acknowledge' });
  }

  /** Adds to the end of a message what follows from how its task ended. */
  async #settled(started: Started, full: Outcome, ending: Ending): Promise<Ending> {
    const { store, flows, places, time, resultTtlMs } = this.#options;
    const outcome = fitting(full, store.capabilities.bodyMaxBytes);
    this.#ended.set(started.delivery, { started, outcome, ending });
    const { id, flow } = started.label;
    const wish = outcome.state === 'cancelled' ? [{ key: places.cancel(id), value: undefined }] : [];
    if (flow !== undefined) {
      const { puts = [], state = [] } = await this.#patiently(started, () => flows.following(flow, outcome));
      return { ...ending, puts, state: [...state, ...wish] };
    }
    const ttlMs = started.task.resultTtlMs ?? resultTtlMs;
    if (ttlMs === 0) return { ...ending, state: wish };
    const expiresAtMs = (await time.now()) + ttlMs;
    return {
      ...ending,
      state: [{ key: places.result(id), value: writeResult(outcome), expiresAtMs }, ...wish],
    };
  }

  /** What has been done is not done again because a store cannot be asked for a moment: as long as the lease is held, it is asked. */
  async #patiently<Value>({ delivery }: Started, ask: () => Promise<Value>): Promise<Value> {
    for (let restMs = 100; ; restMs = Math.min(2 * restMs, 5000)) {
      try {
        return await ask();
      } catch (thrown) {
        if (!(thrown instanceof QuorateError && thrown.retryable) || delivery.signal.aborted) throw thrown;
        await sleep(this.#options.clock, restMs, { signal: delivery.signal });
      }
    }
  }

  /** Leaves it to another worker or a later time. It was no attempt. */
  #putOff(delivery: Delivery, label: TaskLabel, error: unknown, delayMs?: number): Ending {
    const { random } = this.#options;
    const task = { name: label.task };
    this.#tell({ label, task, attempt: delivery.attempt - label.skipCount }, 'put-off', error);
    return {
      type: 'retry',
      delayMs: delayMs ?? retryDelayMs(putOffRest, label.skipCount + 1, random),
      headers: { [taskHeaders.ends]: `${delivery.attempt}`, [taskHeaders.skips]: `${label.skipCount + 1}` },
    };
  }

  #tell(
    started: {
      readonly label: TaskLabel;
      readonly task: { readonly name: string };
      readonly attempt: number;
    },
    type: TaskEvent['type'],
    error?: unknown,
  ): void {
    const { onTask } = this.#options;
    if (onTask === undefined && !taskChannel.active) return;
    const { label, task, attempt } = started;
    const base = { type, task: task.name, id: label.id, attempt };
    const event: TaskEvent = error === undefined ? base : { ...base, error };
    onTask?.(event);
    if (taskChannel.active) taskChannel.publish(event);
  }
}

/** What a result's record holds beside the value, at most. */
const recordRoom = 1024;

function isWorthRetrying({ retry }: AnyTask, error: unknown): boolean {
  if (retry?.retryable === undefined) return !(error instanceof QuorateError) || error.retryable;
  try {
    return retry.retryable(error);
  } catch {
    return true; // A mistake in the judgement is not the task's.
  }
}
