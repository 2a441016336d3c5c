import type {
  AddResult,
  Applied,
  BatchResult,
  BatchWrite,
  CallOptions,
  Condition,
  Enqueued,
  Entry,
  OperationId,
  Revision,
  Session,
  SessionId,
  Store,
} from '@quorate/core';
import { ok, shown } from './expect.ts';
import { SeamStage } from './seam-stage.ts';
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

/** What one case works with. */
export class StoreStage extends SeamStage<Store, StoreClientOptions, StoreSubject> {
  /** Opens a client whose clock can be stopped: one whose process stands still. */
  async openStoppable(): Promise<{ readonly store: Store; readonly clock: StoppableClock }> {
    const clock = new StoppableClock(this.clock);
    return { clock, store: await this.open({ clock }) };
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
    return this.timed('a session is opened', store.session({ ttlMs }));
  }

  /** Writes, which must succeed. */
  async put(
    key: string,
    value = '',
    condition: Condition = absent,
    options: Parameters<Store['put']>[3] & { readonly store?: Store } = {},
  ): Promise<Applied> {
    const { store = this.store, ...call } = options;
    const result = await this.timed(`${key} is put`, store.put(key, bytes(value), condition, call));
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
