import type { Entry, Revision, StoreChange } from '@quorate/core';
import { decodeEntry, encodeEntry } from './entry-record.ts';
import type { SortedBytes } from './sorted-bytes.ts';
import type { StoreRoot } from './store-root.ts';
import { numberKey, tables } from './table-keys.ts';

/** How many changes watchers can catch up on, of all partitions together. */
export const changesMax = 2048;

/** Larger values are not kept twice: who missed such a change lists again. */
const valueMaxBytes = 4096;

/** What stands before a change's key: number, revision, type, whether the value was left out, length of the key. */
const headBytes = 20;

/** A change that the ring still has. `change` is undefined where its value was too large to be kept. */
export interface RingChange {
  readonly key: string;
  readonly revision: Revision;
  readonly change: StoreChange | undefined;
}

/**
 * The latest changes in the order they happened, in a ring of slots that are overwritten in place, so that keeping them costs one
 * write each and never a deletion. Changes are numbered from 1 over all partitions; of one batch all have the same revision.
 */
export class ChangeRing {
  readonly #bytes: SortedBytes;

  constructor(bytes: SortedBytes) {
    this.#bytes = bytes;
  }

  /** Adds a change. Gives its number. */
  append(root: StoreRoot, type: 'put' | 'delete', entry: Entry, revision: number): number {
    const number = ++root.changeCount;
    const isLeftOut = entry.value.length > valueMaxBytes;
    const key = Buffer.from(entry.key, 'utf8');
    const record = encodeEntry(isLeftOut ? { ...entry, value: new Uint8Array() } : entry);
    const bytes = Buffer.allocUnsafe(headBytes + key.length + record.length);
    bytes.writeDoubleLE(number, 0);
    bytes.writeDoubleLE(revision, 8);
    bytes[16] = type === 'put' ? 1 : 2;
    bytes[17] = isLeftOut ? 1 : 0;
    bytes.writeUInt16LE(key.length, 18);
    bytes.set(key, headBytes);
    bytes.set(record, headBytes + key.length);
    this.#bytes.put(numberKey(tables.change, number % changesMax), bytes);
    return number;
  }

  /** A change by its number; undefined where it was overwritten. */
  at(number: number): RingChange | undefined {
    const bytes = this.#slot(number);
    if (bytes === undefined) return undefined;
    const keyEnd = headBytes + bytes.readUInt16LE(18);
    const key = bytes.toString('utf8', headBytes, keyEnd);
    const revision = bytes.readDoubleLE(8) as Revision;
    if (bytes[17] === 1) return { key, revision, change: undefined };
    const entry = decodeEntry(key, bytes.subarray(keyEnd));
    return { key, revision, change: { type: bytes[16] === 1 ? 'put' : 'delete', entry, revision } };
  }

  /** The number of the last change up to a revision; undefined where the ring does not reach back so far. */
  lastUpTo(root: StoreRoot, revision: number): number | undefined {
    const oldest = Math.max(1, root.changeCount - changesMax + 1);
    let [low, high] = [oldest, root.changeCount + 1];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((this.#slot(middle)?.readDoubleLE(8) ?? 0) > revision) high = middle;
      else low = middle + 1;
    }
    // With older changes overwritten, one of them may have come after that revision.
    if (low === oldest && oldest > 1) return undefined;
    return low - 1;
  }

  #slot(number: number): Buffer | undefined {
    const record = this.#bytes.get(numberKey(tables.change, number % changesMax));
    if (record === undefined) return undefined;
    const bytes = Buffer.from(record.buffer, record.byteOffset, record.length);
    return bytes.readDoubleLE(0) === number ? bytes : undefined;
  }
}
