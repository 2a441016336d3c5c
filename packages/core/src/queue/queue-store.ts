import type { FencingToken, MessageId } from '../ids.ts';
import type { WaitOptions } from '../link-signal.ts';
import type { Durability, Unknown } from '../store/store.ts';

/**
 * The QueueStore seam: at-least-once delivery in a few batch-first verbs, and small records beside the messages. What only an engine
 * can select by is a rule of `lease`: the time a message is ready, its lane, how many of its key are out. Retries, backoff, dead
 * letters, ageing, deduplication windows, schedules, limits, results and flows are built once above it, in `@quorate/queue`.
 *
 * @module
 */

/** What an engine can do, declared truthfully and checked by the conformance suite; what is missing is refused with `UNSUPPORTED`. */
export interface QueueCapabilities {
  /** Where a message is once `put` has resolved. */
  readonly durability: Durability;
  /** Whether all parts of a settlement take effect in one commit, conditional on its token and its state writes. */
  readonly atomicSettle: boolean;
  /** Whether the messages of one `put` that share a partition take effect in one commit. */
  readonly atomicPut: boolean;
  /** Whether `put` can join a transaction of the caller's own connection. */
  readonly transactionalPut: boolean;
  /** Whether several processes can use it at once. */
  readonly crossProcess: boolean;
  /** Which rules `lease` keeps: a message's time, its lane, how many of its key are out. */
  readonly lease: { readonly readyAt: boolean; readonly lanes: boolean; readonly oneActivePerKey: boolean };
  /** Whether leases of an owner that died can be ended before their time. */
  readonly abandon: boolean;
  /** The steps in which lease times are kept. */
  readonly leaseGranularityMs: number;
  /** The largest body; headers count, each with its name. */
  readonly bodyMaxBytes: number;
}

/** A message on its way in. Its texts are well-formed Unicode without NUL: not every engine can keep another. */
export interface NewMessage {
  /** Chosen by the sender when sending again must not send twice; it must not begin with `~`. Default: the engine's. */
  readonly id?: MessageId;
  /**
   * For how long from now on the id is remembered though its message is gone: what comes under it until then is a duplicate, also
   * after a restart. Default 0: as long as the message exists.
   */
  readonly rememberMs?: number;
  readonly body: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** Priority lane from 0 to {@link laneMax}, 0 first. Default 0. */
  readonly lane?: number;
  /** Messages of a key are leased in the order in which they were put; later ones wait until earlier ones are gone, retries included. */
  readonly key?: string;
  /** How many messages of the key may be out when this one is leased, itself included. Default 1: strict order. */
  readonly keyActiveMax?: number;
  /** Not leased before this time on the engine's clock, in ms. Default: at once. One that has passed is as if it were now. */
  readonly readyAtMs?: number;
  /** Not leased before so much time has passed; instead of `readyAtMs`. */
  readonly delayMs?: number;
}

/** A message, and the queue that it is for. */
export interface QueuePut {
  /** Slash-separated, as a Store's key: its first segment names the partition. */
  readonly queue: string;
  readonly message: NewMessage;
}

/**
 * What became of one message of a `put`. One of unknown outcome is resolved by putting it again under an id of the sender's that is
 * remembered for long enough.
 */
export type PutResult =
  | { readonly outcome: 'applied'; readonly id: MessageId; readonly duplicate: boolean }
  | Unknown;

/** A message in somebody's hands until its lease ends. */
export interface LeasedMessage {
  readonly id: MessageId;
  readonly queue: string;
  /**
   * Owned by the receiver. It may lie beside others of the same call in one buffer: to be handed to another thread it is copied, and its
   * buffer is not transferred.
   */
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly lane: number;
  readonly key?: string;
  /** Grows with every lease in the partition: a settle with an older one than the message's last is `lost`. */
  readonly token: FencingToken;
  /** How often it was handed out, this time included: what a message that kills its process is caught by. */
  readonly deliveryCount: number;
  /** How often a handler had started on it, as charged by `extend(..., { started: true })`, or by this lease or others. */
  readonly attemptCount: number;
  /** When it was put into this queue, on the engine's clock. */
  readonly putAtMs: number;
  /** When the lease ends, on the engine's clock. */
  readonly leasedUntilMs: number;
}

/** Names a lease. */
export interface LeaseHandle {
  readonly queue: string;
  readonly id: MessageId;
  readonly token: FencingToken;
}

