import {
  boundedWait,
  type Clock,
  type Entry,
  type Listing,
  QuorateError,
  type Random,
  type Session,
  type SessionId,
  type Store,
  type StoreCapabilities,
  type StoreEvent,
  systemClock,
  type WaitOptions,
  type WriteResult,
} from '@quorate/core';

/** What may go wrong between a client and its store. Read anew at each call, but for the capabilities and verbs. */
export interface StoreFaults {
  /** What chances are drawn from. */
  random?: Random;
  /** How likely nothing was sent. */
  refused?: number;
  /** How likely the answer to a change is lost: half of those did not take effect either, yet. */
  lost?: number;
  /** How likely a change that was lost takes effect later, when nobody expects it any more: see `deliverLate`. */
  late?: number;
  /** Whether watches tell nothing, or nothing but `resync`. */
  watch?: 'muted' | 'resync';
  /** Whether no session is ever seen to die. */
  blind?: boolean;
  /** Called before each call that is sent; a promise holds it up, until the caller waits no more: then it is not sent. */
  before?: (call: string) => Promise<void> | undefined;
  /** Takes down what is sent. */
  sent?: string[];
  /** What it says of itself, true or not. */
  capabilities?: Partial<StoreCapabilities>;
  /** Verbs that it does without. */
  without?: readonly ('enqueue' | 'add' | 'batch')[];
}

/** A store whose answers get lost, and worse: for tests of what is built on the Store seam. */
export class FaultyStore implements Store {
  readonly capabilities: StoreCapabilities;
  readonly faults: StoreFaults;
  readonly enqueue?: NonNullable<Store['enqueue']>;
  readonly add?: NonNullable<Store['add']>;
  readonly batch?: NonNullable<Store['batch']>;
  /** All that were opened. */
  readonly sessions: Session[] = [];
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #late: (() => Promise<unknown>)[] = [];

  /**
   * @param store disposed of with this one
   * @param clock what calls that are held up wait by
   */
  constructor(store: Store, faults: StoreFaults, clock: Clock = systemClock) {
    this.#store = store;
    this.#clock = clock;
    this.faults = faults;
    const { verbs } = store.capabilities;
    const has = (verb: keyof typeof verbs): boolean => verbs[verb] && faults.without?.includes(verb) !== true;
    const own = { enqueue: has('enqueue'), add: has('add'), batch: has('batch') };
    this.capabilities = { ...store.capabilities, verbs: own, ...faults.capabilities };
    if (own.enqueue)
      this.enqueue = (...args) => this.#change('enqueue', () => this.#store.enqueue!(...args), args[2]);
    if (own.add) this.add = (...args) => this.#change('add', () => this.#store.add!(...args), args[2]);
    if (own.batch)
      this.batch = (...args) => this.#change('batch', () => this.#store.batch!(...args), args[2]);
  }

  get(...args: Parameters<Store['get']>): Promise<Entry | undefined> {
    return this.#ask('get', () => this.#store.get(...args), args[1]);
  }

  list(...args: Parameters<Store['list']>): Promise<Listing> {
    return this.#ask('list', () => this.#store.list(...args), args[1]);
  }

  put(...args: Parameters<Store['put']>): Promise<WriteResult> {
    return this.#change('put', () => this.#store.put(...args), args[3]);
  }

  delete(...args: Parameters<Store['delete']>): Promise<WriteResult> {
    return this.#change('delete', () => this.#store.delete(...args), args[2]);
  }

  async *watch(...args: Parameters<Store['watch']>): AsyncGenerator<StoreEvent> {
    const [, , { signal }] = args;
    const { watch } = this.faults;
    if (watch === 'muted') {
      await aborted(signal);
      return;
    }
    for await (const event of this.#store.watch(...args))
      yield watch === 'resync' ? { type: 'resync' } : event;
  }

  async session(...args: Parameters<Store['session']>): Promise<Session> {
    const session = await this.#ask('session', () => this.#store.session(...args), args[0]);
    this.sessions.push(session);
    return session;
  }

  async observe(session: SessionId, options: WaitOptions = {}): Promise<void> {
    if (this.faults.blind === true) await aborted(options.signal);
    return this.#store.observe(session, options);
  }

  /** Delivers what was stuck on its way. */
  async deliverLate(): Promise<void> {
    for (const send of this.#late.splice(0)) await send().catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store[Symbol.asyncDispose]();
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

/** Settles when the signal aborts; never without one. */
function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise(resolve => {
    if (signal?.aborted === true) resolve();
    else signal?.addEventListener('abort', () => resolve(), { once: true });
  });
}
