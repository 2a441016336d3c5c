import {
  type LeaseAnswer,
  type LeasedMessage,
  type LeaseHandle,
  type LeaseQuery,
  type MessageId,
  type NewMessage,
  type PutResult,
  type QueuePut,
  type Settlement,
  type SettleResult,
  type Unknown,
} from '@quorate/core';
import type { SortedBytes } from '../sorted-bytes.ts';
import { type Cell, type CellTable, lanesOf } from './cell-table.ts';
import type { Claim, Lease } from './claim-record.ts';
import { KeyChains } from './key-chains.ts';
import { leasedMessage, leaseFacts } from './leased-message.ts';
import { ownId, type StoredMessage } from './message-record.ts';
import { weightOf } from './message-weight.ts';
import { MessageTable } from './message-table.ts';
import {
  behindAll,
  cellKey,
  cellOfKey,
  queueTables,
  sequenceKey,
  sequenceOfKey,
  wholeTime,
} from './queue-keys.ts';
import { CellDamage } from './queue-record.ts';
import type { Purged } from './queue-request.ts';
import type { QueueRoot } from './queue-root.ts';
import type { QueueMoment } from './queue-time.ts';
import type { RememberedTable } from './remembered-table.ts';
import type { TimeTable } from './time-table.ts';

export interface MessageStepsOptions {
  readonly bytes: SortedBytes;
  readonly root: QueueRoot;
  readonly cells: CellTable;
  readonly times: TimeTable;
  readonly remembered: RememberedTable;
  readonly moment: QueueMoment;
  readonly next: () => number;
  /** Told of each queue in which something became ready, or will at a time that nobody knew. */
  readonly onReady: (queue: string) => void;
}

/** A message that its holder may settle. */
export interface HeldMessage {
  readonly cell: Cell;
  readonly sequence: number;
  readonly id: MessageId;
  readonly claim: Claim;
  /** Absent when it has ended, and nobody has leased the message since. */
  readonly lease: Lease | undefined;
  /** Looked up where it waits again. */
  readonly message: StoredMessage | undefined;
}

/** What a remembered id takes beside its names, by estimate. */
const rememberedBytes = 96;

/** How many messages one step of a purge takes out. */
const purgeMax = 500;

const lost: Exclude<SettleResult, Unknown> = { outcome: 'not-applied', reason: 'lost' };

/** What messages go through. Each step is what `QueuePartition` of `@quorate/core` says it is. */
export class MessageSteps {
  readonly #options: MessageStepsOptions;
  readonly #bytes: SortedBytes;
  readonly #root: QueueRoot;
  readonly #cells: CellTable;
  readonly #messages: MessageTable;
  readonly #chains: KeyChains;
  readonly #nowMs: number;

  constructor(options: MessageStepsOptions) {
    this.#options = options;
    this.#bytes = options.bytes;
    this.#root = options.root;
    this.#cells = options.cells;
    this.#messages = new MessageTable(options.bytes);
    this.#chains = new KeyChains(options.bytes);
    this.#nowMs = options.moment.nowMs;
  }

  /** What a put adds at most. */
  roomOf({ queue, message }: QueuePut): number {
    const { body, headers = {}, key, id } = message;
    const remembered =
      message.rememberMs === undefined ? 0 : rememberedBytes + queue.length + (id?.length ?? 0);
    return weightOf({ body, headers, key }) + remembered;
  }

