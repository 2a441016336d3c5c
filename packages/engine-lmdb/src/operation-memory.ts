import type { Entry, OperationId } from '@quorate/core';
import { superseded } from '@quorate/core';
import { decodeEntry, encodeEntry } from './entry-record.ts';
import type { KnownPartition } from './known-state.ts';
import { noBytes, type SortedBytes } from './sorted-bytes.ts';
import { behind, sessionKey, tables } from './table-keys.ts';

/** What an operation left: enough to answer a repeat as the first time. */
export interface Remembered {
  readonly revision: number;
  /** The entry written or deleted. */
  readonly entry?: Entry;
}

/** What stands before the key: sequence number, revision, length of the key, 0 where there is no entry. */
const headBytes = 18;

/** The last operation of each session that took effect in each partition. */
export class OperationMemory {
  readonly #bytes: SortedBytes;

  constructor(bytes: SortedBytes) {
    this.#bytes = bytes;
  }

  /** What this very operation left. @throws QuorateError `OPERATION_SUPERSEDED` after a later one */
  recall(operation: OperationId, partition: string, known: KnownPartition): Remembered | undefined {
    if (operation.sequence > (known.sequence(operation.session) ?? operation.sequence)) return undefined;
    const bytes = this.#bytes.get(sessionKey(tables.operation, operation.session, partition));
    const last = bytes?.readDoubleLE(0) ?? 0;
    known.setSequence(operation.session, last);
    if (operation.sequence < last) throw superseded(operation, last);
    if (bytes === undefined || operation.sequence > last) return undefined;
    const revision = bytes.readDoubleLE(8);
    const keyEnd = headBytes + bytes.readUInt16LE(16);
    if (keyEnd === headBytes) return { revision };
    const key = bytes.toString('utf8', headBytes, keyEnd);
    return { revision, entry: decodeEntry(key, bytes.subarray(keyEnd)) };
  }

  remember(
    operation: OperationId,
    partition: string,
    { revision, entry }: Remembered,
    known: KnownPartition,
  ): void {
    known.setSequence(operation.session, operation.sequence);
    const key = Buffer.from(entry?.key ?? '', 'utf8');
    const record = entry === undefined ? noBytes : encodeEntry(entry);
    const bytes = Buffer.allocUnsafe(headBytes + key.length + record.length);
    bytes.writeDoubleLE(operation.sequence, 0);
    bytes.writeDoubleLE(revision, 8);
    bytes.writeUInt16LE(key.length, 16);
    bytes.set(key, headBytes);
    bytes.set(record, headBytes + key.length);
    this.#bytes.put(sessionKey(tables.operation, operation.session, partition), bytes);
  }

  /** Forgets some of what a session did. Gives how much. */
  forget(session: string, limit: number): number {
    const start = sessionKey(tables.operation, session, '');
    const keys = this.#bytes.keys({ start, end: behind(start), limit });
    for (const key of keys) this.#bytes.remove(key);
    return keys.length;
  }
}
