import {
  type AddResult,
  type Applied,
  type BatchResult,
  type BatchWrite,
  boundedWait,
  type Clock,
  type CallOptions,
  type Condition,
  type Enqueued,
  type Entry,
  errorCode,
  type OperationId,
  type Random,
  type Revision,
  type Session,
  type SessionId,
  sleep,
  type Store,
  type StoreCapabilities,
} from '@quorate/core';
import { ok, shown } from './expect.ts';
import type { StageOptions } from './seam-case.ts';
import type { Stillness } from './stillness.ts';
import { StoppableClock } from './stoppable-clock.ts';
import type { StoreClientOptions, StoreSubject } from './store-subject.ts';

/** A key that is not there. */
export const absent = { absent: true } as const;

/** The bytes of a text. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The text of a value. */
export function textOf(entry: Entry | undefined): string | undefined {
  return entry && new TextDecoder().decode(entry.value);
}

/** What one case works with: clients that are disposed of afterwards, names of its own, and waits that end. */
export class StoreStage implements AsyncDisposable {
  readonly subject: StoreSubject;
  readonly ttlMs: number;
  readonly #stillness: Stillness;
  readonly #stores: Store[] = [];

  constructor(subject: StoreSubject, { ttlMs, stillness }: StageOptions) {
    this.subject = subject;
    this.ttlMs = ttlMs;
    this.#stillness = stillness;
  }

  get clock(): Clock {
    return this.subject.clock;
  }

  get random(): Random {
    return this.subject.random;
  }

  /** The first client. */
  get store(): Store {
    return this.#stores[0] as Store;
  }

  get capabilities(): StoreCapabilities {
    return this.store.capabilities;
  }

  /** Opens one more client. */
  async open(options?: StoreClientOptions): Promise<Store> {
    const store = await this.within('a client is opened', this.subject.open(options));
    this.#stores.push(store);
    return store;
  }

  /** Opens a client whose clock can be stopped: one whose process stands still. */
  async openStoppable(): Promise<{ readonly store: Store; readonly clock: StoppableClock }> {
    const clock = new StoppableClock(this.clock);
    return { clock, store: await this.open({ clock }) };
  }

  /** The name of a partition that nobody has used. */
  partition(): string {
    const words = [0, 1].map(() => this.random.uint32().toString(16).padStart(8, '0'));
    return `case-${words.join('')}`;
  }

  /** Waits, and throws where it takes longer than the subject's patience. */
  async within<Result>(what: string, wait: PromiseLike<Result>): Promise<Result> {
    const patienceMs = Math.max(this.subject.patienceMs ?? 10_000, 5 * this.ttlMs);
    try {
      return await boundedWait(this.clock, { deadlineMs: patienceMs }, 'unknown', async () => wait);
    } catch (thrown) {
      if (errorCode(thrown) !== 'DEADLINE_EXCEEDED' || (await settled(wait))) throw thrown;
      throw new Error(`Waited for ${patienceMs} ms in vain until ${what}`, { cause: thrown });
    }
  }

  sleep(durationMs: number): Promise<void> {
    return sleep(this.clock, durationMs);
  }

  /**
   * Sleeps while sessions have to be kept alive. A client of its own writes meanwhile: a store that is long in answering it, as on
   * a disk that stands still, cannot renew them either.
   */
  async sleepWriting(durationMs: number): Promise<void> {
    const store = await this.open();
    const p = this.partition();
    const endMs = this.clock.monotonicMs() + durationMs;
    for (let count = 0; this.clock.monotonicMs() < endMs; count++) {
      await this.put(`${p}/${count}`, '', absent, { store });
      await this.sleep(Math.min(this.ttlMs / 10, Math.max(0, endMs - this.clock.monotonicMs())));
    }
  }

  /** A session that stays alive unless it is ended. */
  session(store: Store = this.store, ttlMs: number = Math.max(60_000, this.ttlMs)): Promise<Session> {
    return this.#timed('a session is opened', store.session({ ttlMs }));
  }

