import type { StateResult, StateWrite, Unknown } from '@quorate/core';
import type { MachineTime } from '../session-table.ts';
import type { SortedBytes } from '../sorted-bytes.ts';
import { storageFull } from '../store-failure.ts';
import { CellTable } from './cell-table.ts';
import { type KnownListeners, ListenerTable, type QueueTopic } from './listener-table.ts';
import { MessageSteps } from './message-steps.ts';
import { repairCell } from './queue-repair.ts';
import type { QueueRequest, QueueStep } from './queue-request.ts';
import { QueueRoot } from './queue-root.ts';
import { type QueueMoment, queueMoment } from './queue-time.ts';
import { RememberedTable } from './remembered-table.ts';
import { stateBytes, StateRecords } from './state-records.ts';
import { TimeTable } from './time-table.ts';

/** What the queues' part of a transaction stands on. */
export interface QueueTransactionOptions {
  readonly time: MachineTime;
  /** The next revision. */
  readonly next: () => number;
  readonly known: KnownListeners;
  readonly wake: (host: string, topic: QueueTopic) => void;
}

/** How far the clock goes before it is written down again that it never goes back behind that. */
const clockStepMs = 60_000;

/** The queues' steps of one transaction, at one moment. */
export class QueueTransaction {
  readonly #bytes: SortedBytes;
  readonly #options: QueueTransactionOptions;
  readonly #root: QueueRoot;
  readonly #before: Buffer;
  readonly #moment: QueueMoment;
  readonly #cells: CellTable;
  readonly #times: TimeTable;
  readonly #state: StateRecords;
  readonly #remembered: RememberedTable;
  readonly #messages: MessageSteps;
  readonly #ready = new Set<string>();
  readonly #changed = new Set<string>();
  #maxBytes = 0;
  #isAdvanced = false;

