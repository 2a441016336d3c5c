import type { Revision, SessionId } from '../ids.ts';
import { QuorateError } from '../quorate-error.ts';
import { EntryOrder } from './entry-order.ts';
import type {
  AddResult,
  Applied,
  BatchResult,
  BatchWrite,
  Condition,
  Enqueued,
  Entry,
  Listing,
  OperationId,
  Refused,
  StoreEvent,
} from './store.ts';

/** What `list` is asked for, with every default filled in. */
export interface ListQuery {
  readonly prefix: string;
  /** `Infinity` for all. */
  readonly createdBefore: number;
  readonly newestFirst: boolean;
  readonly limit: number;
}

/** A change that watchers are told of. */
export type StoreChange = Extract<StoreEvent, { readonly entry: Entry }>;

/** A write of an entry. */
export type EntryWrite = Extract<BatchWrite, { readonly type: 'put' }>;

/** The last operation of a session that took effect. */
interface Remembered {
  readonly sequence: number;
  readonly result: unknown;
}

export interface StorePartitionOptions {
  /** How many changes watchers can catch up on before they must list again. Default 1,000. */
  readonly changesMax?: number;
  /** Where revisions begin to count, for a partition that was forgotten. Default 0. */
  readonly revision?: Revision;
  /** Whether a session lives. Default: all do. */
  readonly isAlive?: (session: SessionId) => boolean;
  /** Told of each change within the step that makes it. However many one step makes, none is left out. */
  readonly onChange?: (change: StoreChange) => void;
}

const int64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n } as const;

/**
 * What a Store means, as a state machine: one partition with its entries and revisions, the operations that it remembers, and its
 * latest changes. Without time or chance, and each call is one step; the engines that keep their truth in a process of their own
 * stand on it, and the others are held to it.
 *
 * Entries are never changed once they are made, and are the machine's: copy what is handed out.
 */
export class StorePartition {
  readonly #entries = new EntryOrder();
  readonly #bySession = new Map<SessionId, Set<string>>();
  readonly #remembered = new Map<SessionId, Remembered>();
  readonly #changesMax: number;
  readonly #isAlive: (session: SessionId) => boolean;
  readonly #onChange: ((change: StoreChange) => void) | undefined;
  #revision: number;
  #changes: StoreChange[] = [];
  /** Changes up to this revision are forgotten. */
  #forgotten: number;

  constructor(options: StorePartitionOptions = {}) {
    const { changesMax = 1000, revision = 0 as Revision, isAlive = () => true } = options;
    this.#changesMax = changesMax;
    this.#isAlive = isAlive;
    this.#onChange = options.onChange;
    this.#revision = revision;
    this.#forgotten = revision;
  }

  get revision(): Revision {
    return this.#revision as Revision;
  }

  /** Whether it holds and remembers nothing, so that nothing is lost with it but its changes and its revision. */
  get isEmpty(): boolean {
    return this.#entries.size === 0 && this.#remembered.size === 0;
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  list({ prefix, createdBefore, newestFirst, limit }: ListQuery): Listing {
    const entries: Entry[] = [];
    const all = newestFirst ? this.#entries.newestFirst(prefix) : this.#entries.oldestFirst(prefix);
    for (const entry of all) {
      if (entries.length >= limit) break;
      if (entry.created < createdBefore) entries.push(entry);
    }
    return { entries, revision: this.revision };
  }

  /** @throws QuorateError `SESSION_LOST`, `OPERATION_SUPERSEDED`, as all that change something */
  put(write: EntryWrite, condition: Condition, operation?: OperationId): Applied | Refused {
    return this.#once(operation, () => {
      this.#checkAlive(write.session);
      const current = this.#entries.get(write.key);
      if (!holds(condition, current)) return refused(current);
      const revision = this.#next();
      return { outcome: 'applied', entry: this.#put(write, revision), revision };
    });
  }

