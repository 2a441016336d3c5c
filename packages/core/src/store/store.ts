import type { Revision, SessionId } from '../ids.ts';
import type { WaitOptions } from '../link-signal.ts';
import type { QuorateError } from '../quorate-error.ts';

/**
 * The Store seam: a revisioned key-value store with sessions and watches, modelled on etcd's data model. Locks, counters,
 * elections, registries and the decisions of transactions are built once, on this interface, and run on every engine.
 * What it promises stands as cases in `@quorate/conformance`, which hold memory, LMDB, Redis, NATS and PostgreSQL to it.
 *
 * @module
 */

/** Where an acknowledged write is, from weakest to strongest. */
export type Durability = 'memory' | 'os' | 'fsync' | 'quorum';

/**
 * What an engine can do. Declared truthfully and checked by the conformance suite; what is missing is refused with
 * `UNSUPPORTED`, never emulated.
 */
export interface StoreCapabilities {
  /** `memory`: lost with the process. `os`: survives the process. `fsync`: survives power loss. `quorum`: survives machines. */
  readonly durability: Durability;
  /** Whether `get`, `list` and conditions see every write that was acknowledged before they began. */
  readonly linearizable: boolean;
  /** Whether revisions keep growing across a loss of data, so that old fencing tokens stay refused. */
  readonly fenceSurvivesLoss: boolean;
  /** Who ends a dead session: the engine's own clock, other clients that observe it, or the kernel that saw its process end. */
  readonly expiry: 'server' | 'observer' | 'kernel';
  /** Whether changes are pushed or found by polling. */
  readonly watch: 'push' | 'poll';
  /** The shortest time to live of a session. */
  readonly ttlMinMs: number;
  /** The largest value of an entry. */
  readonly valueMaxBytes: number;
  /** Which of the optional verbs there are. */
  readonly verbs: { readonly enqueue: boolean; readonly add: boolean; readonly batch: boolean };
}

/** A key's present state. */
export interface Entry {
  /** Slash-separated; the first segment names the partition, within which order and atomicity hold. */
  readonly key: string;
  /** Owned by the receiver. */
  readonly value: Uint8Array;
  /** When the key came into being: the fencing token of whoever created it. */
  readonly created: Revision;
  /** When it last changed. */
  readonly modified: Revision;
  /** The session it ends with, if it names one. */
  readonly session?: SessionId;
}

/** What must be true of a key for a write to take effect. */
export type Condition =
  | { readonly absent: true }
  | { readonly modified: Revision }
  | { readonly created: Revision };

/**
 * Names one mutation for as long as its session lives, so that repeating it after an unknown outcome takes effect once.
 *
 * A partition remembers the last operation of each session that took effect in it, until the session is gone; what comes
 * later under a smaller number, as a request that was stuck somewhere, is refused. So a session has one operation under way
 * in a partition at a time, and settles it before it begins the next. An operation that was refused left nothing to remember:
 * a repeat is judged anew.
 */
export interface OperationId {
  readonly session: SessionId;
  /** From 1, growing. Numbers may be left out. */
  readonly sequence: number;
}

/** Options of every call to a Store. */
export interface CallOptions extends WaitOptions {
  /** Makes a mutation repeatable. */
  readonly operation?: OperationId;
}

/** The write took effect. */
export interface Applied {
  readonly outcome: 'applied';
  /** The entry as written, or as it was before a deletion. */
  readonly entry: Entry;
  readonly revision: Revision;
}

/** The condition did not hold; nothing changed. */
export interface Refused {
  readonly outcome: 'not-applied';
  /** What stands there instead; absent when nothing does. */
  readonly current?: Entry;
}

/** The answer was lost, or not awaited. Repeat the call under the same operation id to learn it. */
export interface Unknown {
  readonly outcome: 'unknown';
  /** `UNAVAILABLE`, `ABORTED`, `DEADLINE_EXCEEDED`; with `SESSION_LOST` and `OPERATION_SUPERSEDED` nobody remembers any more. */
  readonly cause: QuorateError;
}

/** What became of a write. What certainly had no effect is thrown instead. */
export type WriteResult = Applied | Refused | Unknown;

/** One change, or the news that some were missed. */
export type StoreEvent =
  | { readonly type: 'put' | 'delete'; readonly entry: Entry; readonly revision: Revision }
  /** List again, then watch from that list's revision. Every waiter must be right with nothing but these and timers. */
  | { readonly type: 'resync' };

/** Which entries `list` gives. */
export interface ListOptions extends CallOptions {
  /** Only entries created before this revision. */
  readonly createdBefore?: Revision;
  /** From the youngest to the oldest. Default: oldest first. */
  readonly newestFirst?: boolean;
  /** At most this many. Default and maximum are the engine's. */
  readonly limit?: number;
}

