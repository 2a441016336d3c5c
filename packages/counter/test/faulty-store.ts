import {
  type AddResult,
  type BatchResult,
  type BatchWrite,
  boundedWait,
  type CallOptions,
  type Clock,
  type Condition,
  type Entry,
  type Listing,
  type ListOptions,
  type OperationId,
  QuorateError,
  type Random,
  type Revision,
  type Session,
  type SessionId,
  type Store,
  type StoreCapabilities,
  type StoreEvent,
  type WaitOptions,
  type WriteResult,
} from '@quorate/core';

/** What may go wrong between a client and its store. Read anew at each call. */
export interface Faults {
  random?: Random;
  /** How likely nothing was sent. */
  refused?: number;
  /** How likely the answer to a change is lost: half of those did not take effect either, yet. */
  lost?: number;
  /** How likely a change that was lost takes effect later, when nobody expects it any more. */
  late?: number;
  /** Called before each change; a promise holds it up. */
  before?: (call: string) => Promise<void> | undefined;
  /** Counts what is sent. */
  sent?: string[];
  /** Without these verbs. */
  without?: readonly ('add' | 'batch')[];
}

/** A store whose answers get lost. */
export class FaultyStore implements Store {
  readonly capabilities: StoreCapabilities;
  readonly faults: Faults;
  readonly add?: NonNullable<Store['add']>;
  readonly batch?: NonNullable<Store['batch']>;
  /** All that were opened. */
  readonly sessions: Session[] = [];
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #late: (() => Promise<unknown>)[] = [];

  constructor(store: Store, faults: Faults, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.faults = faults;
    this.capabilities = store.capabilities;
    if (faults.without?.includes('add') !== true) this.add = (...args) => this.#add(...args);
    if (faults.without?.includes('batch') !== true) this.batch = (...args) => this.#batch(...args);
  }

  get(key: string, options?: CallOptions): Promise<Entry | undefined> {
    return this.#ask('get', () => this.#store.get(key, options), options);
  }

  list(prefix: string, options?: ListOptions): Promise<Listing> {
    return this.#ask('list', () => this.#store.list(prefix, options), options);
  }

  put(
    key: string,
    value: Uint8Array,
    condition: Condition,
    options?: CallOptions & { readonly session?: SessionId },
  ): Promise<WriteResult> {
    return this.#change('put', () => this.#store.put(key, value, condition, options), options);
  }

  delete(key: string, condition: Condition, options?: CallOptions): Promise<WriteResult> {
    return this.#change('delete', () => this.#store.delete(key, condition, options), options);
  }

  watch(
    prefix: string,
    from: Revision,
    options: { readonly signal: AbortSignal },
  ): AsyncIterable<StoreEvent> {
    return this.#store.watch(prefix, from, options);
  }

  async session(options: WaitOptions & { readonly ttlMs: number }): Promise<Session> {
    const session = await this.#ask('session', () => this.#store.session(options), options);
    this.sessions.push(session);
    return session;
  }

  observe(session: SessionId, options?: WaitOptions): Promise<void> {
    return this.#store.observe(session, options);
  }

  /** Delivers what was stuck on its way. */
  async deliverLate(): Promise<void> {
    for (const send of this.#late.splice(0)) await send().catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store[Symbol.asyncDispose]();
  }

  #add(
    key: string,
    delta: bigint,
    options: CallOptions & { readonly operation: OperationId },
  ): Promise<AddResult> {
    return this.#change('add', () => this.#store.add!(key, delta, options), options);
  }

  #batch(
    conditions: ReadonlyMap<string, Condition>,
    writes: readonly BatchWrite[],
    options?: CallOptions,
  ): Promise<BatchResult> {
    return this.#change('batch', () => this.#store.batch!(conditions, writes, options), options);
  }

  async #ask<Result>(call: string, send: () => Promise<Result>, options?: WaitOptions): Promise<Result> {
    await this.#send(call, options);
    return send();
  }

  async #change<Result>(call: string, send: () => Promise<Result>, options?: WaitOptions): Promise<Result> {
    await this.#send(call, options);
    if (!this.#draws(this.faults.lost)) return send();
    if (this.#draws(0.5)) await send();
    else if (this.#draws(this.faults.late)) this.#late.push(send);
    const cause = new QuorateError('UNAVAILABLE', 'The answer is lost', { retryable: true });
    return { outcome: 'unknown', cause } as Result;
  }

  async #send(call: string, { signal, deadlineMs }: WaitOptions = {}): Promise<void> {
    const held = this.faults.before?.(call);
    if (held !== undefined) await boundedWait(this.#clock, { signal, deadlineMs }, 'not-applied', () => held);
    if (this.#draws(this.faults.refused)) {
      throw new QuorateError('UNAVAILABLE', 'No way', { retryable: true, outcome: 'not-applied' });
    }
    this.faults.sent?.push(call);
  }

  #draws(chance: number | undefined): boolean {
    return chance !== undefined && chance > 0 && (this.faults.random?.float() ?? 0) < chance;
  }
}