/** Which messages to lease, for how long, and how long to wait for the first. */
export interface LeaseOptions extends WaitOptions {
  readonly messagesMax: number;
  /** The visibility timeout. */
  readonly leaseMs: number;
  /** Lanes to take from, in order of preference. Default: all, lowest number first. */
  readonly lanes?: readonly number[];
  /** Who leases: for inspection, and for {@link QueueStore.abandon}. */
  readonly owner: string;
  /** How long to wait for the first message. Default 0: as it stands now. `Infinity`: until the signal aborts. */
  readonly waitMs?: number;
  /**
   * How many of the messages, from the first on, are charged an attempt at once, as `extend(..., { started: true })` would: their
   * handlers start as soon as the answer is there. Default 0.
   */
  readonly startedMax?: number;
}

/** A small record that is written by compare and set. */
export interface StateWrite {
  /** Slash-separated: its first segment names the partition. */
  readonly key: string;
  /** `undefined` deletes. */
  readonly value: Uint8Array | undefined;
  /** The version it must have; 0 when it must be absent. Default: whatever stands there. */
  readonly version?: number;
  /** When it is gone by itself, on the engine's clock. Default: never. */
  readonly expiresAtMs?: number;
}

/** How a leased message ends, together with what follows from it. All of it lies in the partition of the lease's queue. */
export interface Settlement {
  readonly lease: LeaseHandle;
  readonly action:
    | { readonly type: 'acknowledge' }
    /** Leased again, `delayMs` from now at the earliest. It keeps its place among its key's, its counts, and the headers not named. */
    | {
        readonly type: 'release';
        readonly delayMs: number;
        readonly headers?: Readonly<Record<string, string>>;
        /** Takes an attempt back that was charged to it: no handler has started on it. */
        readonly unstarted?: boolean;
      }
    /** To the end of another queue, with its counts at 0; its headers stay, but for those named. */
    | { readonly type: 'move'; readonly queue: string; readonly headers?: Readonly<Record<string, string>> };
  /** Follow-up messages. */
  readonly puts?: readonly QueuePut[];
  readonly state?: readonly StateWrite[];
}

/**
 * `lost`: the message was leased to another since, or is gone. `conflict`: a state record had another version. Nothing was done.
 *
 * Whoever repeats a settlement of unknown outcome may be told `lost` of what had taken effect.
 */
export type SettleResult =
  | { readonly outcome: 'applied' }
  | { readonly outcome: 'not-applied'; readonly reason: 'lost' | 'conflict' }
  | Unknown;

/** A state record as it stands. */
export interface StateRecord {
  readonly key: string;
  /** Owned by the receiver. */
  readonly value: Uint8Array;
  /** Grows with every write in the partition, so that a record that is written anew never has a version again. */
  readonly version: number;
  readonly expiresAtMs?: number;
}

/** What became of a write of a state record; `version` is 0 after a deletion. */
export type StateResult =
  | { readonly outcome: 'applied'; readonly version: number }
  | { readonly outcome: 'not-applied'; readonly reason: 'conflict'; readonly current?: StateRecord }
  | Unknown;

/** How full a queue is. */
export interface QueueDepth {
  readonly readyCount: number;
  readonly delayedCount: number;
  readonly leasedCount: number;
  /** Those that wait until others of their key are gone. */
  readonly heldCount: number;
  /** Since when the oldest ready message has been ready, on the engine's clock. */
  readonly oldestReadyAtMs?: number;
}

/** What becomes of a message next. */
export type MessageState = 'ready' | 'delayed' | 'leased' | 'held';

/** A message as it stands, for a dashboard. */
export interface InspectedMessage extends Omit<LeasedMessage, 'token' | 'leasedUntilMs'> {
  readonly state: MessageState;
  /** When it can be leased, or could be. */
  readonly readyAtMs: number;
  /** Of a leased one. */
  readonly owner?: string;
  readonly leasedUntilMs?: number;
}

/** One page of a scan; `cursor` is absent on the last. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly cursor?: string;
}

/** Where a page begins, and how much it holds. */
export interface PageOptions extends WaitOptions {
  /** Of the page before, of the same list. Default: from the start. */
  readonly cursor?: string;
  /** At most this many. Default 100; at most {@link pageMax}. */
  readonly limit?: number;
}

