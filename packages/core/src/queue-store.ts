import type { FencingToken, MessageId } from './ids.ts';
import type { WaitOptions } from './link-signal.ts';
import type { Durability, Unknown } from './store/store.ts';

/**
 * The QueueStore seam: at-least-once delivery in a few batch-first verbs. Retries, backoff, dead letters, ageing,
 * deduplication, schedules, limits, results and flows are built once above it.
 *
 * @experimental until two engines pass its conformance suite
 * @module
 */

/** What an engine can do, declared truthfully; what is missing is refused with `UNSUPPORTED`. */
export interface QueueCapabilities {
  readonly durability: Durability;
  /** Whether `settle` does all of its parts in one commit, conditional on the token. */
  readonly atomicSettle: boolean;
  /** Whether `put` can join a transaction of the caller's own connection. */
  readonly transactionalPut: boolean;
  /** Whether several processes can use it at once. */
  readonly crossProcess: boolean;
  /** Which rules `lease` keeps: a message's time, its lane, one active message per key. */
  readonly lease: { readonly readyAt: boolean; readonly lanes: boolean; readonly oneActivePerKey: boolean };
  /** The steps in which lease times are kept. */
  readonly leaseGranularityMs: number;
  readonly bodyMaxBytes: number;
}

/** A message on its way in. */
export interface NewMessage {
  /** Chosen by the sender when sending again must not send twice. Default: the engine's. */
  readonly id?: MessageId;
  readonly body: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** Priority lane, 0 first. Default 0. */
  readonly lane?: number;
  /** At most one message of a key is leased at a time, in order, held through its retries. */
  readonly key?: string;
  /** Not leased before this time on the engine's clock, in ms. Default: at once. */
  readonly readyAtMs?: number;
}

/** What became of one message of a `put`. */
export type PutResult =
  | { readonly outcome: 'applied'; readonly id: MessageId; readonly duplicate: boolean }
  | Unknown;

/** A message in somebody's hands until its lease ends. */
export interface LeasedMessage {
  readonly id: MessageId;
  readonly queue: string;
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly lane: number;
  readonly key?: string;
  /** Grows with every lease of the message; a settle with an older one is `lost`. */
  readonly token: FencingToken;
  /** How often it was handed out, this time included: what a message that kills its process is caught by. */
  readonly deliveryCount: number;
  /** How often a handler had started on it, as charged by `extend(..., { started: true })`. */
  readonly attemptCount: number;
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
  /** Who leases, for inspection. */
  readonly owner: string;
}

/** A small record that is written by compare and set. */
export interface StateWrite {
  readonly key: string;
  /** `undefined` deletes. */
  readonly value: Uint8Array | undefined;
  /** The version it must have; 0 when it must be absent. */
  readonly version: number;
  readonly expiresAtMs?: number;
}

/** How a leased message ends, together with what follows from it. */
export interface Settlement {
  readonly lease: LeaseHandle;
  readonly action:
    | { readonly type: 'acknowledge' }
    | {
        readonly type: 'release';
        readonly readyAtMs: number;
        readonly headers?: Readonly<Record<string, string>>;
      }
    | { readonly type: 'move'; readonly queue: string; readonly headers?: Readonly<Record<string, string>> };
  /** Follow-up messages, by queue. */
  readonly puts?: readonly { readonly queue: string; readonly message: NewMessage }[];
  readonly state?: readonly StateWrite[];
}

/** `lost`: another holder has the message. `conflict`: a state record had another version; nothing was done. */
export type SettleResult =
  | { readonly outcome: 'applied' }
  | { readonly outcome: 'not-applied'; readonly reason: 'lost' | 'conflict' }
  | Unknown;

/** A state record as it stands. */
export interface StateRecord {
  readonly key: string;
  readonly value: Uint8Array;
  /** From 1, one more at every write. */
  readonly version: number;
  readonly expiresAtMs?: number;
}

/** How full a queue is. */
export interface QueueDepth {
  readonly readyCount: number;
  readonly delayedCount: number;
  readonly leasedCount: number;
  /** Age of the oldest ready message on the engine's clock. */
  readonly oldestReadyMs?: number;
}

/** One page of a scan; `cursor` is absent on the last. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly cursor?: string;
}

/** Small records beside the messages, for deduplication, results, schedules and limits. */
export interface QueueState {
  get(key: string, options?: WaitOptions): Promise<StateRecord | undefined>;
  write(write: StateWrite, options?: WaitOptions): Promise<SettleResult>;
  scan(
    prefix: string,
    options?: WaitOptions & { readonly cursor?: string; readonly limit?: number },
  ): Promise<Page<StateRecord>>;
}

/**
 * At-least-once delivery. Never exactly once: a lease can end while its handler still runs.
 *
 * Rejects as a {@link Store} does.
 *
 * @experimental until two engines pass its conformance suite
 */
export interface QueueStore extends AsyncDisposable {
  readonly capabilities: QueueCapabilities;

  /** The engine's clock in ms: what every `...AtMs` is reckoned on. Never the worker's own. */
  now(options?: WaitOptions): Promise<number>;

  /** Resolves when the messages are as durable as the capabilities say. One result for each message, in order. */
  put(queue: string, messages: readonly NewMessage[], options?: WaitOptions): Promise<readonly PutResult[]>;

  /** Up to `messagesMax` messages that are ready; an empty list once the deadline has passed. */
  lease(queue: string, options: LeaseOptions): Promise<readonly LeasedMessage[]>;

  /** Moves leases' ends to `leaseMs` from now; `started` charges an attempt. One result for each lease. */
  extend(
    leases: readonly LeaseHandle[],
    leaseMs: number,
    options?: WaitOptions & { readonly started?: boolean },
  ): Promise<readonly SettleResult[]>;

  /** Ends leases, each with its follow-ups, conditional on its token. */
  settle(settlements: readonly Settlement[], options?: WaitOptions): Promise<readonly SettleResult[]>;

  readonly state: QueueState;

  /** Calls back when something may have become ready: a hint that may be lost. */
  watch(queue: string, onReady: () => void): Disposable;

  depth(queue: string, options?: WaitOptions): Promise<QueueDepth>;

  /** Messages for a dashboard, page by page, without leasing them. */
  inspect(
    queue: string,
    options?: WaitOptions & { readonly cursor?: string; readonly limit?: number },
  ): Promise<Page<Omit<LeasedMessage, 'token'>>>;
}
