import {
  type Clock,
  type InspectedMessage,
  type MessageId,
  QuorateError,
  type QueueStore,
  type StateRecord,
  Wake,
} from '@quorate/core';
import { deadHeaders } from '../dead-letters/cause.ts';
import type { EngineTime } from './engine-time.ts';
import { labelOf, type Places } from './envelope.ts';
import { missingMember } from './flow-liveness.ts';
import type { FlowRecord } from './flow-record.ts';
import { jsonValue } from './json-bytes.ts';
import { type Outcome, outcomeOfDead, readResult, type ResultRecord, writeResult } from './outcome.ts';
import type { ResultWatch } from './result-watch.ts';
import { taskCancelled, taskFailed, taskGone } from './task-error.ts';
import type { TaskStatus } from './task-handle.ts';

/** For how long a wish to cancel is kept for the worker that has the task, beyond the time when it could start. */
const cancelTtlMs = 86_400_000;

/** Waits between looks grow by this, up to so long: hints tell sooner. */
const pollFactor = 1.5;
const pollMaxMs = 5000;

/** What {@link Lookup} needs of its application. */
export interface LookupOptions {
  readonly store: QueueStore;
  readonly clock: Clock;
  readonly time: EngineTime;
  readonly places: Places;
  readonly deadLetters: string;
  readonly results: ResultWatch;
  readonly resultTtlMs: number;
  readonly pollMs: number;
  /** Of the record of a result that is none: of the task that was sent under the id before. */
  readonly formerVersion?: number | undefined;
}

type Look =
  | { readonly type: 'ended'; readonly outcome: Outcome; readonly version: number }
  | { readonly type: 'flow'; readonly flow: FlowRecord; readonly version: number }
  /** Its version is that of the record of an earlier end; 0 where there is none. */
  | { readonly type: 'waiting'; readonly message: InspectedMessage; readonly version: number }
  | { readonly type: 'gone' };

/** Finds out how a task stands, from its record, its message, and what else may be left of it. */
export class Lookup {
  readonly clock: Clock;
  readonly #options: LookupOptions;

  constructor(options: LookupOptions) {
    this.clock = options.clock;
    this.#options = options;
  }

  /** One that takes a record of this version for that of the task before. */
  after(formerVersion: number | undefined): Lookup {
    return new Lookup({ ...this.#options, formerVersion });
  }

  async result(id: string, signal: AbortSignal | undefined): Promise<unknown> {
    const { results, pollMs } = this.#options;
    const never = new AbortController().signal;
    const wake = new Wake();
    // Before the first look, so that nothing that happens after it goes by unheard.
    using _ = results.listen(id, wake);
    const flowLook = { missing: undefined as string | undefined, from: 0 };
    for (let restMs = pollMs; ; restMs = Math.min(restMs * pollFactor, pollMaxMs)) {
      const look = await this.#patiently(() => this.#look(id, signal));
      if (look?.type === 'ended') return valueOf(id, look.outcome);
      if (look?.type === 'gone') throw taskGone(id);
      if (look?.type === 'flow') await this.#patiently(() => this.#checkFlow(id, look, flowLook, signal));
      await wake.wait(this.clock, restMs, signal ?? never);
      signal?.throwIfAborted();
    }
  }

  async status(id: string, signal: AbortSignal | undefined): Promise<TaskStatus> {
    const look = await this.#look(id, signal);
    if (look.type === 'ended') return { state: look.outcome.state };
    if (look.type === 'gone') return { state: 'gone' };
    if (look.type === 'flow') return { state: 'running' };
    const { state, attemptCount, deliveryCount, readyAtMs } = look.message;
    return {
      state: state === 'leased' ? 'running' : state,
      attempts: attemptCount,
      deliveries: deliveryCount,
      ...(state === 'delayed' ? { readyAtMs } : {}),
    };
  }

  async progress(id: string, signal: AbortSignal | undefined): Promise<unknown> {
    const { store, places } = this.#options;
    const record = await store.state.get(places.progress(id), { signal });
    return record && jsonValue(record.value);
  }

  async cancel(id: string, signal: AbortSignal | undefined): Promise<boolean> {
    const { store, places, time, resultTtlMs } = this.#options;
    const look = await this.#look(id, signal);
    if (look.type === 'ended' || look.type === 'gone') return false;
    const nowMs = await time.now();
    const readyAtMs = look.type === 'waiting' ? look.message.readyAtMs : 0;
    const expiresAtMs = Math.max(nowMs, readyAtMs) + cancelTtlMs;
    await this.#write(places.cancel(id), new Uint8Array(), expiresAtMs, undefined, signal);
    // It stays, so that it never ends before a wish.
    await this.#write(places.cancelMark, new Uint8Array(), undefined, undefined, signal);
    if (look.type === 'flow') return this.#cancelFlow(id, signal);
    const message = await store.inspect.get(places.queue, id as MessageId, { signal });
    // Who leases it from now on sees the wish before the start: so it has ended, and taking it away disturbs nobody's order.
    const isOnItsOwn = message !== undefined && labelOf(message).flow === undefined;
    if (isOnItsOwn && message.state !== 'leased') {
      const value = writeResult({ state: 'cancelled' });
      await this.#write(places.result(id), value, nowMs + resultTtlMs, look.version, signal);
      const [removal] = await store.inspect.remove(places.queue, [id as MessageId], { signal });
      if (removal?.outcome === 'applied' && removal.removed)
        await store.state.write({ key: places.cancel(id), value: undefined }, { signal });
    }
    return true;
  }

  async #look(id: string, signal: AbortSignal | undefined): Promise<Look> {
    const { store, places, deadLetters, formerVersion } = this.#options;
    const recorded = await this.#recorded(id, signal);
    const isFormer = recorded !== undefined && recorded.version === formerVersion;
    const mayBeBack = recorded?.type === 'ended' && recorded.outcome.state === 'failed';
    if (recorded !== undefined && !isFormer && !mayBeBack) return recorded;
    const message = await store.inspect.get(places.queue, id as MessageId, { signal });
    // One that failed and is there again was put back from the dead letters.
    const isThere = recorded === undefined || isFormer || deadHeaders.cause in (message?.headers ?? {});
    if (message !== undefined && isThere)
      return { type: 'waiting', message, version: recorded?.version ?? 0 };
    // It may have ended in between; and the end of some leaves no record.
    const ended = await this.#recorded(id, signal);
    if (ended !== undefined && ended.version !== formerVersion) return ended;
    const dead = await store.inspect.get(deadLetters, id as MessageId, { signal });
    return dead === undefined
      ? { type: 'gone' }
      : { type: 'ended', outcome: outcomeOfDead(dead), version: 0 };
  }

  async #recorded(
    id: string,
    signal: AbortSignal | undefined,
  ): Promise<Extract<Look, { readonly type: 'ended' | 'flow' }> | undefined> {
    const { store, places } = this.#options;
    const record = await store.state.get(places.result(id), { signal });
    if (record === undefined) return undefined;
    const result = readResult(record.value);
    if (result.state !== 'running') return { type: 'ended', outcome: result, version: record.version };
    return { type: 'flow', flow: result, version: record.version };
  }

