import {
  type AddResult,
  type BatchResult,
  type BatchWrite,
  type Condition,
  type Enqueued,
  type Entry,
  type Listing,
  type OperationId,
  type Refused,
  type Applied,
  type Revision,
  QuorateError,
  type SessionId,
  type StoreEvent,
} from '@quorate/core';

/** What `list` is asked for, with every default filled in. */
export interface ListQuery {
  readonly prefix: string;
  readonly createdBefore: number;
  readonly newestFirst: boolean;
  readonly limit: number;
}

/** An operation as it was first carried out. */
interface Remembered {
  readonly call: string;
  readonly result: unknown;
}

/** A change that watchers are told of. */
export type Change = Extract<StoreEvent, { readonly entry: Entry }>;

type Put = Extract<BatchWrite, { readonly type: 'put' }>;

/**
 * One partition of the simulated store: entries with revisions, operations that are remembered, the latest changes. A state
 * machine without time or chance; each call is one step. Entries are never changed once they are made.
 */
export class StorePartition {
  #revision = 0;
  /** In order of creation: a map keeps the place of a key that is set again. */
  readonly #entries = new Map<string, Entry>();
  readonly #bySession = new Map<SessionId, Set<string>>();
  readonly #remembered = new Map<SessionId, Map<number, Remembered>>();
  #changes: Change[] = [];
  /** Changes up to this revision are forgotten. */
  #forgotten = 0;
  readonly #changesMax: number;

  /** @param changesMax how many changes watchers can catch up on */
  constructor(changesMax: number) {
    this.#changesMax = changesMax;
  }

  get revision(): Revision {
    return this.#revision as Revision;
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  list({ prefix, createdBefore, newestFirst, limit }: ListQuery): Listing {
    const entries: Entry[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.created < createdBefore && entry.key.startsWith(prefix)) entries.push(entry);
    }
    if (newestFirst) entries.reverse();
    return { entries: entries.slice(0, limit), revision: this.revision };
  }

