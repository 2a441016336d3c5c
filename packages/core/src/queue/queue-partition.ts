import type { MessageId } from '../ids.ts';
import type { Unknown } from '../store/store.ts';
import { type Arrival, Arrivals, withHeaders } from './arrivals.ts';
import { BytePieces } from './byte-pieces.ts';
import { LeaseEnds } from './lease-ends.ts';
import type { MessageImage, PartitionImage } from './partition-image.ts';
import { QueueCell } from './queue-cell.ts';
import type {
  InspectedMessage,
  LeasedMessage,
  LeaseHandle,
  MessageState,
  NewMessage,
  Page,
  PutResult,
  QueueDepth,
  QueuePut,
  Settlement,
  SettleResult,
  StateRecord,
  StateResult,
  StateWrite,
} from './queue-store.ts';
import {
  imageOf,
  inspected,
  type Lease,
  leased,
  leaseOf,
  messageOf,
  QueuedMessage,
  stateOf,
} from './queued-message.ts';
import { RememberedIds } from './remembered-ids.ts';
import { StateTable } from './state-table.ts';

/** What `lease` is asked for, with every default filled in. */
export interface LeaseQuery {
  readonly messagesMax: number;
  readonly leaseMs: number;
  /** `undefined` for all. */
  readonly lanes: readonly number[] | undefined;
  readonly owner: string;
  readonly startedMax: number;
}

/** A page of what begins with `prefix`, with every default filled in. */
export interface PageQuery {
  readonly prefix: string;
  readonly cursor: string | undefined;
  readonly limit: number;
}

/** What one `inspect.messages` is asked for, with every default filled in. */
export interface MessagesQuery {
  readonly state: MessageState | undefined;
  readonly cursor: string | undefined;
  readonly limit: number;
}

export interface QueuePartitionOptions {
  /** Told, within the step, of each queue in which something became ready, or will at a time that nobody knew. */
  readonly onReady?: (queue: string) => void;
  /** Told, within the step, of each state record that changed. */
  readonly onState?: (key: string) => void;
  /** What ids that the partition chooses begin with, so that they are not chosen again by what comes after a loss of data. Default `~`. */
  readonly idPrefix?: string;
  /** Where tokens and versions begin to count, for a partition that was forgotten. Default 0. */
  readonly revision?: number;
  /** What another one held, to go on with; its messages become this one's own. Default: nothing. */
  readonly image?: PartitionImage;
}

type Settled = Exclude<SettleResult, Unknown>;

const applied: Settled = { outcome: 'applied' };
const lost: Settled = { outcome: 'not-applied', reason: 'lost' };
const conflict: Settled = { outcome: 'not-applied', reason: 'conflict' };

/**
 * What a QueueStore means, as a state machine: one partition with its queues, leases and state records. Time is told with each call
 * and never goes back; there is no chance in it, and each call is one step. The engines that keep their truth in a process of their
 * own stand on it, and the others are held to it.
 *
 * Bodies and headers that come in are the machine's; what goes out is the receiver's. Putting, leasing and settling a message takes
 * O(log n) at most, O(1) where messages are ready as they come and leases end before their time.
 */
export class QueuePartition {
  readonly #cells = new Map<string, QueueCell>();
  readonly #leases = new LeaseEnds();
  readonly #arrivals = new Arrivals();
  readonly #state: StateTable;
  readonly #remembered = new RememberedIds();
  readonly #movedBodies = new BytePieces();
  readonly #onReady: (queue: string) => void;
  readonly #onState: (key: string) => void;
  readonly #idPrefix: string;
  #nowMs = 0;
  /** Of which each message that is put, each lease and each write takes the next. */
  #revision: number;

  constructor(options: QueuePartitionOptions = {}) {
    const { onReady = () => {}, onState = () => {}, idPrefix = '~', revision = 0 } = options;
    this.#state = new StateTable(() => ++this.#revision);
    this.#revision = revision;
    this.#onReady = onReady;
    this.#onState = onState;
    this.#idPrefix = idPrefix;
    if (options.image !== undefined) this.#restore(options.image);
  }

