import type { SortedBytes } from '../sorted-bytes.ts';
import { nameKey, queueTables, readWhole, writeWhole } from './queue-keys.ts';
import { checksumBytes, isSound, sealed } from './queue-record.ts';
import type { QueueRoot } from './queue-root.ts';
import type { TimeTable } from './time-table.ts';

/** What one takes, by estimate: its place and its time. */
const overheadBytes = 64;

/** Checksum, until when, sequence. */
const recordBytes = checksumBytes + 8 + 7;

/** What is known of an id. */
export interface Remembered {
  readonly untilMs: number;
  /** Of the message that came under it, which may be gone. */
  readonly sequence: number;
}

/** One whose record is damaged counts as remembered, nobody knows for how long or of what: to say so is the smaller harm. */
const damaged: Remembered = { untilMs: Number.POSITIVE_INFINITY, sequence: 0 };

/**
 * Ids of messages that may be gone, by queue, each until its time. As long as one is remembered its message is found by it, and needs
 * no record in the table of ids.
 */
export class RememberedTable {
  readonly #bytes: SortedBytes;

  constructor(bytes: SortedBytes) {
    this.#bytes = bytes;
  }

  /** Also where its time is over, until it is dropped. Of one that is damaged the sequence is 0. */
  get(queue: string, id: string): Remembered | undefined {
    const place = placeOf(queue, id);
    const record = this.#bytes.get(place);
    if (record === undefined) return undefined;
    if (!isSound(place, record)) return damaged;
    return { untilMs: record.readDoubleLE(checksumBytes), sequence: readWhole(record, checksumBytes + 8) };
  }

  /** @param before what {@link get} says of the id */
  add(
    queue: string,
    id: string,
    now: Remembered,
    { before, times, root }: { before: Remembered | undefined; times: TimeTable; root: QueueRoot },
  ): void {
    const place = placeOf(queue, id);
    if (before === undefined) root.bytes += overheadBytes + place.length;
    const record = Buffer.allocUnsafe(recordBytes);
    record.writeDoubleLE(now.untilMs, checksumBytes);
    writeWhole(record, checksumBytes + 8, now.sequence);
    this.#bytes.put(place, sealed(place, record));
    times.addId(now.untilMs, queue, id);
  }

  /** Forgets what has had its time. @returns what it was; undefined where it is not forgotten */
  drop(queue: string, id: string, nowMs: number, root: QueueRoot): Remembered | undefined {
    const was = this.get(queue, id);
    if (was === undefined || was.untilMs > nowMs) return undefined;
    const place = placeOf(queue, id);
    this.#bytes.remove(place);
    root.bytes -= overheadBytes + place.length;
    return was;
  }
}

/** No queue's name holds a NUL. */
function placeOf(queue: string, id: string): Uint8Array {
  return nameKey(queueTables.remembered, `${queue}\0${id}`);
}
