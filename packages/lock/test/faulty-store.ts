import {
  type CallOptions,
  type Condition,
  type EnqueueResult,
  type Entry,
  type Listing,
  type ListOptions,
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
  /** How likely the answer to a change is lost: half of those did not take effect either. */
  lost?: number;
  /** Whether watches hear nothing, or nothing but `resync` once in a while. */
  watch?: 'muted' | 'resync';
  /** Whether no session is ever seen to die. */
  blind?: boolean;
  /** Called before each change; a promise holds it up. */
  before?: (call: string) => Promise<void> | undefined;
  /** Counts what is sent. */
  sent?: string[];
  capabilities?: Partial<StoreCapabilities>;
  /** Without the verb. */
  noEnqueue?: boolean;
}

/** A store whose answers get lost. */
export class FaultyStore implements Store {
  readonly capabilities: StoreCapabilities;
  readonly #store: Store;
  readonly #faults: Faults;
  enqueue?: NonNullable<Store['enqueue']>;

  constructor(store: Store, faults: Faults) {
    this.#store = store;
    this.#faults = faults;
    this.capabilities = { ...store.capabilities, ...faults.capabilities };
    if (faults.noEnqueue !== true) this.enqueue = (...args) => this.#enqueue(...args);
  }

  get(key: string, options?: CallOptions): Promise<Entry | undefined> {
    return this.#ask('get', () => this.#store.get(key, options));
  }

  list(prefix: string, options?: ListOptions): Promise<Listing> {
    return this.#ask('list', () => this.#store.list(prefix, options));
  }

  put(
    key: string,
    value: Uint8Array,
    condition: Condition,
    options?: CallOptions & { readonly session?: SessionId },
  ): Promise<WriteResult> {
    return this.#change('put', () => this.#store.put(key, value, condition, options));
  }

  delete(key: string, condition: Condition, options?: CallOptions): Promise<WriteResult> {
    return this.#change('delete', () => this.#store.delete(key, condition, options));
  }

  async *watch(
    prefix: string,
    from: Revision,
    options: { readonly signal: AbortSignal },
  ): AsyncGenerator<StoreEvent> {
    const { watch } = this.#faults;
    if (watch === 'muted') {
      await new Promise(resolve => options.signal.addEventListener('abort', resolve));
      return;
    }
    for await (const event of this.#store.watch(prefix, from, options)) {
      yield watch === 'resync' ? { type: 'resync' } : event;
    }
  }

  session(options: WaitOptions & { readonly ttlMs: number }): Promise<Session> {
    return this.#ask('session', () => this.#store.session(options));
  }

  async observe(session: SessionId, options?: WaitOptions): Promise<void> {
    if (this.#faults.blind === true) {
      await new Promise(resolve => options?.signal?.addEventListener('abort', resolve));
    }
    return this.#store.observe(session, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store[Symbol.asyncDispose]();
  }

  #enqueue(
    prefix: string,
    value: Uint8Array,
    options: CallOptions & { readonly session: SessionId },
  ): Promise<EnqueueResult> {
    return this.#change('enqueue', () => this.#store.enqueue!(prefix, value, options));
  }

  async #ask<Result>(call: string, send: () => Promise<Result>): Promise<Result> {
    await this.#send(call);
    return send();
  }

  async #change<Result>(call: string, send: () => Promise<Result>): Promise<Result> {
    await this.#send(call);
    if (!this.#draws(this.#faults.lost)) return send();
    if (this.#draws(0.5)) await send();
    const cause = new QuorateError('UNAVAILABLE', 'The answer is lost', { retryable: true });
    return { outcome: 'unknown', cause } as Result;
  }

  async #send(call: string): Promise<void> {
    await this.#faults.before?.(call);
    if (this.#draws(this.#faults.refused)) {
      throw new QuorateError('UNAVAILABLE', 'No way', { retryable: true, outcome: 'not-applied' });
    }
    this.#faults.sent?.push(call);
  }

  #draws(chance: number | undefined): boolean {
    return chance !== undefined && chance > 0 && (this.#faults.random?.float() ?? 0) < chance;
  }
}