/** Entries as they stood together at one revision of their partition. */
export interface Listing {
  readonly entries: readonly Entry[];
  readonly revision: Revision;
}

/**
 * One client's proof of life, renewed by one heartbeat however much it holds.
 *
 * Nothing is atomic between a session and its entries. Once it is dead the engine deletes them, each partition for itself and
 * at some time, as long as any client is open; and a request that was under way can still make one. So whoever relies on
 * liveness observes every session that it lists, with {@link Store.observe}.
 *
 * Disposing ends the session and deletes its entries, best effort.
 */
export interface Session extends AsyncDisposable {
  readonly id: SessionId;
  /** Aborts before the deadline passes on either the monotonic or the wall clock, without waiting for the engine. */
  readonly lost: AbortSignal;
  /** Time until the session may be taken for dead by others; 0 once lost. */
  remainingMs(): number;
}

/** An entry in a queue of entries, with what stands before it; of a repeated call, what stood before it at the repeat. */
export interface Enqueued {
  readonly self: Entry;
  /** The first of the queue; `self` when nobody stands before. */
  readonly head: Entry;
  /** The one directly before `self`, to be watched. */
  readonly predecessor?: Entry;
}

/** What became of an `enqueue`; an unknown one is resolved by the same operation id. */
export type EnqueueResult = ({ readonly outcome: 'applied' } & Enqueued) | Unknown;

/** What became of an `add`. The value fits 64 bits. */
export type AddResult =
  | { readonly outcome: 'applied'; readonly value: bigint; readonly revision: Revision }
  | Unknown;

/** One write of a batch. */
export type BatchWrite =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array; readonly session?: SessionId }
  | { readonly type: 'delete'; readonly key: string };

/** What became of a batch; with its condition unmet it names the first key that failed. */
export type BatchResult =
  | { readonly outcome: 'applied'; readonly revision: Revision }
  | { readonly outcome: 'not-applied'; readonly key: string; readonly current?: Entry }
  | Unknown;

/**
 * A revisioned key-value store with sessions and watches.
 *
 * Order and atomicity hold within a partition, not across: that is what Redis Cluster, PostgreSQL and many Raft groups can
 * all keep. Only sessions expire, never single keys. Client libraries' own resending is off, because it doubles writes.
 *
 * Every method rejects with `QuorateError` `UNAVAILABLE` (retryable), `SESSION_LOST`, `CLOSED`, `ABORTED` or
 * `DEADLINE_EXCEEDED`, always with the outcome `not-applied`: what may have taken effect is a value. Bad arguments
 * are a `TypeError` or `RangeError` before anything is sent. A prefix ends anywhere in a key; what it leads to is a partition.
 */
export interface Store extends AsyncDisposable {
  readonly capabilities: StoreCapabilities;

  get(key: string, options?: CallOptions): Promise<Entry | undefined>;

  /** Entries whose key begins with `prefix`, in order of creation, all of one revision. `prefix` names its partition whole. */
  list(prefix: string, options?: ListOptions): Promise<Listing>;

  put(
    key: string,
    value: Uint8Array,
    condition: Condition,
    options?: CallOptions & { readonly session?: SessionId },
  ): Promise<WriteResult>;

  delete(key: string, condition: Condition, options?: CallOptions): Promise<WriteResult>;

  /** Changes under `prefix` after revision `from`, in order. Ends when the signal aborts; never ends by itself. */
  watch(prefix: string, from: Revision, options: { readonly signal: AbortSignal }): AsyncIterable<StoreEvent>;

  /** Opens a session and keeps it alive until disposed or lost. The deadline counts from before the request is sent. */
  session(options: WaitOptions & { readonly ttlMs: number }): Promise<Session>;

  /**
   * Settles once a session is dead: ended by its owner, expired, or never there. How long a dead one can be taken for alive is
   * the engine's to state; an `observer` needs to have watched it for its whole time to live.
   */
  observe(session: SessionId, options?: WaitOptions): Promise<void>;

  /** Creates an entry at the end of `prefix`'s queue and learns who stands before it, in one round trip. */
  enqueue?(
    prefix: string,
    value: Uint8Array,
    options: CallOptions & { readonly session: SessionId },
  ): Promise<EnqueueResult>;

  /**
   * Adds to a number exactly once per operation id. A key that is absent counts as 0, and comes into being without a session;
   * one that is there keeps its own. The value is the number in decimal digits.
   *
   * @throws RangeError where the value is no integer in decimal digits, or the sum would not fit a signed 64-bit integer
   */
  add?(
    key: string,
    delta: bigint,
    options: CallOptions & { readonly operation: OperationId },
  ): Promise<AddResult>;

  /** All writes or none, when every condition holds. One partition. */
  batch?(
    conditions: ReadonlyMap<string, Condition>,
    writes: readonly BatchWrite[],
    options?: CallOptions,
  ): Promise<BatchResult>;
}