/** Small records beside the messages, for deduplication, results, schedules and limits. */
export interface QueueState {
  get(key: string, options?: WaitOptions): Promise<StateRecord | undefined>;
  write(write: StateWrite, options?: WaitOptions): Promise<StateResult>;
  /** Records whose key begins with `prefix`, in order of their keys' UTF-16 code units. `prefix` names its partition whole. */
  scan(prefix: string, options?: PageOptions): Promise<Page<StateRecord>>;
  /** Calls back when a record under `prefix` may have changed: a hint that may be lost. */
  watch(prefix: string, onChange: (key: string) => void): Disposable;
}

/** What an operator sees and does. */
export interface QueueInspector {
  /** Names of queues that hold messages and begin with `prefix`, in order. `prefix` names its partition whole. */
  queues(prefix: string, options?: PageOptions): Promise<Page<string>>;
  depth(queue: string, options?: WaitOptions): Promise<QueueDepth>;
  get(queue: string, id: MessageId, options?: WaitOptions): Promise<InspectedMessage | undefined>;
  /** In the order in which they were put; without leasing them. */
  messages(
    queue: string,
    options?: PageOptions & { readonly state?: MessageState },
  ): Promise<Page<InspectedMessage>>;
  /** Takes messages out whatever their state; who holds one loses it. Says of each whether it was there. */
  remove(queue: string, ids: readonly MessageId[], options?: WaitOptions): Promise<readonly RemoveResult[]>;
  /** Takes out all messages that are there; says how many. */
  purge(queue: string, options?: WaitOptions): Promise<number>;
}

/** What became of the removal of one message. */
export type RemoveResult = { readonly outcome: 'applied'; readonly removed: boolean } | Unknown;

/** Options of a `put`. */
export interface PutOptions extends WaitOptions {
  /** A transaction of the caller's own connection that the messages join, where `transactionalPut` is declared. */
  readonly transaction?: unknown;
}

/**
 * At-least-once delivery. Never exactly once: a lease can end while its handler still runs.
 *
 * Every method rejects with `QuorateError` `UNAVAILABLE` (retryable), `CLOSED`, `ABORTED`, `DEADLINE_EXCEEDED`, `UNSUPPORTED` or
 * `STORE_FULL`, with the outcome `not-applied`: what may have taken effect is a value, but for `lease`, where what was leased in vain
 * comes back when its lease ends. Bad arguments are a `TypeError` or `RangeError` before anything is sent.
 */
export interface QueueStore extends AsyncDisposable {
  readonly capabilities: QueueCapabilities;
  readonly state: QueueState;
  readonly inspect: QueueInspector;

  /** The engine's clock in ms: what every `...AtMs` is reckoned on. Never the worker's own. */
  now(options?: WaitOptions): Promise<number>;

  /** Resolves when the messages are as durable as the capabilities say. One result for each message, in order. */
  put(puts: readonly QueuePut[], options?: PutOptions): Promise<readonly PutResult[]>;

  /**
   * Up to `messagesMax` messages of the lanes asked for: by lane, then by the time since when they are ready, then as they were put. Of
   * what was released for one time any may be first. Empty once `waitMs` has passed.
   */
  lease(queue: string, options: LeaseOptions): Promise<readonly LeasedMessage[]>;

  /**
   * Moves leases' ends to `leaseMs` from now; `started` charges an attempt to each. One result for each lease. One whose end has
   * passed is revived, as long as nobody else has leased its message.
   */
  extend(
    leases: readonly LeaseHandle[],
    leaseMs: number,
    options?: WaitOptions & { readonly started?: boolean },
  ): Promise<readonly SettleResult[]>;

  /**
   * Ends leases, each with its follow-ups, conditional on its token: as long as nobody else has leased its message since. Those of one
   * call take effect one after the other, but for what they send, which may come after the ends of all.
   */
  settle(settlements: readonly Settlement[], options?: WaitOptions): Promise<readonly SettleResult[]>;

  /** Ends the leases in a queue of an owner that is known to be dead, so that nobody waits for their ends. Says how many. */
  abandon(queue: string, owner: string, options?: WaitOptions): Promise<number>;

  /** Calls back when something may have become ready in a queue: a hint that may be lost. */
  watch(queue: string, onReady: () => void): Disposable;
}

/** The last priority lane. */
export const laneMax = 15;

/** The most that one page holds, and the most messages that one call puts, leases or settles. */
export const pageMax = 1000;
