import { noBytes, type SortedBytes } from '../sorted-bytes.ts';
import { ofTimeKey, queueTables, timeKey, wholeTime, writeWhole } from './queue-keys.ts';
import { checksumBytes, isSound, sealed } from './queue-record.ts';
import type { QueueRoot } from './queue-root.ts';
import { textBytes, textOf } from './queue-text.ts';

/** How many records and ids one transaction drops, or few more, whose time has come; they are taken for gone before. */
const dropMax = 500;

/** How many ids one record of the table names. */
const idsMax = 100;

/** What is gone: a record, by its place, or ids of a queue. */
export type Due =
  | { readonly place: Uint8Array }
  | { readonly queue: string; readonly ids: readonly string[] };

/** Ids of a queue whose time comes at once. */
interface IdList {
  readonly queue: string;
  readonly untilMs: number;
  readonly ids: string[];
}

/**
 * What is gone by itself, and when: a list beside the records, so that nobody has to look for them. Ids that are remembered alike are
 * written together at the end of the transaction; one that was remembered anew is named more than once, so its own record decides.
 */
export class TimeTable {
  readonly #bytes: SortedBytes;
  readonly #root: QueueRoot;
  readonly #next: () => number;
  #lists: IdList[] = [];

  /** @param next gives a number that no other record of ids has */
  constructor(bytes: SortedBytes, root: QueueRoot, next: () => number) {
    this.#bytes = bytes;
    this.#root = root;
    this.#next = next;
  }

  add(atMs: number, place: Uint8Array): void {
    this.#put(atMs, place, noBytes);
  }

  remove(atMs: number, place: Uint8Array): void {
    this.#bytes.remove(timeKey(atMs, place));
  }

  addId(untilMs: number, queue: string, id: string): void {
    const last = this.#lists.at(-1);
    if (last?.queue === queue && last.untilMs === untilMs && last.ids.length < idsMax) last.ids.push(id);
    else this.#lists.push({ queue, untilMs, ids: [id] });
  }

  /** Writes what is remembered since the transaction began. */
  finish(): void {
    for (const { queue, untilMs, ids } of this.#lists) {
      const place = Buffer.allocUnsafe(8);
      place[0] = queueTables.remembered;
      writeWhole(place, 1, this.#next());
      const text = textBytes(`    ${JSON.stringify([queue, ...ids])}`);
      this.#put(untilMs, place, sealed(timeKey(untilMs, place), text));
    }
    this.#lists = [];
  }

  /** Takes out some of those whose time has come. */
  due(nowMs: number): Due[] {
    if (this.#root.nextExpiryMs > nowMs) return [];
    const start = Buffer.of(queueTables.time);
    const end = Buffer.of(queueTables.time + 1);
    const keys = this.#bytes.keys({ start, end, limit: dropMax + 1 });
    const all: Due[] = [];
    let count = 0;
    for (const key of keys) {
      const { atMs, key: place } = ofTimeKey(key);
      if (atMs > nowMs || count >= dropMax) {
        this.#root.nextExpiryMs = atMs;
        return all;
      }
      const due = place[0] === queueTables.remembered ? this.#idsOf(key) : { place };
      this.#bytes.remove(key);
      if (due !== undefined) all.push(due);
      count += due !== undefined && 'ids' in due ? due.ids.length : 1;
    }
    this.#root.nextExpiryMs = Number.POSITIVE_INFINITY;
    return all;
  }

  #put(atMs: number, place: Uint8Array, value: Uint8Array): void {
    this.#bytes.put(timeKey(atMs, place), value);
    this.#root.nextExpiryMs = Math.min(this.#root.nextExpiryMs, wholeTime(atMs));
  }

  /** Undefined where the record is damaged: what it named is remembered for good. */
  #idsOf(key: Uint8Array): Due | undefined {
    const record = this.#bytes.get(key);
    if (record === undefined || !isSound(key, record)) return undefined;
    const [queue, ...ids] = JSON.parse(textOf(record, checksumBytes)) as [string, ...string[]];
    return { queue, ids };
  }
}