  put(write: Put, condition: Condition): Applied | Refused {
    const current = this.#entries.get(write.key);
    if (!holds(condition, current)) return refused(current);
    const revision = this.#next();
    return { outcome: 'applied', entry: this.#put(write, revision), revision };
  }

  delete(key: string, condition: Condition): Applied | Refused {
    const current = this.#entries.get(key);
    if (current === undefined || !holds(condition, current)) return refused(current);
    const revision = this.#next();
    this.#delete(current, revision);
    return { outcome: 'applied', entry: current, revision };
  }

  enqueue(prefix: string, value: Uint8Array, session: SessionId): Enqueued {
    const before = this.list({
      prefix,
      createdBefore: Infinity,
      newestFirst: false,
      limit: Infinity,
    }).entries;
    let revision = this.#next();
    while (this.#entries.has(queueKey(prefix, revision))) revision = this.#next();
    const key = queueKey(prefix, revision);
    const self = this.#put({ type: 'put', key, value, session }, revision);
    const predecessor = before.at(-1);
    const head = before[0] ?? self;
    return predecessor === undefined ? { self, head } : { self, head, predecessor };
  }

  /** @throws RangeError where the value is no integer in decimal digits */
  add(key: string, delta: bigint): Extract<AddResult, { readonly outcome: 'applied' }> {
    const current = this.#entries.get(key);
    const text = current === undefined ? '0' : new TextDecoder().decode(current.value);
    if (!/^-?\d+$/.test(text)) {
      throw new RangeError(
        `Value of "${key}" must be an integer in decimal digits to be added to: received "${text}"`,
      );
    }
    const value = BigInt(text) + delta;
    const revision = this.#next();
    const session = current?.session;
    const bytes = new TextEncoder().encode(`${value}`);
    this.#put({ type: 'put', key, value: bytes, ...(session === undefined ? {} : { session }) }, revision);
    return { outcome: 'applied', value, revision };
  }

  batch(
    conditions: ReadonlyMap<string, Condition>,
    writes: readonly BatchWrite[],
  ): Exclude<BatchResult, { readonly outcome: 'unknown' }> {
    for (const [key, condition] of conditions) {
      const current = this.#entries.get(key);
      if (!holds(condition, current)) return { key, ...refused(current) };
    }
    if (writes.length === 0) return { outcome: 'applied', revision: this.revision };
    const revision = this.#next();
    for (const write of writes) {
      const current = this.#entries.get(write.key);
      if (write.type === 'put') this.#put(write, revision);
      else if (current !== undefined) this.#delete(current, revision);
    }
    return { outcome: 'applied', revision };
  }

  /**
   * Carries an operation out, once: whoever repeats it gets the first result again.
   *
   * @throws RangeError where the id stands for another call
   */
  once<Result>(operation: OperationId | undefined, call: string, run: () => Result): Result {
    if (operation === undefined) return run();
    const { session, sequence } = operation;
    let ofSession = this.#remembered.get(session);
    if (ofSession === undefined) {
      ofSession = new Map();
      this.#remembered.set(session, ofSession);
    }
    const before = ofSession.get(sequence);
    if (before === undefined) {
      const result = run();
      ofSession.set(sequence, { call, result });
      return result;
    }
    if (before.call === call) return before.result as Result;
    throw new RangeError(
      `Operation ${sequence} of session ${session} must be repeated as it was, "${before.call}": received "${call}"`,
    );
  }

  /** Deletes a session's entries, each by a revision of its own, and forgets its operations. */
  endSession(session: SessionId): void {
    this.#remembered.delete(session);
    const keys = this.#bySession.get(session) ?? [];
    const entries = [...keys].map(key => this.#entries.get(key) as Entry);
    for (const entry of entries.sort((one, other) => one.created - other.created)) {
      this.#delete(entry, this.#next());
    }
  }

  /** Changes under `prefix` after a revision; undefined where some are forgotten. */
  changesAfter(prefix: string, from: number): readonly Change[] | undefined {
    if (from < this.#forgotten) return undefined;
    return this.#changes.filter(({ entry, revision }) => revision > from && entry.key.startsWith(prefix));
  }

  #next(): Revision {
    return ++this.#revision as Revision;
  }

  #put({ key, value, session }: Put, revision: Revision): Entry {
    const before = this.#entries.get(key);
    const entry: Entry = {
      key,
      value,
      created: before?.created ?? revision,
      modified: revision,
      ...(session === undefined ? {} : { session }),
    };
    if (before !== undefined) this.#detach(before);
    this.#entries.set(key, entry);
    if (session !== undefined) {
      const keys = this.#bySession.get(session) ?? new Set();
      this.#bySession.set(session, keys.add(key));
    }
    this.#changed({ type: 'put', entry, revision });
    return entry;
  }

  #delete(entry: Entry, revision: Revision): void {
    this.#entries.delete(entry.key);
    this.#detach(entry);
    this.#changed({ type: 'delete', entry, revision });
  }

  #detach({ key, session }: Entry): void {
    if (session === undefined) return;
    const keys = this.#bySession.get(session);
    keys?.delete(key);
    if (keys?.size === 0) this.#bySession.delete(session);
  }

  #changed(change: Change): void {
    this.#changes.push(change);
    if (this.#changes.length <= 2 * this.#changesMax) return;
    // Cut at a revision, so that the changes of one batch are known all or none.
    this.#forgotten = (this.#changes[this.#changesMax] as Change).revision;
    this.#changes = this.#changes.filter(({ revision }) => revision > this.#forgotten);
  }
}

/** As wide as the largest revision, so that the order of the keys is that of creation too. */
function queueKey(prefix: string, revision: Revision): string {
  return `${prefix}${String(revision).padStart(16, '0')}`;
}

function holds(condition: Condition, current: Entry | undefined): boolean {
  if ('absent' in condition) return current === undefined;
  if ('modified' in condition) return current?.modified === condition.modified;
  return current?.created === condition.created;
}

function refused(current: Entry | undefined): Refused {
  return current === undefined ? { outcome: 'not-applied' } : { outcome: 'not-applied', current };
}

/** The session is gone: its entries too, or soon. */
export function sessionLost(session: SessionId, outcome: 'not-applied' | 'unknown'): QuorateError {
  return new QuorateError('SESSION_LOST', `Session ${session} is dead`, { outcome });
}