  delete(key: string, condition: Condition, operation?: OperationId): Applied | Refused {
    return this.#once(operation, () => {
      const current = this.#entries.get(key);
      if (current === undefined || !holds(condition, current)) return refused(current);
      const revision = this.#next();
      this.#delete(current, revision);
      return { outcome: 'applied', entry: current, revision };
    });
  }

  enqueue(prefix: string, value: Uint8Array, session: SessionId, operation?: OperationId): Enqueued {
    const self = this.#once(operation, () => {
      this.#checkAlive(session);
      let revision = this.#next();
      while (this.#entries.get(queueKey(prefix, revision)) !== undefined) revision = this.#next();
      return this.#put({ type: 'put', key: queueKey(prefix, revision), value, session }, revision);
    });
    const predecessor = this.#before(prefix, self);
    if (predecessor === undefined) return { self, head: self };
    return { self, head: this.#entries.first(prefix) as Entry, predecessor };
  }

  /** @throws RangeError where the value is no integer in decimal digits, or the sum would not fit 64 bits */
  add(
    key: string,
    delta: bigint,
    operation?: OperationId,
  ): Extract<AddResult, { readonly outcome: 'applied' }> {
    return this.#once(operation, () => {
      const current = this.#entries.get(key);
      const value = sum(key, current, delta);
      const revision = this.#next();
      const session = current?.session;
      const bytes = new TextEncoder().encode(`${value}`);
      this.#put({ type: 'put', key, value: bytes, ...(session === undefined ? {} : { session }) }, revision);
      return { outcome: 'applied', value, revision };
    });
  }

  batch(
    conditions: ReadonlyMap<string, Condition>,
    writes: readonly BatchWrite[],
    operation?: OperationId,
  ): Exclude<BatchResult, { readonly outcome: 'unknown' }> {
    return this.#once(operation, () => {
      for (const write of writes) if (write.type === 'put') this.#checkAlive(write.session);
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
    });
  }

  /** Deletes a session's entries, each by a revision of its own, and forgets its operation. */
  endSession(session: SessionId): void {
    this.#remembered.delete(session);
    const keys = this.#bySession.get(session) ?? [];
    const entries = [...keys].map(key => this.#entries.get(key) as Entry);
    for (const entry of entries.sort((one, other) => one.created - other.created)) {
      this.#delete(entry, this.#next());
    }
  }

  /** Changes under `prefix` after a revision; undefined where some are forgotten. */
  changesAfter(prefix: string, from: number): readonly StoreChange[] | undefined {
    if (from < this.#forgotten) return undefined;
    const found: StoreChange[] = [];
    for (let index = this.#indexAfter(from); index < this.#changes.length; index++) {
      const change = this.#changes[index] as StoreChange;
      if (change.entry.key.startsWith(prefix)) found.push(change);
    }
    return found;
  }

  /**
   * Carries an operation out, once: whoever repeats it gets the first result again, also where what it names is dead by now.
   *
   * @throws QuorateError `OPERATION_SUPERSEDED`, `SESSION_LOST` with the outcome `unknown`
   */
  #once<Result>(operation: OperationId | undefined, run: () => Result): Result {
    if (operation === undefined) return run();
    const { session, sequence } = operation;
    // It may have been carried out before the session ended: nobody knows any more.
    if (!this.#isAlive(session)) throw sessionLost(session, 'unknown');
    const last = this.#remembered.get(session);
    if (last?.sequence === sequence) return last.result as Result;
    if (last !== undefined && sequence < last.sequence) throw superseded(operation, last.sequence);
    const result = run();
    if ((result as { outcome?: unknown }).outcome !== 'not-applied') {
      this.#remembered.set(session, { sequence, result });
    }
    return result;
  }

  #checkAlive(session: SessionId | undefined): void {
    if (session !== undefined && !this.#isAlive(session)) throw sessionLost(session, 'not-applied');
  }

  /** Where the changes after a revision begin: they are sorted, so halves of them are looked at. */
  #indexAfter(revision: number): number {
    let [low, high] = [0, this.#changes.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#changes[middle] as StoreChange).revision > revision) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #before(prefix: string, { created }: Entry): Entry | undefined {
    for (const entry of this.#entries.newestFirst(prefix)) if (entry.created < created) return entry;
    return undefined;
  }

  #next(): Revision {
    return ++this.#revision as Revision;
  }

  #put({ key, value, session }: EntryWrite, revision: Revision): Entry {
    const before = this.#entries.get(key);
    const entry: Entry = {
      key,
      value,
      created: before?.created ?? revision,
      modified: revision,
      ...(session === undefined ? {} : { session }),
    };
    if (before !== undefined) this.#detach(before);
    this.#entries.set(entry);
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

  #changed(change: StoreChange): void {
    this.#onChange?.(change);
    this.#changes.push(change);
    if (this.#changes.length <= 2 * this.#changesMax) return;
    // Cut at a revision, so that the changes of one batch are known all or none.
    this.#forgotten = (this.#changes[this.#changesMax] as StoreChange).revision;
    this.#changes = this.#changes.filter(({ revision }) => revision > this.#forgotten);
  }
}

/** The key of an entry that `enqueue` makes: as wide as the largest revision, so that keys sort as they were created. */
export function queueKey(prefix: string, revision: Revision): string {
  return `${prefix}${String(revision).padStart(16, '0')}`;
}

/** The number that an `add` leaves. @throws RangeError */
function sum(key: string, current: Entry | undefined, delta: bigint): bigint {
  const text = current === undefined ? '0' : new TextDecoder().decode(current.value);
  if (!/^-?\d{1,19}$/.test(text)) throw new RangeError(notANumber(key, text));
  const value = BigInt(text) + delta;
  if (value < int64.min || value > int64.max) throw new RangeError(tooLarge(key, delta));
  return value;
}

/** What an `add` to something else than a number is refused with: the message of its RangeError. */
export function notANumber(key: string, text: string): string {
  const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  return `Value of "${key}" must be an integer in decimal digits to be added to: received "${shown}"`;
}

/** What an `add` beyond 64 bits is refused with: the message of its RangeError. */
export function tooLarge(key: string, delta: bigint): string {
  return `Value of "${key}" must fit a signed 64-bit integer: received a delta of ${delta}, which leads beyond`;
}

function holds(condition: Condition, current: Entry | undefined): boolean {
  if ('absent' in condition) return current === undefined;
  if ('modified' in condition) return current?.modified === condition.modified;
  return current?.created === condition.created;
}

function refused(current: Entry | undefined): Refused {
  return current === undefined ? { outcome: 'not-applied' } : { outcome: 'not-applied', current };
}

/** A request came late: a later operation of its session has taken effect in the partition. What became of it is forgotten. */
export function superseded({ session, sequence }: OperationId, last: number): QuorateError {
  return new QuorateError(
    'OPERATION_SUPERSEDED',
    `Operation ${sequence} of session ${session} came after its operation ${last} had taken effect`,
    { outcome: 'unknown' },
  );
}

/** The session is gone: its entries too, or soon. */
export function sessionLost(session: SessionId, outcome: 'not-applied' | 'unknown'): QuorateError {
  return new QuorateError('SESSION_LOST', `Session ${session} is dead`, { outcome });
}
