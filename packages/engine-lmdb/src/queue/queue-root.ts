import type { SortedBytes } from '../sorted-bytes.ts';
import { queueTables } from './queue-keys.ts';
import { isSound, recordCorrupt, sealed } from './queue-record.ts';

const rootKey = Buffer.of(queueTables.root);
const headBytes = 4 + 8 * 8;

/** What all queues of a database share, read at the beginning of a transaction and written at its end. */
export class QueueRoot {
  /** How far the queues' clock is ahead of the boot's. */
  offsetMs = 0;
  /** No lease ends before this, in the time of the boot. */
  nextDueMs: number = Number.POSITIVE_INFINITY;
  /** No record expires, and no id is forgotten, before this. */
  nextExpiryMs: number = Number.POSITIVE_INFINITY;
  /** What messages and records take. */
  bytes = 0;
  /** The number of the last cell that was begun. */
  lastCell = 0;
  /** How often somebody began or ended to listen. */
  listenerWrites = 0;
  /** How many records were found to be damaged. */
  damagedCount = 0;
  /** What the queues' clock has been at least, to a minute. */
  lastMs = 0;
  /** The boot whose time leases end in. */
  bootId = '';

  /** @throws QuorateError `RECORD_CORRUPT` */
  static read(bytes: SortedBytes): QueueRoot {
    const root = new QueueRoot();
    const record = bytes.get(rootKey);
    if (record === undefined) return root;
    if (!isSound(rootKey, record)) throw recordCorrupt('The root of the queues');
    root.offsetMs = record.readDoubleLE(4);
    root.nextDueMs = record.readDoubleLE(12);
    root.nextExpiryMs = record.readDoubleLE(20);
    root.bytes = record.readDoubleLE(28);
    root.lastCell = record.readDoubleLE(36);
    root.listenerWrites = record.readDoubleLE(44);
    root.damagedCount = record.readDoubleLE(52);
    root.lastMs = record.readDoubleLE(60);
    root.bootId = record.toString('latin1', headBytes);
    return root;
  }

  encode(): Buffer {
    const record = Buffer.allocUnsafe(headBytes + this.bootId.length);
    record.writeDoubleLE(this.offsetMs, 4);
    record.writeDoubleLE(this.nextDueMs, 12);
    record.writeDoubleLE(this.nextExpiryMs, 20);
    record.writeDoubleLE(this.bytes, 28);
    record.writeDoubleLE(this.lastCell, 36);
    record.writeDoubleLE(this.listenerWrites, 44);
    record.writeDoubleLE(this.damagedCount, 52);
    record.writeDoubleLE(this.lastMs, 60);
    record.write(this.bootId, headBytes, 'latin1');
    return sealed(rootKey, record);
  }

  /** Writes it where it is not what was read. */
  write(bytes: SortedBytes, before: Buffer): void {
    const record = this.encode();
    if (!record.equals(before)) bytes.put(rootKey, record);
  }
}
