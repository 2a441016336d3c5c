import type { SortedBytes } from '../sorted-bytes.ts';
import { ofTimeKey, queueTables, timeKey, wholeTime } from './queue-keys.ts';
import type { QueueRoot } from './queue-root.ts';
import { noBytes } from '../sorted-bytes.ts';

/** How many records one transaction drops whose time has come; they are taken for gone before. */
const dropMax = 200;

/** Which records are gone by themselves, and when: a list beside them, so that nobody has to look for them. */
export class TimeTable {
  readonly #bytes: SortedBytes;
  readonly #root: QueueRoot;

  constructor(bytes: SortedBytes, root: QueueRoot) {
    this.#bytes = bytes;
    this.#root = root;
  }

  add(atMs: number, key: Uint8Array): void {
    this.#bytes.put(timeKey(atMs, key), noBytes);
    this.#root.nextExpiryMs = Math.min(this.#root.nextExpiryMs, wholeTime(atMs));
  }

  remove(atMs: number, key: Uint8Array): void {
    this.#bytes.remove(timeKey(atMs, key));
  }

  /** Takes out some of those whose time has come. @returns their keys */
  due(nowMs: number): Uint8Array[] {
    if (this.#root.nextExpiryMs > nowMs) return [];
    const start = Buffer.of(queueTables.time);
    const end = Buffer.of(queueTables.time + 1);
    const keys = this.#bytes.keys({ start, end, limit: dropMax + 1 });
    const due: Uint8Array[] = [];
    for (const place of keys) {
      const { atMs, key } = ofTimeKey(place);
      if (atMs > nowMs || due.length === dropMax) {
        this.#root.nextExpiryMs = atMs;
        return due;
      }
      this.#bytes.remove(place);
      due.push(key);
    }
    this.#root.nextExpiryMs = Number.POSITIVE_INFINITY;
    return due;
  }
}
