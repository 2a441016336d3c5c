import { boundedWait } from '../bounded-wait.ts';
import type { Clock } from '../clock.ts';
import type { Revision, SessionId } from '../ids.ts';
import type { WaitOptions } from '../link-signal.ts';
import { QuorateError } from '../quorate-error.ts';
import { KeptSession, momentOf } from './kept-session.ts';
import {
  checkBatch,
  checkCondition,
  checkDelta,
  checkInteger,
  checkKey,
  checkOperation,
  checkSessionId,
  checkValue,
} from './store-arguments.ts';
import type { DriverCall, StoreDriver } from './store-driver.ts';
import type {
  AddResult,
  BatchResult,
  BatchWrite,
  CallOptions,
  Condition,
  Enqueued,
  EnqueueResult,
  Entry,
  Listing,
  ListOptions,
  OperationId,
  Session,
  Store,
  StoreCapabilities,
  StoreEvent,
  Unknown,
  WriteResult,
} from './store.ts';

/** The most entries that one `list` gives. */
export const listMax = 1000;

const ttlMaxMs = 2 ** 31 - 1;

/** How long closing waits until the engine has ended the sessions. */
const endMs = 1000;

export interface DriveStoreOptions {
  /** What deadlines and sessions go by. */
  readonly clock: Clock;
  /** How long before its deadline a session is given up, ms. Default: a hundredth of its time to live and 10 ms more. */
  readonly marginMs?: (ttlMs: number) => number;
}

/**
 * Makes a Store of an engine's driver: with it an engine is the few calls that differ, and every engine treats wrong arguments,
 * deadlines, lost answers, sessions and closing alike.
 *
 * Closing ends the watches, which throw `CLOSED`, the sessions that were opened and the waits for others to end, and then disposes
 * of the driver.
 */
export function driveStore(driver: StoreDriver, options: DriveStoreOptions): Store {
  return new DrivenStore(driver, options);
}

class DrivenStore implements Store {
  readonly capabilities: StoreCapabilities;
  readonly #driver: StoreDriver;
  readonly #clock: Clock;
  readonly #marginMs: (ttlMs: number) => number;
  readonly #sessions = new Set<KeptSession>();
  readonly enqueue?: NonNullable<Store['enqueue']>;
  readonly add?: NonNullable<Store['add']>;
  readonly batch?: NonNullable<Store['batch']>;
  /** Settle when sessions whose opening is on its way are there, or not. */
  readonly #openings = new Set<Promise<void>>();
  /** Ends each watch that is under way. */
  readonly #watches = new Set<() => void>();
  /** Ends each wait for the end of a session. */
  readonly #observations = new Set<() => void>();
  #closed: Promise<void> | undefined;

  constructor(driver: StoreDriver, { clock, marginMs = defaultMarginMs }: DriveStoreOptions) {
    this.capabilities = driver.capabilities;
    this.#driver = driver;
    this.#clock = clock;
    this.#marginMs = marginMs;
    if (driver.enqueue !== undefined) this.enqueue = this.#enqueue.bind(this);
    if (driver.add !== undefined) this.add = this.#add.bind(this);
    if (driver.batch !== undefined) this.batch = this.#batch.bind(this);
  }

  async get(key: string, options: CallOptions = {}): Promise<Entry | undefined> {
    checkKey('Key', key);
    return this.#ask(options, signal => this.#driver.get(key, signal));
  }

  async list(prefix: string, options: ListOptions = {}): Promise<Listing> {
    checkKey('Prefix', prefix);
    const { createdBefore = Number.POSITIVE_INFINITY, newestFirst = false, limit = listMax } = options;
    checkInteger('Limit', limit, 1);
    if (createdBefore !== Number.POSITIVE_INFINITY) checkInteger('Revision', createdBefore, 0);
    const query = { prefix, createdBefore, newestFirst, limit: Math.min(limit, listMax) };
    return this.#ask(options, signal => this.#driver.list(query, signal));
  }

  put(
    key: string,
    value: Uint8Array,
    condition: Condition,
    options: CallOptions & { readonly session?: SessionId } = {},
  ): Promise<WriteResult> {
    return promised(() => {
      checkKey('Key', key);
      checkValue(key, value, this.capabilities.valueMaxBytes);
      checkCondition(key, condition);
      const { session } = options;
      if (session !== undefined) checkSessionId(session);
      const copy = new Uint8Array(value);
      const write = { type: 'put' as const, key, value: copy, ...(session === undefined ? {} : { session }) };
      return this.#change(options, call => this.#driver.put(write, condition, call), itself);
    });
  }

