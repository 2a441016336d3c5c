import type {
  InspectedMessage,
  LeaseAnswer,
  MessageId,
  MessagesQuery,
  MessageState,
  Page,
  PageQuery,
  QueueDepth,
  StateRecord,
} from '@quorate/core';
import type { MachineTime } from '../session-table.ts';
import type { SortedBytes } from '../sorted-bytes.ts';
import { type Cell, CellTable, lanesOf } from './cell-table.ts';
import type { Claim, Lease } from './claim-record.ts';
import type { StoredMessage } from './message-record.ts';
import { MessageTable } from './message-table.ts';
import { behindAll, cellKey, queueTables, sequenceKey, sequenceOfKey, waitingBound } from './queue-keys.ts';
import { CellDamage } from './queue-record.ts';
import { QueueRoot } from './queue-root.ts';
import { type QueueMoment, queueMoment } from './queue-time.ts';
import { isInPartition, StateRecords } from './state-records.ts';

/** How many records one look at a page goes through at most: others want the thread too. */
const lookMax = 1000;

/** A page that may have been cut short: `rest` is where the next look goes on. */
export interface Look<Item> {
  readonly items: Item[];
  readonly rest: string | undefined;
}

/** What a snapshot shows of the queues. */
export class QueueView {
  readonly root: QueueRoot;
  readonly moment: QueueMoment;
  readonly #bytes: SortedBytes;
  readonly #cells: CellTable;
  readonly #messages: MessageTable;
  readonly #state: StateRecords;
  readonly #bootId: string;

  constructor(bytes: SortedBytes, time: MachineTime) {
    this.#bytes = bytes;
    this.root = QueueRoot.read(bytes);
    this.moment = queueMoment(time, this.root);
    this.#cells = new CellTable(bytes, this.root);
    this.#messages = new MessageTable(bytes);
    this.#state = new StateRecords(bytes);
    this.#bootId = time.bootId;
  }

  /** Whether leases have ended that nobody has ended yet, or the clock is where it may go back from, for nobody has written it down. */
  get isBehind(): boolean {
    const { nextDueMs, bootId, offsetMs } = this.root;
    const { moment } = this;
    return nextDueMs <= moment.bootMs || bootId !== this.#bootId || offsetMs !== moment.offsetMs;
  }

  /** When something may be leased where nothing is ready now; undefined where the writer must be asked. */
  nothingReady(queue: string, lanes: readonly number[] | undefined): LeaseAnswer | undefined {
    if (this.isBehind) return undefined;
    const cell = this.#cells.find(queue);
    const { bootMs, nowMs } = this.moment;
    let nextInMs = this.root.nextDueMs - bootMs;
    for (const lane of cell === undefined ? [] : lanesOf(cell, lanes)) {
      const readyAtMs = this.#messages.nextReadyAtMs((cell as Cell).id, lane);
      if (readyAtMs === undefined) continue;
      if (readyAtMs <= nowMs) return undefined;
      nextInMs = Math.min(nextInMs, readyAtMs - nowMs);
    }
    return nextInMs === Number.POSITIVE_INFINITY ? { messages: [] } : { messages: [], nextInMs };
  }

  state(key: string): StateRecord | undefined {
    return this.#state.get(key, this.moment.nowMs);
  }

  states({ prefix, cursor, limit }: PageQuery): Look<StateRecord> {
    const keys = this.#state.keys(prefix, cursor, lookMax);
    const items: StateRecord[] = [];
    for (const key of keys) {
      if (items.length === limit) return { items, rest: items.at(-1)?.key };
      const record = isInPartition(key, prefix) ? this.state(key) : undefined;
      if (record !== undefined) items.push(record);
    }
    return { items, rest: keys.length < lookMax ? undefined : keys.at(-1) };
  }

  queues({ prefix, cursor, limit }: PageQuery): Look<string> {
    const names = this.#cells.names(prefix, cursor, lookMax);
    const items = names.filter(name => isInPartition(name, prefix));
    if (items.length > limit) return { items: items.slice(0, limit), rest: items[limit - 1] };
    return { items, rest: names.length < lookMax ? undefined : names.at(-1) };
  }

