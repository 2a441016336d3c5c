import type { MessageId } from '@quorate/core';
import { noBytes, type SortedBytes } from '../sorted-bytes.ts';
import type { Cell } from './cell-table.ts';
import {
  type Claim,
  decodeClaim,
  decodeLease,
  encodeClaim,
  encodeLease,
  type Lease,
} from './claim-record.ts';
import { decodeMessage, encodeMessage, isOwnId, sequenceOfId, type StoredMessage } from './message-record.ts';
import {
  behindAll,
  cellKey,
  cellTextKey,
  placeOfWaitingKey,
  queueTables,
  readWhole,
  sequenceKey,
  sequenceOfKey,
  waitingBound,
  waitingKey,
  type WaitingPlace,
  writeWhole,
} from './queue-keys.ts';
import { CellDamage, isSound, sealed } from './queue-record.ts';
import { type Remembered, RememberedTable } from './remembered-table.ts';

/** Where a message was found. */
export type Found =
  | { readonly sequence: number; readonly lease: Lease }
  | { readonly sequence: number; readonly message: StoredMessage };

/** Messages, and where each is: waiting, leased, or neither. What is damaged is thrown. */
export class MessageTable {
  readonly #bytes: SortedBytes;
  readonly #remembered: RememberedTable;

  constructor(bytes: SortedBytes) {
    this.#bytes = bytes;
    this.#remembered = new RememberedTable(bytes);
  }

  /** @throws CellDamage */
  get(cell: number, sequence: number): StoredMessage | undefined {
    const record = this.#bytes.get(sequenceKey(queueTables.message, cell, sequence));
    if (record === undefined) return undefined;
    const message = decodeMessage(cell, sequence, record);
    if (message === undefined) throw new CellDamage(cell);
    return message;
  }

  /** @returns what it takes */
  put(message: StoredMessage): number {
    const record = encodeMessage(message);
    this.#bytes.put(sequenceKey(queueTables.message, message.cell, message.sequence), record);
    return record.length;
  }

  /** Names a message by an id that does not name its sequence itself, where it is not remembered. */
  name({ cell, sequence, id }: StoredMessage): void {
    if (isOwnId(id, sequence)) return;
    const key = cellTextKey(queueTables.id, cell, id);
    const record = Buffer.allocUnsafe(11);
    writeWhole(record, 4, sequence);
    this.#bytes.put(key, sealed(key, record));
  }

