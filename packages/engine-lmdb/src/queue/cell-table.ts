import { laneMax } from '@quorate/core';
import type { SortedBytes } from '../sorted-bytes.ts';
import { cellKey, nameKey, nameOfKey, queueTables } from './queue-keys.ts';
import { isSound, recordCorrupt, sealed } from './queue-record.ts';
import type { QueueRoot } from './queue-root.ts';
import { textBytes, textOf } from './queue-text.ts';

/** A queue that holds messages. */
export interface Cell {
  readonly id: number;
  readonly name: string;
  messageCount: number;
  leasedCount: number;
  heldCount: number;
  /** Which lanes ever had a message, a bit for each. */
  lanes: number;
}

const recordBytes = 4 + 5 * 4;

/** The last number of a cell: it takes four bytes. */
const cellMax = 0xffff_ffff;

/** The queues that hold messages, by name and by number. What changed of them is written at the end of a transaction. */
export class CellTable {
  readonly #bytes: SortedBytes;
  readonly #root: QueueRoot;
  readonly #cells = new Map<string, Cell>();
  readonly #before = new Map<Cell, Buffer | undefined>();

  constructor(bytes: SortedBytes, root: QueueRoot) {
    this.#bytes = bytes;
    this.#root = root;
  }

  /** @throws QuorateError `RECORD_CORRUPT` */
  find(name: string): Cell | undefined {
    const known = this.#cells.get(name);
    if (known !== undefined) return known;
    const key = nameKey(queueTables.cell, name);
    const record = this.#bytes.get(key);
    if (record === undefined) return undefined;
    if (!isSound(key, record)) throw recordCorrupt(`The record of queue "${name}"`);
    const cell = {
      id: record.readUInt32LE(4),
      name,
      messageCount: record.readUInt32LE(8),
      leasedCount: record.readUInt32LE(12),
      heldCount: record.readUInt32LE(16),
      lanes: record.readUInt32LE(20),
    };
    this.#cells.set(name, cell);
    this.#before.set(cell, record);
    return cell;
  }

  /** Finds or makes a cell. */
  open(name: string): Cell {
    const found = this.find(name);
    if (found !== undefined) return found;
    const cell = {
      id: this.#freeId(),
      name,
      messageCount: 0,
      leasedCount: 0,
      heldCount: 0,
      lanes: 0,
    };
    this.#cells.set(name, cell);
    this.#before.set(cell, undefined);
    return cell;
  }

  /** The cell of a number that something in the tables names. Undefined where there is none. */
  byId(id: number): Cell | undefined {
    for (const cell of this.#cells.values()) if (cell.id === id) return cell;
    const key = cellKey(queueTables.name, id);
    const name = this.#bytes.get(key);
    if (name === undefined) return undefined;
    if (!isSound(key, name)) throw recordCorrupt(`The name of queue ${id}`);
    return this.find(textOf(name, 4));
  }

  /** Names that begin with a prefix, in order, from behind `after`. */
  names(prefix: string, after: string | undefined, limit: number): string[] {
    const start = nameKey(queueTables.cell, after ?? prefix);
    const from = after === undefined ? start : Buffer.concat([start, Buffer.of(0)]);
    const end = Buffer.concat([nameKey(queueTables.cell, prefix), Buffer.of(0xff)]);
    return this.#bytes.keys({ start: from, end, limit }).map(nameOfKey);
  }

  /** Writes what changed; a cell that is empty is no more. */
  finish(): void {
    for (const [cell, before] of this.#before) {
      const key = nameKey(queueTables.cell, cell.name);
      const isEmpty = cell.messageCount === 0;
      if (isEmpty && before === undefined) continue;
      if (isEmpty) {
        this.#bytes.remove(key);
        this.#bytes.remove(cellKey(queueTables.name, cell.id));
        continue;
      }
      const record = encoded(key, cell);
      if (before?.equals(record)) continue;
      this.#bytes.put(key, record);
      if (before === undefined) this.#putName(cell);
    }
  }

  /** Each time that a queue is filled anew it takes another, so they come round after some years. */
  #freeId(): number {
    const root = this.#root;
    do root.lastCell = (root.lastCell % cellMax) + 1;
    while (this.#bytes.get(cellKey(queueTables.name, root.lastCell)) !== undefined);
    return root.lastCell;
  }

  #putName({ id, name }: Cell): void {
    const key = cellKey(queueTables.name, id);
    this.#bytes.put(key, sealed(key, Buffer.concat([Buffer.alloc(4), textBytes(name)])));
  }
}

/** The lanes that may hold something, in the order in which they are to be taken from. */
export function lanesOf(cell: Cell, lanes: readonly number[] | undefined): number[] {
  const all = lanes ?? Array.from({ length: laneMax + 1 }, (_, lane) => lane);
  return all.filter(lane => (cell.lanes & (1 << lane)) !== 0);
}

function encoded(key: Uint8Array, cell: Cell): Buffer {
  const record = Buffer.allocUnsafe(recordBytes);
  record.writeUInt32LE(cell.id, 4);
  record.writeUInt32LE(cell.messageCount, 8);
  record.writeUInt32LE(cell.leasedCount, 12);
  record.writeUInt32LE(cell.heldCount, 16);
  record.writeUInt32LE(cell.lanes, 20);
  return sealed(key, record);
}