  /** O(n) in the messages that are ready later, or in those that are ready, whichever is asked first: keys only. */
  depth(queue: string): QueueDepth {
    const cell = this.#cells.find(queue);
    if (cell === undefined) return { readyCount: 0, delayedCount: 0, leasedCount: 0, heldCount: 0 };
    const { nowMs } = this.moment;
    let delayedCount = 0;
    let oldest = Number.POSITIVE_INFINITY;
    for (const lane of lanesOf(cell, undefined)) {
      const start = waitingBound(cell.id, lane, nowMs + 1);
      delayedCount += this.#bytes.count({ start, end: waitingBound(cell.id, lane + 1, 0) });
      oldest = Math.min(oldest, this.#messages.nextReadyAtMs(cell.id, lane) ?? oldest);
    }
    const { messageCount, leasedCount, heldCount } = cell;
    return {
      readyCount: messageCount - leasedCount - heldCount - delayedCount,
      delayedCount,
      leasedCount,
      heldCount,
      ...(oldest <= nowMs ? { oldestReadyAtMs: oldest } : {}),
    };
  }

  message(queue: string, id: MessageId): InspectedMessage | undefined {
    const cell = this.#cells.find(queue);
    const found = cell && this.#messages.find(cell, id);
    return cell && found && this.#shown(cell, found.sequence);
  }

  /** In the order in which they were put; the cursor is a sequence. */
  messages(queue: string, { state, cursor, limit }: MessagesQuery): Look<InspectedMessage> {
    const cell = this.#cells.find(queue);
    if (cell === undefined) return { items: [], rest: undefined };
    const table = state === 'leased' ? queueTables.lease : queueTables.message;
    const after = cursor === undefined ? 0 : Number(cursor);
    const start = sequenceKey(table, cell.id, after + 1);
    const keys = this.#bytes.keys({ start, end: behindAll(cellKey(table, cell.id)), limit: lookMax });
    const items: InspectedMessage[] = [];
    for (const key of keys) {
      const sequence = sequenceOfKey(key);
      if (items.length === limit) return { items, rest: `${sequence - 1}` };
      const shown = this.#shown(cell, sequence);
      if (state === undefined || shown.state === state) items.push(shown);
    }
    const last = keys.at(-1);
    return {
      items,
      rest: keys.length < lookMax || last === undefined ? undefined : `${sequenceOfKey(last)}`,
    };
  }

  #shown(cell: Cell, sequence: number): InspectedMessage {
    const message = this.#messages.get(cell.id, sequence);
    if (message === undefined) throw new CellDamage(cell.id);
    const lease = this.#messages.lease(cell.id, sequence);
    if (lease !== undefined) {
      const { owner, dueMs } = lease;
      const ends = { owner, leasedUntilMs: dueMs + this.moment.offsetMs };
      return { ...shownAs(cell.name, message, lease, 'leased'), ...ends };
    }
    const waiting = this.#messages.waiting(message);
    const isReady = message.readyAtMs <= this.moment.nowMs;
    const state = waiting === undefined ? 'held' : isReady ? 'ready' : 'delayed';
    return shownAs(cell.name, message, waiting?.claim, state);
  }
}

function shownAs(
  queue: string,
  { id, body, headers, lane, key, putAtMs, readyAtMs }: StoredMessage,
  claim: Claim | Lease | undefined,
  state: MessageState,
): InspectedMessage {
  return {
    id,
    queue,
    body,
    headers,
    lane,
    ...(key === undefined ? {} : { key }),
    deliveryCount: claim?.deliveryCount ?? 0,
    attemptCount: claim?.attemptCount ?? 0,
    putAtMs,
    state,
    readyAtMs,
  };
}

/** Makes a page of looks, others having their turn between them. */
export async function pageOfLooks<Item>(
  limit: number,
  cursor: string | undefined,
  look: (cursor: string | undefined, limit: number) => Promise<Look<Item>>,
): Promise<Page<Item>> {
  const items: Item[] = [];
  let from = cursor;
  do {
    const { items: some, rest } = await look(from, limit - items.length);
    items.push(...some);
    from = rest;
  } while (from !== undefined && items.length < limit);
  return from === undefined ? { items } : { items, cursor: from };
}