  remove(cell: number, sequence: number, id: MessageId): void {
    this.#bytes.remove(sequenceKey(queueTables.message, cell, sequence));
    if (isOwnId(id, sequence)) return;
    const key = cellTextKey(queueTables.id, cell, id);
    if (this.#bytes.get(key) !== undefined) this.#bytes.remove(key);
  }

  /** @throws CellDamage */
  find(cell: Cell, id: string): Found | undefined {
    const own = sequenceOfId(id);
    const found = own === undefined ? undefined : this.#at(cell.id, own);
    if (found !== undefined && ('lease' in found ? found.lease.isOwnId : found.message.id === id))
      return found;
    return this.findNamed(cell.id, id, this.#remembered.get(cell.name, id));
  }

  /**
   * Finds a message by an id that its sender chose.
   *
   * @param remembered what is known of the id in the cell's queue
   * @throws CellDamage
   */
  findNamed(cell: number, id: string, remembered: Remembered | undefined): Found | undefined {
    const known = remembered === undefined ? undefined : this.#at(cell, remembered.sequence);
    if (known !== undefined) return known;
    const key = cellTextKey(queueTables.id, cell, id);
    const record = this.#bytes.get(key);
    if (record === undefined) return remembered?.sequence === 0 ? this.#searched(cell, id) : undefined;
    if (!isSound(key, record)) throw new CellDamage(cell);
    return this.#at(cell, readWhole(record, 4));
  }

  /** @throws CellDamage */
  lease(cell: number, sequence: number): Lease | undefined {
    const key = sequenceKey(queueTables.lease, cell, sequence);
    const record = this.#bytes.get(key);
    if (record === undefined) return undefined;
    const lease = decodeLease(key, record);
    if (lease === undefined) throw new CellDamage(cell);
    return lease;
  }

  putLease(cell: number, lease: Lease): void {
    const key = sequenceKey(queueTables.lease, cell, lease.sequence);
    this.#bytes.put(key, encodeLease(key, lease));
  }

  removeLease(cell: number, sequence: number): void {
    this.#bytes.remove(sequenceKey(queueTables.lease, cell, sequence));
  }

  /** Has a message wait; with what is known of its leases, where it was out before. */
  wait(cell: Cell, place: Omit<WaitingPlace, 'wasOut'>, claim?: Claim): void {
    cell.lanes |= 1 << place.lane;
    const key = waitingKey(cell.id, { ...place, wasOut: claim !== undefined });
    this.#bytes.put(key, claim === undefined ? noBytes : encodeClaim(key, claim));
  }

  /** Whether a message waits at its place, and what is known of its leases. @throws CellDamage */
  waiting(message: StoredMessage): { readonly claim: Claim | undefined } | undefined {
    const key = waitingKey(message.cell, { ...message, wasOut: true });
    const record = this.#bytes.get(key);
    if (record !== undefined) return { claim: this.#claim(message.cell, key, record) };
    const fresh = waitingKey(message.cell, { ...message, wasOut: false });
    return this.#bytes.get(fresh) === undefined ? undefined : { claim: undefined };
  }

  stopWaiting(message: StoredMessage, claim: Claim | undefined): void {
    this.#bytes.remove(waitingKey(message.cell, { ...message, wasOut: claim !== undefined }));
  }

  /** Takes the first that are ready out of a lane. @throws CellDamage */
  takeReady(
    cell: number,
    lane: number,
    nowMs: number,
    limit: number,
  ): { readonly message: StoredMessage; readonly claim: Claim | undefined }[] {
    const start = waitingBound(cell, lane, 0);
    const keys = this.#bytes.keys({ start, end: waitingBound(cell, lane, nowMs + 1), limit });
    return keys.map(key => {
      const place = placeOfWaitingKey(key);
      const claim = place.wasOut ? this.#claim(cell, key, this.#bytes.get(key)) : undefined;
      const message = this.get(cell, claim?.sequence ?? place.turn);
      const isThere =
        message?.lane === place.lane && message.readyAtMs === place.readyAtMs && message.turn === place.turn;
      if (!isThere) throw new CellDamage(cell);
      this.#bytes.remove(key);
      return { message, claim };
    });
  }

  /** When the first of a lane is ready. */
  nextReadyAtMs(cell: number, lane: number): number | undefined {
    const start = waitingBound(cell, lane, 0);
    const [key] = this.#bytes.keys({ start, end: waitingBound(cell, lane + 1, 0), limit: 1 });
    return key && placeOfWaitingKey(key).readyAtMs;
  }

  /** Finds a message of which nothing sound names the place. O(n) in the messages of the queue. */
  #searched(cell: number, id: string): Found | undefined {
    const start = cellKey(queueTables.message, cell);
    for (const key of this.#bytes.keys({ start, end: behindAll(start) })) {
      const sequence = sequenceOfKey(key);
      if (this.get(cell, sequence)?.id === id) return this.#at(cell, sequence);
    }
    return undefined;
  }

  #at(cell: number, sequence: number): Found | undefined {
    const lease = this.lease(cell, sequence);
    if (lease !== undefined) return { sequence, lease };
    const message = this.get(cell, sequence);
    return message && { sequence, message };
  }

  #claim(cell: number, key: Uint8Array, record: Buffer | undefined): Claim {
    const claim = record && decodeClaim(key, record);
    if (claim === undefined) throw new CellDamage(cell);
    return claim;
  }
}