  /** Writes, which must succeed. */
  async put(
    key: string,
    value = '',
    condition: Condition = absent,
    options: Parameters<Store['put']>[3] & { readonly store?: Store } = {},
  ): Promise<Applied> {
    const { store = this.store, ...call } = options;
    const result = await this.#timed(`${key} is put`, store.put(key, bytes(value), condition, call));
    return applied(`put of ${key}`, result);
  }

  /** Deletes, which must succeed. */
  async delete(key: string, condition: Condition, store: Store = this.store): Promise<Applied> {
    return applied(`delete of ${key}`, await this.within(`${key} is deleted`, store.delete(key, condition)));
  }

  get(key: string, store: Store = this.store): Promise<Entry | undefined> {
    return this.within(`${key} is got`, store.get(key));
  }

  /** The keys under a prefix, in the store's order. */
  async keys(
    prefix: string,
    options: Parameters<Store['list']>[1] = {},
    store: Store = this.store,
  ): Promise<string[]> {
    const { entries } = await this.within(`${prefix} is listed`, store.list(prefix, options));
    return entries.map(({ key }) => key);
  }

  /** The revision that the partition of a prefix stands at. */
  async revision(prefix: string, store: Store = this.store): Promise<Revision> {
    return (await this.within(`${prefix} is listed`, store.list(prefix))).revision;
  }

  /** Adds, in a store that can. */
  add(key: string, delta: bigint, operation: OperationId, store: Store = this.store): Promise<AddResult> {
    return this.within(`${delta} is added to ${key}`, verb(store, 'add')(key, delta, { operation }));
  }

  /** Enqueues, in a store that can; it must succeed. */
  async enqueue(
    prefix: string,
    value: string,
    session: SessionId,
    options: CallOptions & { readonly store?: Store } = {},
  ): Promise<Enqueued> {
    const { store = this.store, ...call } = options;
    const enqueue = verb(store, 'enqueue');
    const wait = enqueue(prefix, bytes(value), { ...call, session });
    return applied(`enqueue in ${prefix}`, await this.within(`${prefix} is enqueued in`, wait));
  }

  /** Writes a batch, in a store that can. */
  batch(
    conditions: Iterable<readonly [string, Condition]>,
    writes: readonly BatchWrite[],
    options: CallOptions = {},
  ): Promise<BatchResult> {
    return this.within('a batch is written', verb(this.store, 'batch')(new Map(conditions), writes, options));
  }

  /** What a call throws; it must. */
  async thrown(what: string, call: () => unknown): Promise<unknown> {
    try {
      await this.within(what, (async () => call())());
    } catch (thrown) {
      return thrown;
    }
    throw new Error(`Not refused: ${what}`);
  }

  /** Waits for what takes a moment alone, unless the store stands still. */
  async #timed<Result>(what: string, wait: PromiseLike<Result>): Promise<Result> {
    const beganMs = this.clock.monotonicMs();
    try {
      return await this.within(what, wait);
    } finally {
      this.#stillness.took(this.clock.monotonicMs() - beganMs);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.#stores.map(store => this.within('a client is disposed of', store[Symbol.asyncDispose]())),
    );
  }
}

/** One of the verbs that not every store has. */
function verb<Name extends 'enqueue' | 'add' | 'batch'>(store: Store, name: Name): NonNullable<Store[Name]> {
  const method = store[name];
  ok(method !== undefined, `a store whose capabilities name "${name}" has it`);
  return method.bind(store) as NonNullable<Store[Name]>;
}

/** A result as what took effect. */
export function applied<Result extends { readonly outcome: string }>(
  what: string,
  result: Result,
): Extract<Result, { readonly outcome: 'applied' }> {
  ok(result.outcome === 'applied', `${what} takes effect: received ${shown(result)}`);
  return result as Extract<Result, { readonly outcome: 'applied' }>;
}

/** Ids for one operation of a session after the other. */
export function operations(session: Session): () => OperationId {
  let sequence = 0;
  return () => ({ session: session.id, sequence: ++sequence });
}

/** Whether a wait is over, without waiting. */
async function settled(wait: PromiseLike<unknown>): Promise<boolean> {
  const pending = {};
  return (await Promise.race([wait, Promise.resolve(pending)]).catch(() => undefined)) !== pending;
}