  constructor(bytes: SortedBytes, options: QueueTransactionOptions) {
    this.#bytes = bytes;
    this.#options = options;
    this.#root = QueueRoot.read(bytes);
    this.#before = this.#root.encode();
    this.#moment = queueMoment(options.time, this.#root);
    this.#cells = new CellTable(bytes, this.#root);
    this.#times = new TimeTable(bytes, this.#root, options.next);
    this.#state = new StateRecords(bytes);
    this.#remembered = new RememberedTable(bytes);
    this.#messages = new MessageSteps({
      bytes,
      root: this.#root,
      cells: this.#cells,
      times: this.#times,
      remembered: this.#remembered,
      moment: this.#moment,
      next: options.next,
      onReady: queue => this.#ready.add(queue),
    });
  }

  /** @throws QuorateError `STORAGE_FULL`, `RECORD_CORRUPT`; CellDamage */
  run({ step, maxBytes }: QueueRequest): unknown {
    this.#maxBytes = maxBytes;
    if (step.do === 'repair') return this.#repair(step.cell);
    this.#advance();
    switch (step.do) {
      case 'put':
        this.#checkRoom(step.puts.reduce((sum, put) => sum + this.#messages.roomOf(put), 0));
        return step.puts.map(({ queue, message }) => this.#messages.put(queue, message));
      case 'lease':
        return this.#messages.lease(step.queue, step.query, step.host);
      case 'extend':
        return step.leases.map(lease => this.#messages.extend(lease, step.leaseMs, step.started, step.host));
      case 'settle':
        return this.#settle(step);
      case 'abandon':
        return this.#messages.abandon(step.queue, ({ owner }) => owner === step.owner);
      case 'write':
        this.#checkRoom(stateBytes(step.write));
        return this.#writeState(step.write);
      case 'remove':
        return step.ids.map(id => ({ outcome: 'applied', removed: this.#messages.remove(step.queue, id) }));
      case 'purge':
        return this.#messages.purge(step.queue, step.until ?? this.#options.next());
      case 'listen':
        new ListenerTable(this.#bytes).add(this.#root, step.topic, step.host);
        return undefined;
      case 'advance':
        break;
    }
    return undefined;
  }

  /** Ends the leases of a thread that is dead, and wakes it no more. */
  endHost(host: string): void {
    this.#advance();
    this.#messages.endLeases(lease => lease.host === host);
    new ListenerTable(this.#bytes).removeAll(this.#root, host);
  }

  hasLeases(host: string): boolean {
    return this.#messages.hasLeases(lease => lease.host === host);
  }

  /** Writes what all steps share, at the end of the transaction, and says whom to wake. */
  finish(): void {
    const { nowMs, offsetMs } = this.#moment;
    this.#times.finish();
    this.#cells.finish();
    this.#root.offsetMs = offsetMs;
    if (nowMs > this.#root.lastMs) this.#root.lastMs = nowMs + clockStepMs - (nowMs % clockStepMs);
    this.#root.write(this.#bytes, this.#before);
    if (this.#ready.size + this.#changed.size === 0) return;
    const listeners = this.#options.known.of(this.#bytes, this.#root);
    if (listeners.size === 0) return;
    for (const queue of this.#ready) {
      const topic: QueueTopic = `Q${queue}`;
      for (const host of listeners.get(topic) ?? []) this.#options.wake(host, topic);
    }
    for (const key of this.#changed) {
      const hosts = new Set<string>();
      for (const [topic, some] of listeners) {
        if (topic.startsWith('S') && key.startsWith(topic.slice(1))) for (const host of some) hosts.add(host);
      }
      for (const host of hosts) this.#options.wake(host, `S${key}`);
    }
  }

  #settle({ settlements }: Extract<QueueStep, { readonly do: 'settle' }>): unknown {
    let room = 0;
    for (const { puts = [], state = [] } of settlements) {
      for (const put of puts) room += this.#messages.roomOf(put);
      for (const write of state) room += stateBytes(write);
    }
    this.#checkRoom(room);
    return settlements.map(({ lease, action, puts = [], state = [] }) => {
      const held = this.#messages.held(lease);
      if (held === undefined) return { outcome: 'not-applied', reason: 'lost' };
      const isAllowed = state.every(write => this.#state.allows(write, this.#moment.nowMs));
      if (!isAllowed) return { outcome: 'not-applied', reason: 'conflict' };
      this.#messages.end(held, action);
      for (const { queue, message } of puts) this.#messages.put(queue, message);
      for (const write of state) this.#writeState(write);
      return { outcome: 'applied' };
    });
  }

  #writeState(write: StateWrite): Exclude<StateResult, Unknown> {
    const { nowMs } = this.#moment;
    const own = { root: this.#root, times: this.#times, next: this.#options.next };
    const result = this.#state.write(write, nowMs, own);
    if (result.outcome === 'applied') this.#changed.add(write.key);
    return result;
  }

  #repair(cell: number): void {
    const queue = repairCell(this.#bytes, this.#root, this.#cells, cell);
    if (queue !== undefined) this.#ready.add(queue);
  }

  /** Nothing is written before it is known that there is room for all of it; what takes no more than before always has. */
  #checkRoom(bytes: number): void {
    if (bytes === 0 || this.#root.bytes + bytes <= this.#maxBytes) return;
    throw storageFull(`The queues hold ${this.#root.bytes} of at most ${this.#maxBytes} bytes`);
  }

  /** Ends leases, forgets ids and drops records whose time has come. */
  #advance(): void {
    if (this.#isAdvanced) return;
    this.#isAdvanced = true;
    const { bootMs, nowMs } = this.#moment;
    const root = this.#root;
    if (root.bootId !== this.#options.time.bootId) {
      // Whoever held a lease is dead, and its end was reckoned on another boot's time.
      this.#messages.endLeases(() => true);
      root.bootId = this.#options.time.bootId;
    }
    if (root.nextDueMs <= bootMs) this.#messages.endLeases(({ dueMs }) => dueMs <= bootMs);
    for (const due of this.#times.due(nowMs)) {
      if ('ids' in due) for (const id of due.ids) this.#messages.forget(due.queue, id);
      else {
        const key = this.#state.drop(due.place, nowMs, root);
        if (key !== undefined) this.#changed.add(key);
      }
    }
  }
}