  /** A flow of which a message was purged never goes on by itself: whoever waits for it ends it. */
  async #checkFlow(
    id: string,
    look: { readonly flow: FlowRecord; readonly version: number },
    seen: { missing: string | undefined; from: number },
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { store, places, time } = this.#options;
    const { id: missing, lookedAt } = await missingMember(store, places, id, look.flow, seen.from, signal);
    if (missing === undefined) seen.from += lookedAt;
    const isSure = missing !== undefined && missing === seen.missing;
    seen.missing = missing;
    // Looked for twice, for its sender may be about to put it.
    if (!isSure) return;
    const { name, message, code } = taskGone(missing);
    const outcome: Outcome = {
      state: 'failed',
      error: { name, message, code },
      retryable: false,
      attempts: 0,
    };
    const expiresAtMs = (await time.now()) + look.flow.resultTtlMs;
    await this.#write(places.result(id), writeResult(outcome), expiresAtMs, look.version, signal);
  }

  async #cancelFlow(id: string, signal: AbortSignal | undefined): Promise<boolean> {
    const { places, time } = this.#options;
    for (;;) {
      const look = await this.#recorded(id, signal);
      if (look?.type !== 'flow') return false;
      const value = writeResult({ state: 'cancelled' });
      const expiresAtMs = (await time.now()) + look.flow.resultTtlMs;
      const conflict = await this.#write(places.result(id), value, expiresAtMs, look.version, signal);
      if (conflict === undefined) return true;
    }
  }

  /** @returns what stands there instead. @throws QuorateError where nobody can tell whether it was written */
  async #write(
    key: string,
    value: Uint8Array,
    expiresAtMs: number | undefined,
    version: number | undefined,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly current: StateRecord | undefined } | undefined> {
    const write = {
      key,
      value,
      ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
      ...(version === undefined ? {} : { version }),
    };
    const result = await this.#options.store.state.write(write, { signal });
    if (result.outcome === 'unknown') throw result.cause;
    return result.outcome === 'applied' ? undefined : { current: result.current };
  }

  /** Undefined where the store cannot be asked just now. */
  async #patiently<Value>(ask: () => Promise<Value>): Promise<Value | undefined> {
    try {
      return await ask();
    } catch (thrown) {
      if (thrown instanceof QuorateError && thrown.retryable && thrown.code !== 'DEADLINE_EXCEEDED')
        return undefined;
      throw thrown;
    }
  }
}

/** @throws QuorateError unless it succeeded */
function valueOf(id: string, outcome: Exclude<ResultRecord, FlowRecord>): unknown {
  if (outcome.state === 'succeeded') return outcome.value;
  if (outcome.state === 'cancelled') throw taskCancelled(id);
  throw taskFailed(id, outcome.error, outcome.retryable, outcome.attempts);
}
