import type { GroupId } from '../ids.ts';
import type { HardState, LogEntry, SnapshotMetadata } from './journal.ts';

/** One call of a journal that changes it. Done whole or not at all. */
export interface JournalOperation {
  readonly group: GroupId;
  readonly truncateFrom?: number | undefined;
  readonly entries?: readonly LogEntry[] | undefined;
  readonly hardState?: HardState | undefined;
  readonly snapshot?: StoredSnapshot | undefined;
  readonly compactUpTo?: number | undefined;
}

/** A snapshot as it is kept. Its chunks are never changed. */
export interface StoredSnapshot {
  readonly metadata: SnapshotMetadata;
  readonly chunks: readonly Uint8Array[];
}

/** What a record takes on the disk beside its payload. */
const recordBytes = 32;

/** The room that entries take. */
export function entriesBytes(entries: readonly LogEntry[] | undefined): number {
  let bytes = 0;
  for (const { payload } of entries ?? []) bytes += recordBytes + payload.length;
  return bytes;
}

/** The room that a snapshot takes. */
export function snapshotBytes(snapshot: StoredSnapshot | undefined): number {
  let bytes = 0;
  for (const chunk of snapshot?.chunks ?? []) bytes += chunk.length;
  return bytes;
}

/** The room that an operation needs. What adds neither entries nor a snapshot always finds some, as in the real journal. */
export function operationBytes(operation: JournalOperation): number {
  return entriesBytes(operation.entries) + snapshotBytes(operation.snapshot);
}
