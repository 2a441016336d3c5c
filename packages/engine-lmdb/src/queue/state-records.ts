import {
  partitionOf,
  type StateRecord,
  type StateResult,
  type StateWrite,
  type Unknown,
} from '@quorate/core';
import type { SortedBytes } from '../sorted-bytes.ts';
import { nameKey, nameOfKey, queueTables, readWhole, writeWhole } from './queue-keys.ts';
import { checksumBytes, isSound, recordCorrupt, sealed } from './queue-record.ts';
import type { QueueRoot } from './queue-root.ts';
import type { TimeTable } from './time-table.ts';

/** Checksum, version, expiry. */
const headBytes = checksumBytes + 7 + 8;

/** What a record takes beside its key and value, by estimate. */
const overheadBytes = 64;

/** What a write adds at most. */
export function stateBytes({ key, value }: StateWrite): number {
  return value === undefined ? 0 : overheadBytes + key.length + value.length;
}

/** Records under versions, some of which are gone by themselves. */
export class StateRecords {
  readonly #bytes: SortedBytes;

  constructor(bytes: SortedBytes) {
    this.#bytes = bytes;
  }

  /** @throws QuorateError `RECORD_CORRUPT` */
  get(key: string, nowMs: number): StateRecord | undefined {
    const place = nameKey(queueTables.state, key);
    const record = this.#bytes.get(place);
    if (record === undefined) return undefined;
    if (!isSound(place, record)) throw recordCorrupt(`State record "${key}"`);
    const expiresAtMs = record.readDoubleLE(checksumBytes + 7);
    if (expiresAtMs <= nowMs) return undefined;
    return {
      key,
      value: Uint8Array.prototype.slice.call(record, headBytes),
      version: readWhole(record, checksumBytes),
      ...(expiresAtMs === Number.POSITIVE_INFINITY ? {} : { expiresAtMs }),
    };
  }

  /** Whether a write would be applied. One of a damaged record is, where it asks for no version. */
  allows({ key, version }: StateWrite, nowMs: number): boolean {
    if (version === undefined) return true;
    const place = nameKey(queueTables.state, key);
    const record = this.#bytes.get(place);
    if (record === undefined) return version === 0;
    if (!isSound(place, record)) return false;
    const isGone = record.readDoubleLE(checksumBytes + 7) <= nowMs;
    return version === (isGone ? 0 : readWhole(record, checksumBytes));
  }

  write(
    write: StateWrite,
    nowMs: number,
    {
      root,
      times,
      next,
    }: { readonly root: QueueRoot; readonly times: TimeTable; readonly next: () => number },
  ): Exclude<StateResult, Unknown> {
    const { key, value, expiresAtMs = Number.POSITIVE_INFINITY } = write;
    if (!this.allows(write, nowMs)) {
      const current = this.get(key, nowMs);
      return { outcome: 'not-applied', reason: 'conflict', ...(current === undefined ? {} : { current }) };
    }
    const place = nameKey(queueTables.state, key);
    const before = this.#bytes.get(place);
    if (before !== undefined && isSound(place, before)) {
      const wasMs = before.readDoubleLE(checksumBytes + 7);
      if (wasMs !== Number.POSITIVE_INFINITY) times.remove(wasMs, place);
    }
    if (before !== undefined) root.bytes -= overheadBytes + key.length + before.length - headBytes;
    if (value === undefined) {
      if (before !== undefined) this.#bytes.remove(place);
      return { outcome: 'applied', version: 0 };
    }
    const version = next();
    const record = Buffer.allocUnsafe(headBytes + value.length);
    writeWhole(record, checksumBytes, version);
    record.writeDoubleLE(expiresAtMs, checksumBytes + 7);
    record.set(value, headBytes);
    this.#bytes.put(place, sealed(place, record));
    root.bytes += stateBytes(write);
    if (expiresAtMs !== Number.POSITIVE_INFINITY) times.add(expiresAtMs, place);
    return { outcome: 'applied', version };
  }

  /** Drops what has had its time. @returns its key; undefined where it was written again since */
  drop(place: Uint8Array, nowMs: number, root: QueueRoot): string | undefined {
    const record = this.#bytes.get(place);
    if (record === undefined || !isSound(place, record)) return undefined;
    if (record.readDoubleLE(checksumBytes + 7) > nowMs) return undefined;
    this.#bytes.remove(place);
    const key = nameOfKey(place);
    root.bytes -= overheadBytes + key.length + record.length - headBytes;
    return key;
  }

  /** Keys that begin with a prefix, in order, from behind `after`, also of records that have had their time. */
  keys(prefix: string, after: string | undefined, limit: number): string[] {
    const start = nameKey(queueTables.state, after ?? prefix);
    const from = after === undefined ? start : Buffer.concat([start, Buffer.of(0)]);
    const end = Buffer.concat([nameKey(queueTables.state, prefix), Buffer.of(0xff)]);
    return this.#bytes.keys({ start: from, end, limit }).map(nameOfKey);
  }
}

/** Whether a name that begins with a prefix lies in its partition too. */
export function isInPartition(name: string, prefix: string): boolean {
  return partitionOf(name) === partitionOf(prefix);
}