  delete(key: string, condition: Condition, options: CallOptions = {}): Promise<WriteResult> {
    return promised(() => {
      checkKey('Key', key);
      checkCondition(key, condition);
      if ('absent' in condition)
        throw new RangeError(`Condition of a deletion must be a revision: received "absent"`);
      return this.#change(options, call => this.#driver.delete(key, condition, call), itself);
    });
  }

  watch(
    prefix: string,
    from: Revision,
    options: { readonly signal: AbortSignal },
  ): AsyncIterable<StoreEvent> {
    checkKey('Prefix', prefix);
    checkInteger('Revision', from, 0);
    if (!(options?.signal instanceof AbortSignal))
      throw new TypeError(`Signal of a watch must be an AbortSignal: received ${String(options?.signal)}`);
    this.#checkOpen();
    return this.#watch(prefix, from, options.signal);
  }

  async session(options: WaitOptions & { readonly ttlMs: number }): Promise<Session> {
    const { ttlMs } = options;
    const { ttlMinMs } = this.capabilities;
    if (!(ttlMs >= ttlMinMs && ttlMs <= ttlMaxMs))
      throw new RangeError(`Time to live in ms must be from ${ttlMinMs} to ${ttlMaxMs}: received ${ttlMs}`);
    const opened = momentOf(this.#clock);
    const id = await this.#openedSession(ttlMs, options);
    const session = new KeptSession({
      id,
      clock: this.#clock,
      ttlMs,
      marginMs: this.#marginMs(ttlMs),
      opened,
      renew: () => this.#driver.renewSession(id),
      end: () => this.#driver.endSession(id),
    });
    if (session.remainingMs() === 0) {
      void this.#driver.endSession(id).catch(() => {});
      throw unavailable(`The session was older than ${ttlMs} ms when the store's answer came`);
    }
    this.#sessions.add(session);
    session.lost.addEventListener('abort', () => this.#sessions.delete(session), { once: true });
    return session;
  }

  async observe(session: SessionId, options: WaitOptions = {}): Promise<void> {
    checkSessionId(session);
    return this.#ask(options, signal => this.#untilDead(session, signal));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  #enqueue(
    prefix: string,
    value: Uint8Array,
    options: CallOptions & { readonly session: SessionId },
  ): Promise<EnqueueResult> {
    return promised(() => {
      checkKey('Prefix', prefix);
      checkValue(prefix, value, this.capabilities.valueMaxBytes);
      checkSessionId(options.session);
      const copy = new Uint8Array(value);
      const { session } = options;
      return this.#change(
        options,
        call => this.#driver.enqueue!(prefix, copy, session, call),
        appliedEnqueue,
      );
    });
  }

  #add(
    key: string,
    delta: bigint,
    options: CallOptions & { readonly operation: OperationId },
  ): Promise<AddResult> {
    return promised(() => {
      checkKey('Key', key);
      checkDelta(key, delta);
      if (options?.operation === undefined)
        throw new TypeError('Operation must name the addition: received undefined');
      return this.#change(options, call => this.#driver.add!(key, delta, call), itself);
    });
  }

