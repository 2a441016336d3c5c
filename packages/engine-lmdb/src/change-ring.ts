import type { Entry, Revision, StoreChange } from '@quorate/core';
import { decodeEntry, encodeEntry } from './entry-record.ts';
import type { ChangePlace } from './partition-head.ts';
import { noBytes, type SortedBytes } from './sorted-bytes.ts';
import type { StoreRoot } from './store-root.ts';
import { isUnder, numberKey, tables } from './table-keys.ts';

/** How many changes watchers can catch up on, of all partitions together. */
export const changesMax = 4096;

/** Larger values are not kept twice: who missed such a change lists again. */
const valueMaxBytes = 4096;

/** What stands before a change's key: number, revision, the partition's head before, type, whether the value was left out, length. */
const headBytes = 36;

/** A slot that still holds the change that was asked for. */
interface Slot {
  readonly key: string;
  readonly revision: number;
  /** Where the change's partition stood before it. */
  readonly previous: ChangePlace;
  /** Undefined where the value was too large to be kept. */
  readonly change: StoreChange | undefined;
}

/**
 * The latest changes in the order they happened, in a ring of slots that are overwritten in place, so that keeping them costs one
 * write each and never a deletion. Changes are numbered from 1 over all partitions; of one batch all have the same revision.
 *
 * Each change knows the one before it in its partition: whoever catches up reads its own partition's changes and no others, and
 * knows whether one of them was overwritten.
 */
export class ChangeRing {
  readonly #bytes: SortedBytes;

  constructor(bytes: SortedBytes) {
    this.#bytes = bytes;
  }

  /** Adds a change to a partition that stood at `previous`. Gives the change's number. */
  append(
    root: StoreRoot,
    type: 'put' | 'delete',
    entry: Entry,
    revision: number,
    previous: ChangePlace,
  ): number {
    const number = ++root.changeCount;
    const isLeftOut = entry.value.length > valueMaxBytes;
    const key = Buffer.from(entry.key, 'utf8');
    const record = encodeEntry(isLeftOut ? { ...entry, value: noBytes } : entry);
    const bytes = Buffer.allocUnsafe(headBytes + key.length + record.length);
    bytes.writeDoubleLE(number, 0);
    bytes.writeDoubleLE(revision, 8);
    bytes.writeDoubleLE(previous.revision, 16);
    bytes.writeDoubleLE(previous.number, 24);
    bytes[32] = type === 'put' ? 1 : 2;
    bytes[33] = isLeftOut ? 1 : 0;
    bytes.writeUInt16LE(key.length, 34);
    bytes.set(key, headBytes);
    bytes.set(record, headBytes + key.length);
    this.#bytes.put(numberKey(tables.change, number % changesMax), bytes);
    return number;
  }

  /** A change by its number; undefined where it was overwritten, or its value left out. */
  at(number: number): StoreChange | undefined {
    return this.#slot(number)?.change;
  }

  /**
   * A partition's changes under a prefix, oldest first, back to the first that is known.
   *
   * @param isKnown of a place in the partition's history
   * @returns undefined where some of them were overwritten, or their values left out
   */
  changesSince(
    head: ChangePlace,
    prefix: string,
    isKnown: (place: ChangePlace) => boolean,
  ): StoreChange[] | undefined {
    const changes: StoreChange[] = [];
    let place: ChangePlace = head;
    while (place.number > 0 && !isKnown(place)) {
      const slot = this.#slot(place.number);
      if (slot === undefined) return undefined;
      // What came last may have changed nothing, and stands at a later revision than the change before it.
      if (isKnown({ number: place.number, revision: slot.revision })) break;
      if (isUnder(prefix, slot.key)) {
        if (slot.change === undefined) return undefined;
        changes.push(slot.change);
      }
      place = slot.previous;
    }
    changes.reverse(); // It is this call's own.
    return changes;
  }

  #slot(number: number): Slot | undefined {
    const bytes = this.#bytes.get(numberKey(tables.change, number % changesMax));
    if (bytes === undefined) return undefined;
    if (bytes.readDoubleLE(0) !== number) return undefined;
    const revision = bytes.readDoubleLE(8) as Revision;
    const previous = { revision: bytes.readDoubleLE(16), number: bytes.readDoubleLE(24) };
    const keyEnd = headBytes + bytes.readUInt16LE(34);
    const key = bytes.toString('utf8', headBytes, keyEnd);
    if (bytes[33] === 1) return { key, revision, previous, change: undefined };
    const entry = decodeEntry(key, bytes.subarray(keyEnd));
    const change: StoreChange = { type: bytes[32] === 1 ? 'put' : 'delete', entry, revision };
    return { key, revision, previous, change };
  }
}
