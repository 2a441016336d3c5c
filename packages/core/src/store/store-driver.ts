import type { Revision, SessionId } from '../ids.ts';
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
  StoreCapabilities,
  StoreEvent,
  Unknown,
} from './store.ts';
import type { EntryWrite, ListQuery } from './store-partition.ts';

/**
 * What is different from engine to engine: a `Store` is made of it by `driveStore`, which checks arguments, keeps deadlines,
 * turns lost answers into values and keeps sessions alive.
 *
 * Arguments have been checked. Byte arrays that come in may be kept, those that go out are the receiver's. The signal aborts when
 * nobody waits for the answer any more; a driver may heed it or not, and promptly lets go of what it holds for the call.
 *
 * Calls reject with `QuorateError` whose `outcome` is truthful: `not-applied` is repeated without harm, `unknown` becomes a value.
 * A driver never repeats a mutation by itself, unless it has an operation id.
 */
export interface StoreDriver extends AsyncDisposable {
  readonly capabilities: StoreCapabilities;

  get(key: string, signal: AbortSignal | undefined): Promise<Entry | undefined>;
  list(query: ListQuery, signal: AbortSignal | undefined): Promise<Listing>;
  put(write: EntryWrite, condition: Condition, call: DriverCall): Promise<Applied | Refused>;
  delete(key: string, condition: Condition, call: DriverCall): Promise<Applied | Refused>;
  enqueue?(prefix: string, value: Uint8Array, session: SessionId, call: DriverCall): Promise<Enqueued>;
  add?(key: string, delta: bigint, call: DriverCall): Promise<Exclude<AddResult, Unknown>>;
  batch?(
    conditions: ReadonlyMap<string, Condition>,
    writes: readonly BatchWrite[],
    call: DriverCall,
  ): Promise<Exclude<BatchResult, Unknown>>;

  /** Changes under `prefix` after `from`; returns when the signal aborts, and only then. A lost connection is a `resync`. */
  watch(prefix: string, from: Revision, signal: AbortSignal): AsyncIterable<StoreEvent>;

  /** Opens a session that lives for `ttlMs` from some moment after this call. */
  openSession(ttlMs: number, signal: AbortSignal | undefined): Promise<SessionId>;
  /** Lets it live for its whole time again; false where it is dead. */
  renewSession(session: SessionId): Promise<boolean>;
  /** Ends it, if it lives, and deletes its entries. */
  endSession(session: SessionId): Promise<void>;
  /** See `Store.observe`. */
  observe(session: SessionId, signal: AbortSignal | undefined): Promise<void>;
}

/** What comes with each mutation. */
export interface DriverCall {
  readonly operation: OperationId | undefined;
  readonly signal: AbortSignal | undefined;
}