  /** All that it holds, to be read before its next step: another made of it answers every step alike, given the same prefix of ids. */
  get image(): PartitionImage {
    const queues = [...this.#cells].map(
      ([name, { messages }]) => [name, imagesOf(messages.values())] as const,
    );
    const own = { nowMs: this.#nowMs, revision: this.#revision };
    return { ...own, queues, remembered: this.#remembered, records: this.#state };
  }

  /** The last number given: tokens and versions only grow. */
  get revision(): number {
    return this.#revision;
  }

  /** Whether it holds and remembers nothing. */
  get isEmpty(): boolean {
    return this.#cells.size === 0 && this.#remembered.size === 0 && this.#state.size === 0;
  }

  put({ queue, message }: QueuePut, nowMs: number): Exclude<PutResult, Unknown> {
    this.advance(nowMs);
    return this.#put(queue, message);
  }

  lease(queue: string, query: LeaseQuery, nowMs: number): readonly LeasedMessage[] {
    this.advance(nowMs);
    const cell = this.#cells.get(queue);
    if (cell === undefined) return [];
    const untilMs = this.#nowMs + query.leaseMs;
    const leases: Lease[] = [];
    let bytes = 0;
    while (leases.length < query.messagesMax) {
      const message = cell.takeReady(query.lanes, this.#nowMs);
      if (message === undefined) break;
      const isStarted = leases.length < query.startedMax;
      const lease = leaseOf(cell, message, query.owner, ++this.#revision, untilMs, isStarted);
      leases.push(lease);
      this.#leases.count++;
      this.#leases.add(lease);
      bytes += message.bodyBytes;
    }
    const pieces = new BytePieces(bytes);
    return leases.map(lease => leased(queue, lease.message, lease, pieces));
  }

  extend(handle: LeaseHandle, leaseMs: number, started: boolean, nowMs: number): Settled {
    this.advance(nowMs);
    const cell = this.#cells.get(handle.queue);
    const held = cell && this.#held(cell, handle);
    if (cell === undefined || held === undefined) return lost;
    const untilMs = this.#nowMs + leaseMs;
    const message = held.where === 'leased' ? held : cell.withdraw(held);
    let lease = message.lease as Lease;
    // One that ends later is found when its former end comes; another has to be looked at earlier.
    const isKnown = message === held && untilMs >= lease.lookAtMs;
    if (!isKnown) lease = message.lease = { ...lease, lookAtMs: untilMs };
    lease.untilMs = untilMs;
    if (started) lease.attemptCount++;
    if (message !== held) this.#leases.count++;
    message.where = 'leased';
    if (!isKnown) this.#leases.add(lease);
    return applied;
  }

  settle(settlement: Settlement, nowMs: number): Settled {
    this.advance(nowMs);
    const { lease, puts, state } = settlement;
    const cell = this.#cells.get(lease.queue);
    const message = cell && this.#held(cell, lease);
    if (cell === undefined || message === undefined) return lost;
    if (state?.every(write => this.#state.allows(write)) === false) return conflict;
    this.#end(cell, message, settlement.action);
    if (puts !== undefined) for (const { queue, message: next } of puts) this.#put(queue, next);
    if (state !== undefined) for (const write of state) this.#writeState(write);
    return applied;
  }

  getState(key: string, nowMs: number): StateRecord | undefined {
    this.advance(nowMs);
    return this.#state.get(key);
  }

  writeState(write: StateWrite, nowMs: number): Exclude<StateResult, Unknown> {
    this.advance(nowMs);
    return this.#writeState(write);
  }

  scanState({ prefix, cursor, limit }: PageQuery, nowMs: number): Page<StateRecord> {
    this.advance(nowMs);
    return this.#state.scan(prefix, cursor, limit);
  }

  abandon(queue: string, owner: string, nowMs: number): number {
    this.advance(nowMs);
    const cell = this.#cells.get(queue);
    let count = 0;
    for (const message of cell?.messages.values() ?? []) {
      if (message.where !== 'leased' || message.lease?.owner !== owner) continue;
      this.#comesBack(cell as QueueCell, message);
      count++;
    }
    return count;
  }

  remove(queue: string, id: MessageId, nowMs: number): boolean {
    this.advance(nowMs);
    const cell = this.#cells.get(queue);
    const message = cell?.messages.get(id);
    if (cell === undefined || message === undefined) return false;
    this.#remove(cell, message);
    return true;
  }

  purge(queue: string): number {
    const cell = this.#cells.get(queue);
    if (cell === undefined) return 0;
    for (const message of cell.messages.values()) {
      if (message.where === 'leased') this.#leases.count--;
      message.where = 'gone';
    }
    this.#cells.delete(queue);
    return cell.messages.size;
  }

  /** Ends leases, forgets ids and drops records whose time has come. Every step begins with it. */
  advance(nowMs: number): void {
    if (nowMs > this.#nowMs) this.#nowMs = nowMs;
    for (;;) {
      const lease = this.#leases.takeEnded(this.#nowMs);
      if (lease === undefined) break;
      this.#comesBack(lease.cell, lease.message);
    }
    this.#remembered.expire(this.#nowMs);
    for (const key of this.#state.expire(this.#nowMs)) this.#onState(key);
  }

  /** When a waiter should look again if it hears of nothing: a message is ready or a lease ends. */
  nextReadyAtMs(queue: string, lanes?: readonly number[]): number | undefined {
    const ready = this.#cells.get(queue)?.nextReadyAtMs(lanes) ?? Number.POSITIVE_INFINITY;
    const next = Math.min(ready, this.#leases.nextAtMs);
    return next === Number.POSITIVE_INFINITY ? undefined : next;
  }

  depth(queue: string, nowMs: number): QueueDepth {
    this.advance(nowMs);
    const count = { ready: 0, delayed: 0, leased: 0, held: 0 };
    let oldest: number | undefined;
    for (const message of this.#cells.get(queue)?.messages.values() ?? []) {
      const state = stateOf(message, this.#nowMs);
      count[state]++;
      if (state === 'ready' && !(message.readyAtMs >= (oldest ?? Number.POSITIVE_INFINITY))) {
        oldest = message.readyAtMs;
      }
    }
    return {
      readyCount: count.ready,
      delayedCount: count.delayed,
      leasedCount: count.leased,
      heldCount: count.held,
      ...(oldest === undefined ? {} : { oldestReadyAtMs: oldest }),
    };
  }

  /** Names of queues that hold messages, sorted. */
  queues(prefix: string): readonly string[] {
    return [...this.#cells.keys()].filter(name => name.startsWith(prefix)).sort();
  }

  inspect(queue: string, id: MessageId, nowMs: number): InspectedMessage | undefined {
    this.advance(nowMs);
    const message = this.#cells.get(queue)?.messages.get(id);
    return message && inspected(queue, message, this.#nowMs);
  }

  messages(queue: string, { state, cursor, limit }: MessagesQuery, nowMs: number): Page<InspectedMessage> {
    this.advance(nowMs);
    const after = cursor === undefined ? 0 : Number(cursor);
    const items: InspectedMessage[] = [];
    let last = after;
    for (const message of this.#cells.get(queue)?.messages.values() ?? []) {
      if (message.sequence <= after) continue;
      if (state !== undefined && stateOf(message, this.#nowMs) !== state) continue;
      if (items.length === limit) return { items, cursor: String(last) };
      items.push(inspected(queue, message, this.#nowMs));
      last = message.sequence;
    }
    return { items };
  }

  #put(queue: string, message: NewMessage): Exclude<PutResult, Unknown> {
    const { id = this.#nextId(), rememberMs = 0, headers = {}, lane = 0, key, keyActiveMax = 1 } = message;
    if (this.#cells.get(queue)?.messages.has(id) === true || this.#remembered.has(queue, id)) {
      return { outcome: 'applied', id, duplicate: true };
    }
    if (rememberMs > 0) this.#remembered.add(queue, id, this.#nowMs + rememberMs);
    const { body, readyAtMs = this.#nowMs + (message.delayMs ?? 0) } = message;
    // What is ready already is no more so than what came before it.
    const readyFromMs = Math.max(readyAtMs, this.#nowMs);
    this.#add(queue, id, key, body, this.#arrivals.of(headers, lane, keyActiveMax, this.#nowMs, readyFromMs));
    return { outcome: 'applied', id, duplicate: false };
  }

  #add(queue: string, id: MessageId, key: string | undefined, body: Uint8Array, arrival: Arrival): void {
    let cell = this.#cells.get(queue);
    if (cell === undefined) this.#cells.set(queue, (cell = new QueueCell(queue)));
    cell.add(new QueuedMessage(id, key, ++this.#revision, body, arrival), this.#nowMs);
    this.#onReady(queue);
  }

  /** The message of a lease, unless another was given since: leased, or come back and not yet leased again. */
  #held(cell: QueueCell, { id, token }: LeaseHandle): QueuedMessage | undefined {
    const message = cell.messages.get(id);
    // A bigint that is no number becomes one that is no token.
    return message?.lease !== undefined && message.lease.token === Number(token) ? message : undefined;
  }

  /** A lease has ended, and nobody settled it: its message is where it was before, at once. */
  #comesBack(cell: QueueCell, message: QueuedMessage): void {
    this.#leases.count--;
    cell.wait(message, this.#nowMs);
    this.#onReady(cell.name);
  }

  #end(cell: QueueCell, message: QueuedMessage, action: Settlement['action']): void {
    if (action.type === 'release') {
      const released = message.where === 'waiting' ? cell.withdraw(message) : message;
      if (message.where === 'leased') this.#leases.count--;
      const lease = released.lease as Lease;
      // Its holder cannot settle it once more.
      lease.token = ++this.#revision;
      lease.turn = lease.token;
      if (action.unstarted === true && lease.attemptCount > 0) lease.attemptCount--;
      lease.readyAtMs = this.#nowMs + action.delayMs;
      released.arrival = withHeaders(released.arrival, action.headers);
      cell.wait(released, this.#nowMs);
      this.#onReady(cell.name);
      return;
    }
    this.#remove(cell, message);
    if (action.type === 'acknowledge') return;
    // It keeps its id where that is free: nothing that moves is ever taken for a duplicate.
    const isTaken = this.#cells.get(action.queue)?.messages.has(message.id) === true;
    const id = isTaken ? this.#nextId() : message.id;
    const { headers, lane, keyActiveMax } = withHeaders(message.arrival, action.headers);
    const arrival = this.#arrivals.of(headers, lane, keyActiveMax, this.#nowMs, this.#nowMs);
    this.#add(action.queue, id, message.key, this.#movedBodies.ownOf(message.body), arrival);
  }

  #remove(cell: QueueCell, message: QueuedMessage): void {
    if (message.where === 'leased') this.#leases.count--;
    cell.remove(message, this.#nowMs);
    if (cell.messages.size === 0) this.#cells.delete(cell.name);
    else if (message.key !== undefined) this.#onReady(cell.name);
  }

  #restore({ nowMs, revision, queues, remembered, records }: PartitionImage): void {
    this.#nowMs = nowMs;
    this.#revision = revision;
    for (const [name, messages] of queues) {
      const cell = new QueueCell(name);
      this.#cells.set(name, cell);
      for (const image of messages) {
        const { headers, lane, keyActiveMax, putAtMs, readyAtMs } = image;
        const arrival = this.#arrivals.of(headers, lane, keyActiveMax, putAtMs, readyAtMs);
        const message = messageOf(cell, image, arrival);
        cell.restore(message, nowMs);
        if (message.where !== 'leased') continue;
        this.#leases.count++;
        this.#leases.add(message.lease as Lease);
      }
    }
    for (const { queue, id, untilMs } of remembered) this.#remembered.add(queue, id, untilMs);
    for (const record of records) this.#state.restore(record);
  }

  #writeState(write: StateWrite): Exclude<StateResult, Unknown> {
    const result = this.#state.write(write);
    if (result.outcome === 'applied') this.#onState(write.key);
    return result;
  }

  #nextId(): MessageId {
    return `${this.#idPrefix}${(++this.#revision).toString(36)}` as MessageId;
  }
}

function* imagesOf(messages: Iterable<QueuedMessage>): Generator<MessageImage> {
  for (const message of messages) yield imageOf(message);
}
