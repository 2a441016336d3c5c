import {
  type GroupId,
  type JournalGroup,
  type JournalOperation,
  operationBytes,
  QuorateError,
} from '@quorate/core';
import type { Device } from '../device.ts';
import { drawBetween, drawChance } from '../device-wait.ts';
import type { SimJournalOptions } from './sim-journal.ts';
import type { SimJournalState } from './sim-journal-state.ts';

interface Waiting {
  readonly operation: JournalOperation;
  readonly resolve: () => void;
  readonly reject: (reason: QuorateError) => void;
}

/**
 * The order in which a journal's calls become durable: one sync in flight, and what is called meanwhile joins the next.
 *
 * `waiting` and the state's `pending` are the same operations in the same order, the first `#syncing` of them in flight.
 */
export class JournalWriter {
  readonly #device: Device;
  readonly #state: SimJournalState;
  readonly #options: SimJournalOptions;
  #waiting: Waiting[] = [];
  #syncing = 0;
  /** Groups as they will be once everything that was accepted is durable: what the next call has to join. */
  readonly #accepted = new Map<GroupId, JournalGroup>();
  #failure: QuorateError | undefined;
  #isClosed = false;
  #onIdle: (() => void) | undefined;

  constructor(device: Device, state: SimJournalState, options: SimJournalOptions) {
    this.#device = device;
    this.#state = state;
    this.#options = options;
    // What a failed sync has left open is known once the journal is opened again.
    state.crash(device.dice);
  }

  /** @throws QuorateError `JOURNAL_FAILED`, `JOURNAL_CLOSED` */
  checkOpen(): void {
    if (this.#failure !== undefined) throw failed('not-applied', this.#failure);
    if (!this.#isClosed) return;
    throw new QuorateError('JOURNAL_CLOSED', 'The journal was closed', { outcome: 'not-applied' });
  }

  accepted(id: GroupId): JournalGroup {
    let group = this.#accepted.get(id);
    if (group === undefined) {
      group = this.#state.group(id).clone();
      this.#accepted.set(id, group);
    }
    return group;
  }

  write(operation: JournalOperation): Promise<void> {
    this.accepted(operation.group).apply(operation);
    this.#state.pending.push(operation);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ operation, resolve, reject });
      if (this.#syncing === 0) this.#begin();
    });
  }

  /** Resolves when nothing waits any more. Called once. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#waiting.length === 0) return;
    await new Promise<void>(resolve => {
      this.#onIdle = resolve;
    });
  }

  #begin(): void {
    this.#syncing = this.#waiting.length;
    if (this.#syncing === 0) {
      this.#onIdle?.();
      return;
    }
    const { syncMinUs = 100, syncMaxUs = 2_000, slowChance = 0, slowMaxUs = 0 } = this.#options;
    const isSlow = drawChance(this.#device, 'journal.slow', slowChance);
    const slowUs = isSlow ? drawBetween(this.#device, 'journal.slow-us', 0, slowMaxUs) : 0;
    this.#device.after(drawBetween(this.#device, 'journal.sync', syncMinUs, syncMaxUs) + slowUs, () =>
      this.#end(),
    );
  }

  #end(): void {
    const count = this.#refuseWhatFindsNoRoom();
    if (drawChance(this.#device, 'journal.sync-fails', this.#options.syncFailureChance ?? 0)) {
      this.#fail(count);
      return;
    }
    this.#state.settle(count);
    this.#device.trace({ type: 'disk', action: 'journal-sync', text: `${count}` });
    for (const { resolve } of this.#waiting.splice(0, count)) resolve();
    this.#begin();
  }

  /** Of the writes in flight some may be durable, which the next opening will show; those that joined later are not. */
  #fail(count: number): void {
    this.#device.trace({ type: 'disk', action: 'journal-sync-failed', text: `${count}` });
    this.#failure = failed('unknown');
    this.#state.pending.length = count;
    for (const [index, { reject }] of this.#waiting.entries()) {
      reject(index < count ? this.#failure : failed('not-applied', this.#failure));
    }
    this.#waiting = [];
    this.#onIdle?.();
  }

  /**
   * Refuses what does not fit of the writes in flight, and what was called for its group after it, which may join on to it. Not
   * before the end of the sync: until its caller can know of the refusal, the next call is a continuation, not a mistake.
   *
   * @returns how many of those in flight are left
   */
  #refuseWhatFindsNoRoom(): number {
    if (!this.#state.isBounded) return this.#syncing;
    const refused = new Map<Waiting, GroupId>();
    const groups = new Set<GroupId>();
    let bytes = 0;
    let count = 0;
    for (const [index, waiting] of this.#waiting.entries()) {
      const { operation } = waiting;
      const isInFlight = index < this.#syncing;
      if (isInFlight && !this.#state.hasRoom(operation, bytes)) groups.add(operation.group);
      if (groups.has(operation.group)) {
        refused.set(waiting, operation.group);
      } else if (isInFlight) {
        bytes += operationBytes(operation);
        count++;
      }
    }
    if (refused.size > 0) this.#refuse(refused, groups);
    return count;
  }

  #refuse(refused: ReadonlyMap<Waiting, GroupId>, groups: ReadonlySet<GroupId>): void {
    this.#device.trace({ type: 'disk', action: 'journal-full', text: `${refused.size}` });
    for (const [{ reject }, id] of refused) reject(storageFull(id));
    this.#waiting = this.#waiting.filter(waiting => !refused.has(waiting));
    const { pending } = this.#state;
    pending.splice(0, pending.length, ...this.#waiting.map(({ operation }) => operation));
    for (const id of groups) this.#accepted.delete(id);
    for (const operation of pending) {
      if (groups.has(operation.group)) this.accepted(operation.group).apply(operation);
    }
  }
}

function storageFull(group: GroupId): QuorateError {
  return new QuorateError('STORAGE_FULL', `There is no room for a write of group ${group}`, {
    outcome: 'not-applied',
    retryable: true,
  });
}

function failed(outcome: 'unknown' | 'not-applied', cause?: QuorateError): QuorateError {
  return new QuorateError(
    'JOURNAL_FAILED',
    'A write or sync of the journal failed, so what is on disk is unknown until it is opened again',
    { outcome, cause },
  );
}