  put(queue: string, message: NewMessage): Exclude<PutResult, Unknown> {
    const { id, rememberMs = 0, headers = {}, lane = 0, key, keyActiveMax = 1, body } = message;
    const { remembered, times } = this.#options;
    const before = id === undefined ? undefined : remembered.get(queue, id);
    if (id !== undefined) {
      const cell = this.#cells.find(queue);
      const isThere = cell !== undefined && this.#messages.findNamed(cell.id, id, before) !== undefined;
      if (isThere || (before !== undefined && before.untilMs > this.#nowMs))
        return { outcome: 'applied', id, duplicate: true };
    }
    const readyAtMs = message.readyAtMs ?? this.#nowMs + (message.delayMs ?? 0);
    const isRemembered = id !== undefined && rememberMs > 0;
    const own = { id, headers, lane, key, keyActiveMax, body };
    const added = this.#add(queue, own, readyAtMs, isRemembered);
    if (isRemembered) {
      const now = { untilMs: this.#nowMs + rememberMs, sequence: added.sequence };
      remembered.add(queue, id, now, { before, times, root: this.#root });
    }
    return { outcome: 'applied', id: added.id, duplicate: false };
  }

  /** Forgets an id that has had its time; a message that came under it is found by it all the same. */
  forget(queue: string, id: string): void {
    const was = this.#options.remembered.drop(queue, id, this.#nowMs, this.#root);
    const cell = was === undefined ? undefined : this.#cells.find(queue);
    if (was === undefined || cell === undefined) return;
    const message = this.#messages.get(cell.id, was.sequence);
    if (message !== undefined) this.#messages.name(message);
  }

  lease(queue: string, query: LeaseQuery, host: string): LeaseAnswer {
    const cell = this.#cells.find(queue);
    const messages: LeasedMessage[] = [];
    if (cell === undefined) return { messages };
    const { bootMs, offsetMs } = this.#options.moment;
    const dueMs = bootMs + wholeTime(query.leaseMs);
    for (const lane of lanesOf(cell, query.lanes)) {
      const limit = query.messagesMax - messages.length;
      if (limit === 0) break;
      for (const { message, claim } of this.#messages.takeReady(cell.id, lane, this.#nowMs, limit)) {
        const lease: Lease = {
          sequence: message.sequence,
          token: this.#options.next(),
          deliveryCount: (claim?.deliveryCount ?? 0) + 1,
          attemptCount: (claim?.attemptCount ?? 0) + (messages.length < query.startedMax ? 1 : 0),
          owner: query.owner,
          host,
          dueMs,
          ...leaseFacts(message),
        };
        this.#hold(cell, lease);
        messages.push(leasedMessage(queue, message, lease, offsetMs));
      }
    }
    return messages.length > 0 ? { messages } : this.#nothing(cell, query.lanes);
  }

  extend(
    handle: LeaseHandle,
    leaseMs: number,
    started: boolean,
    host: string,
  ): Exclude<SettleResult, Unknown> {
    const held = this.held(handle);
    if (held === undefined) return lost;
    const { cell, claim, message } = held;
    const attemptCount = claim.attemptCount + (started ? 1 : 0);
    const dueMs = this.#options.moment.bootMs + wholeTime(leaseMs);
    if (held.lease !== undefined) {
      this.#messages.putLease(cell.id, { ...held.lease, attemptCount, dueMs });
      this.#root.nextDueMs = Math.min(this.#root.nextDueMs, dueMs);
      return { outcome: 'applied' };
    }
    const own = message as StoredMessage;
    this.#messages.stopWaiting(own, claim);
    this.#hold(cell, {
      ...claim,
      attemptCount,
      host,
      dueMs,
      ...leaseFacts(own),
    });
    return { outcome: 'applied' };
  }

  /** The message of a lease, unless another was given since: leased, or come back and not yet leased again. */
  held({ queue, id, token }: LeaseHandle): HeldMessage | undefined {
    const cell = this.#cells.find(queue);
    const found = cell && this.#messages.find(cell, id);
    if (cell === undefined || found === undefined) return undefined;
    const { sequence } = found;
    if ('lease' in found) {
      const { lease } = found;
      return BigInt(lease.token) === token
        ? { cell, sequence, id, claim: lease, lease, message: undefined }
        : undefined;
    }
    const claim = this.#messages.waiting(found.message)?.claim;
    if (claim === undefined || BigInt(claim.token) !== token) return undefined;
    return { cell, sequence, id, claim, lease: undefined, message: found.message };
  }

  /** Ends a lease as its holder says. */
  end(held: HeldMessage, action: Settlement['action']): void {
    const { cell, sequence, id, claim, lease } = held;
    if (action.type === 'acknowledge') {
      this.#take(held);
      return;
    }
    const message = held.message ?? this.#messages.get(cell.id, sequence);
    if (message === undefined) throw new CellDamage(cell.id);
    const headers = { ...message.headers, ...action.headers };
    if (action.type === 'move') {
      this.#take({ ...held, message });
      const target = this.#cells.find(action.queue);
      const isTaken = target !== undefined && this.#messages.find(target, id) !== undefined;
      this.#add(action.queue, { ...message, id: isTaken ? undefined : id, headers }, this.#nowMs);
      return;
    }
    if (lease === undefined) this.#messages.stopWaiting(message, claim);
    else this.#unlease(cell, sequence);
    // Its holder cannot settle it once more.
    const token = this.#options.next();
    const released = {
      ...message,
      headers,
      turn: token,
      readyAtMs: wholeTime(this.#nowMs + action.delayMs),
    };
    this.#root.bytes += weightOf(released) - weightOf(message);
    this.#messages.put(released);
    const unstarted = action.unstarted === true && claim.attemptCount > 0 ? 1 : 0;
    this.#messages.wait(cell, released, { ...claim, token, attemptCount: claim.attemptCount - unstarted });
    this.#options.onReady(cell.name);
  }

  /** Ends the leases in a queue that are meant. @returns how many */
  abandon(queue: string, isMeant: (lease: Lease) => boolean): number {
    const cell = this.#cells.find(queue);
    return cell === undefined ? 0 : this.#endLeases(cellKey(queueTables.lease, cell.id), isMeant, () => {});
  }

  /** The same in all queues, which says when the next one ends. */
  endLeases(isMeant: (lease: Lease) => boolean): number {
    let nextDueMs = Number.POSITIVE_INFINITY;
    const count = this.#endLeases(Buffer.of(queueTables.lease), isMeant, ({ dueMs }) => {
      nextDueMs = Math.min(nextDueMs, dueMs);
    });
    this.#root.nextDueMs = nextDueMs;
    return count;
  }

  hasLeases(isMeant: (lease: Lease) => boolean): boolean {
    const keys = this.#bytes.keys({
      start: Buffer.of(queueTables.lease),
      end: Buffer.of(queueTables.lease + 1),
    });
    return keys.some(key => {
      const lease = this.#messages.lease(cellOfKey(key), sequenceOfKey(key));
      return lease !== undefined && isMeant(lease);
    });
  }

