import type { MessageId } from '../ids.ts';
import type { LeaseQuery, MessagesQuery, PageQuery } from './queue-partition.ts';
import type {
  InspectedMessage,
  LeasedMessage,
  LeaseHandle,
  Page,
  PutResult,
  QueueCapabilities,
  QueueDepth,
  QueuePut,
  RemoveResult,
  Settlement,
  SettleResult,
  StateRecord,
  StateResult,
  StateWrite,
} from './queue-store.ts';

/** What is there to be leased. */
export interface LeaseAnswer {
  readonly messages: readonly LeasedMessage[];
  /** In how long something is ready that nobody will tell of, because only time has to pass. Absent where nothing is known of. */
  readonly nextInMs?: number;
}

/**
 * What is different from engine to engine: a `QueueStore` is made of it by `driveQueue`, which checks arguments, keeps deadlines and
 * waits for messages.
 *
 * Arguments have been checked. Byte arrays that come in may be kept, those that go out are the receiver's. The signal aborts when
 * nobody waits for the answer any more; a driver may heed it or not, and promptly lets go of what it holds for the call.
 *
 * Calls reject with `QuorateError` whose `outcome` is truthful. One that rejects with `unknown` makes all of its results unknown;
 * a driver that knows more says so of each.
 */
export interface QueueDriver extends AsyncDisposable {
  readonly capabilities: QueueCapabilities;

  now(signal: AbortSignal | undefined): Promise<number>;
  put(puts: readonly QueuePut[], call: PutCall): Promise<readonly PutResult[]>;
  /** What is ready now: waiting is not the driver's. */
  lease(queue: string, query: LeaseQuery, signal: AbortSignal | undefined): Promise<LeaseAnswer>;
  extend(
    leases: readonly LeaseHandle[],
    leaseMs: number,
    started: boolean,
    signal: AbortSignal | undefined,
  ): Promise<readonly SettleResult[]>;
  settle(
    settlements: readonly Settlement[],
    signal: AbortSignal | undefined,
  ): Promise<readonly SettleResult[]>;
  abandon(queue: string, owner: string, signal: AbortSignal | undefined): Promise<number>;
  watch(queue: string, onReady: () => void): Disposable;

  readonly state: QueueStateDriver;
  readonly inspect: QueueInspectorDriver;
}

/** What comes with each put. */
export interface PutCall {
  readonly transaction: unknown;
  readonly signal: AbortSignal | undefined;
}

/** See `QueueState`. */
export interface QueueStateDriver {
  get(key: string, signal: AbortSignal | undefined): Promise<StateRecord | undefined>;
  write(write: StateWrite, signal: AbortSignal | undefined): Promise<StateResult>;
  scan(query: PageQuery, signal: AbortSignal | undefined): Promise<Page<StateRecord>>;
  watch(prefix: string, onChange: (key: string) => void): Disposable;
}

/** See `QueueInspector`. */
export interface QueueInspectorDriver {
  queues(query: PageQuery, signal: AbortSignal | undefined): Promise<Page<string>>;
  depth(queue: string, signal: AbortSignal | undefined): Promise<QueueDepth>;
  get(queue: string, id: MessageId, signal: AbortSignal | undefined): Promise<InspectedMessage | undefined>;
  messages(
    queue: string,
    query: MessagesQuery,
    signal: AbortSignal | undefined,
  ): Promise<Page<InspectedMessage>>;
  remove(
    queue: string,
    ids: readonly MessageId[],
    signal: AbortSignal | undefined,
  ): Promise<readonly RemoveResult[]>;
  purge(queue: string, signal: AbortSignal | undefined): Promise<number>;
}
