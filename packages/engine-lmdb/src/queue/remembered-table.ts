import type { SortedBytes } from '../sorted-bytes.ts';
import { nameKey, queueTables } from './queue-keys.ts';
import { checksumBytes, isSound, sealed } from './queue-record.ts';
import type { QueueRoot } from './queue-root.ts';
import type { TimeTable } from './time-table.ts';

/** What one takes, by estimate: its place and its time. */
const overheadBytes = 64;

/** Ids of messages that may be gone, by queue, each until its time. */
export class RememberedTable {
  readonly #bytes: SortedBytes;

  constructor(bytes: SortedBytes) {
    this.#bytes = bytes;
  }

  /** One whose record is damaged counts as remembered: to say so is the smaller harm. */
  has(queue: string, id: string, nowMs: number): boolean {
    const place = placeOf(queue, id);
    const record = this.#bytes.get(place);
    if (record === undefined) return false;
    return !isSound(place, record) || record.readDoubleLE(checksumBytes) > nowMs;
  }

  add(queue: string, id: string, untilMs: number, times: TimeTable, root: QueueRoot): void {
    const place = placeOf(queue, id);
    const before = this.#bytes.get(place);
    if (before === undefined) root.bytes += overheadBytes + place.length;
    else if (isSound(place, before)) times.remove(before.readDoubleLE(checksumBytes), place);
    const record = Buffer.allocUnsafe(checksumBytes + 8);
    record.writeDoubleLE(untilMs, checksumBytes);
    this.#bytes.put(place, sealed(place, record));
    times.add(untilMs, place);
  }

  /** Forgets what has had its time. */
  drop(place: Uint8Array, nowMs: number, root: QueueRoot): void {
    const record = this.#bytes.get(place);
    if (record === undefined || !isSound(place, record) || record.readDoubleLE(checksumBytes) > nowMs) return;
    this.#bytes.remove(place);
    root.bytes -= overheadBytes + place.length;
  }
}

/** No queue's name holds a NUL. */
function placeOf(queue: string, id: string): Uint8Array {
  return nameKey(queueTables.remembered, `${queue}\0${id}`);
}