  remove(queue: string, id: MessageId): boolean {
    const cell = this.#cells.find(queue);
    const found = cell && this.#messages.find(cell, id);
    if (cell === undefined || found === undefined) return false;
    this.#removeAt(cell, found.sequence, id);
    return true;
  }

  purge(queue: string, until: number): Purged {
    const cell = this.#cells.find(queue);
    if (cell === undefined) return { count: 0 };
    const start = cellKey(queueTables.message, cell.id);
    const end = sequenceKey(queueTables.message, cell.id, until);
    const keys = this.#bytes.keys({ start, end, limit: purgeMax });
    for (const key of keys) {
      const sequence = sequenceOfKey(key);
      const { id } = this.#messages.get(cell.id, sequence) as StoredMessage;
      this.#removeAt(cell, sequence, id);
    }
    return keys.length < purgeMax ? { count: keys.length } : { count: keys.length, until };
  }

  #add(
    queue: string,
    message: Pick<StoredMessage, 'headers' | 'lane' | 'key' | 'keyActiveMax' | 'body'> & {
      readonly id: MessageId | undefined;
    },
    readyAtMs: number,
    isRemembered = false,
  ): StoredMessage {
    const cell = this.#cells.open(queue);
    const sequence = this.#options.next();
    const { id = ownId(sequence), headers, lane, key, keyActiveMax, body } = message;
    const stored: StoredMessage = {
      cell: cell.id,
      sequence,
      id,
      headers,
      lane,
      key,
      keyActiveMax,
      body,
      putAtMs: this.#nowMs,
      // What is ready already is no more so than what came before it.
      readyAtMs: wholeTime(Math.max(readyAtMs, this.#nowMs)),
      turn: sequence,
    };
    this.#messages.put(stored);
    if (!isRemembered) this.#messages.name(stored);
    this.#root.bytes += weightOf(stored);
    cell.messageCount++;
    if (key === undefined || this.#chains.add(cell, key, sequence, keyActiveMax)) {
      this.#messages.wait(cell, stored);
    }
    this.#options.onReady(queue);
    return stored;
  }

  #hold(cell: Cell, lease: Lease): void {
    this.#messages.putLease(cell.id, lease);
    this.#root.nextDueMs = Math.min(this.#root.nextDueMs, lease.dueMs);
    cell.leasedCount++;
  }

  #unlease(cell: Cell, sequence: number): void {
    this.#messages.removeLease(cell.id, sequence);
    cell.leasedCount--;
  }

  /** Takes a held message out for good. */
  #take({ cell, sequence, id, claim, lease, message }: HeldMessage): void {
    if (lease === undefined) this.#messages.stopWaiting(message as StoredMessage, claim);
    else this.#unlease(cell, sequence);
    const needed = lease?.hasKey === true || lease === undefined;
    const own = message ?? (needed ? this.#messages.get(cell.id, sequence) : undefined);
    this.#messages.remove(cell.id, sequence, id);
    this.#gone(cell, sequence, own?.key, lease?.bytes ?? weightOf(own as StoredMessage));
  }

  #removeAt(cell: Cell, sequence: number, id: MessageId): void {
    const message = this.#messages.get(cell.id, sequence);
    if (message === undefined) throw new CellDamage(cell.id);
    if (this.#messages.lease(cell.id, sequence) !== undefined) this.#unlease(cell, sequence);
    else {
      const waiting = this.#messages.waiting(message);
      if (waiting !== undefined) this.#messages.stopWaiting(message, waiting.claim);
    }
    this.#messages.remove(cell.id, sequence, id);
    this.#gone(cell, sequence, message.key, weightOf(message));
  }

  #gone(cell: Cell, sequence: number, key: string | undefined, weight: number): void {
    this.#root.bytes -= weight;
    cell.messageCount--;
    if (key === undefined) return;
    for (const letOut of this.#chains.remove(cell, key, sequence)) {
      const next = this.#messages.get(cell.id, letOut);
      if (next === undefined) throw new CellDamage(cell.id);
      this.#messages.wait(cell, next);
    }
    this.#options.onReady(cell.name);
  }

  #endLeases(start: Buffer, isMeant: (lease: Lease) => boolean, onOther: (lease: Lease) => void): number {
    let count = 0;
    for (const key of this.#bytes.keys({ start, end: behindAll(start) })) {
      const cell = this.#cells.byId(cellOfKey(key));
      const lease = this.#messages.lease(cellOfKey(key), sequenceOfKey(key));
      if (cell === undefined || lease === undefined) throw new CellDamage(cellOfKey(key));
      if (!isMeant(lease)) {
        onOther(lease);
        continue;
      }
      // Its message is where it was before, at once.
      this.#unlease(cell, lease.sequence);
      this.#messages.wait(cell, lease, lease);
      this.#options.onReady(cell.name);
      count++;
    }
    return count;
  }

  #nothing(cell: Cell, lanes: readonly number[] | undefined): LeaseAnswer {
    const { bootMs } = this.#options.moment;
    let nextInMs = this.#root.nextDueMs - bootMs;
    for (const lane of lanesOf(cell, lanes)) {
      const readyAtMs = this.#messages.nextReadyAtMs(cell.id, lane);
      if (readyAtMs !== undefined) nextInMs = Math.min(nextInMs, readyAtMs - this.#nowMs);
    }
    return nextInMs === Number.POSITIVE_INFINITY
      ? { messages: [] }
      : { messages: [], nextInMs: Math.max(0, nextInMs) };
  }
}