  #batch(
    conditions: ReadonlyMap<string, Condition>,
    writes: readonly BatchWrite[],
    options: CallOptions = {},
  ): Promise<BatchResult> {
    return promised(() => {
      checkBatch(conditions, writes, this.capabilities.valueMaxBytes);
      const copies = writes.map(write =>
        write.type === 'put' ? { ...write, value: new Uint8Array(write.value) } : write,
      );
      const checks = new Map(conditions);
      return this.#change(options, call => this.#driver.batch!(checks, copies, call), itself);
    });
  }

  /** Watches until the signal aborts, or the store is closed. */
  async *#watch(prefix: string, from: Revision, signal: AbortSignal): AsyncGenerator<StoreEvent> {
    const ended = new AbortController();
    const end = (): void => ended.abort();
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
    this.#watches.add(end);
    try {
      this.#checkOpen();
      yield* this.#driver.watch(prefix, from, ended.signal);
      if (!signal.aborted) this.#checkOpen();
    } finally {
      signal.removeEventListener('abort', end);
      this.#watches.delete(end);
    }
  }

  /** Waits until a session is dead, or the store is closed. Settles at once where the wait is ended, whatever the driver does. */
  #untilDead(session: SessionId, signal: AbortSignal | undefined): Promise<void> {
    const ended = new AbortController();
    return new Promise<void>((resolve, reject) => {
      const end = (): void => {
        ended.abort();
        if (this.#closed === undefined) resolve();
        else reject(closed());
      };
      signal?.addEventListener('abort', end, { once: true });
      this.#observations.add(end);
      const leave = (): void => {
        signal?.removeEventListener('abort', end);
        this.#observations.delete(end);
      };
      ended.signal.addEventListener('abort', leave, { once: true });
      this.#driver.observe(session, ended.signal).finally(leave).then(resolve, reject);
    });
  }

  async #openedSession(ttlMs: number, options: WaitOptions): Promise<SessionId> {
    let opening: Promise<SessionId | undefined> | undefined;
    try {
      const id = await this.#ask(options, signal => (opening = this.#openSession(ttlMs, signal)));
      this.#checkOpen();
      return id as SessionId;
    } catch (thrown) {
      // It may have come in the very moment in which the wait was given up.
      opening?.then(id => id && this.#driver.endSession(id)).catch(() => {});
      throw thrown;
    }
  }

  /** A session that is opened after nobody waits for it any more is ended, and not given; who closes waits for that, too. */
  #openSession(ttlMs: number, signal: AbortSignal | undefined): Promise<SessionId | undefined> {
    const opening = this.#driver.openSession(ttlMs, signal).then(async id => {
      const isUnwanted = signal?.aborted === true || this.#closed !== undefined;
      if (!isUnwanted) return id;
      await this.#driver.endSession(id).catch(() => {});
      return undefined;
    });
    const settled = opening.then(
      () => {},
      () => {},
    );
    this.#openings.add(settled);
    void settled.then(() => this.#openings.delete(settled));
    return opening;
  }

  async #close(): Promise<void> {
    for (const end of this.#watches) end();
    await this.#endSessions();
    for (const end of this.#observations) end();
    await this.#driver[Symbol.asyncDispose]();
  }

  /** For a while only: where the engine cannot be reached, they end by their times to live. */
  #endSessions(): Promise<void> {
    const ended = Promise.all([
      ...this.#openings,
      ...[...this.#sessions].map(session => session[Symbol.asyncDispose]()),
    ]);
    return new Promise<void>((resolve, reject) => {
      const timer = this.#clock.setTimer(endMs, resolve);
      ended.then(() => resolve(), reject).finally(() => timer.cancel());
    });
  }

  /** A call that changes nothing anybody could see: what is lost of it may be asked for again. */
  async #ask<Result>(
    options: WaitOptions,
    call: (signal: AbortSignal | undefined) => Promise<Result>,
  ): Promise<Result> {
    this.#checkOpen();
    try {
      return await boundedWait(this.#clock, options, 'not-applied', call);
    } catch (thrown) {
      if (!isUnknown(thrown)) throw thrown;
      throw unavailable(thrown.message, thrown);
    }
  }

  /**
   * A call that changes something: what is lost of it may have taken effect, or still will.
   *
   * It makes no more promises than it must: each one shows in the time that a lock takes.
   */
  #change<Answer, Result>(
    options: CallOptions,
    call: (call: DriverCall) => Promise<Answer>,
    resultOf: (answer: Answer) => Result,
  ): Promise<Result | Unknown> {
    const { operation, signal, deadlineMs } = options;
    checkOperation(operation);
    this.#checkOpen();
    const isUnbounded = signal === undefined && deadlineMs === undefined;
    const answer = isUnbounded
      ? call({ operation, signal: undefined })
      : boundedWait(this.#clock, options, 'unknown', own => call({ operation, signal: own }));
    return answer.then(resultOf, asUnknown);
  }

  #checkOpen(): void {
    if (this.#closed === undefined) return;
    throw closed();
  }
}

function closed(): QuorateError {
  return new QuorateError('CLOSED', 'The store was closed', { outcome: 'not-applied' });
}

function defaultMarginMs(ttlMs: number): number {
  return ttlMs / 100 + 10;
}

/** Whatever is thrown at once rejects, too. */
function promised<Result>(start: () => Promise<Result>): Promise<Result> {
  try {
    return start();
  } catch (thrown) {
    return Promise.reject(thrown);
  }
}

function itself<Answer>(answer: Answer): Answer {
  return answer;
}

function appliedEnqueue({ self, head, predecessor }: Enqueued): EnqueueResult {
  return predecessor === undefined
    ? { outcome: 'applied', self, head }
    : { outcome: 'applied', self, head, predecessor };
}

/** @throws what it was thrown, where that certainly had no effect */
function asUnknown(thrown: unknown): Unknown {
  if (!isUnknown(thrown)) throw thrown;
  return { outcome: 'unknown', cause: thrown };
}

function isUnknown(thrown: unknown): thrown is QuorateError {
  return thrown instanceof QuorateError && thrown.outcome === 'unknown';
}

function unavailable(message: string, cause?: unknown): QuorateError {
  return new QuorateError('UNAVAILABLE', message, {
    retryable: true,
    outcome: 'not-applied',
    ...(cause === undefined ? {} : { cause }),
  });
}
