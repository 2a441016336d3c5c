import type { HardState, LogEntry } from '@quorate/core';
import type { Position } from './format/position.ts';
import type { GroupState } from './group-state.ts';

/** A base: entries up to `index` are gone. */
export interface Base {
  readonly index: number;
  readonly term: number;
}

/** An entry that is written again; it counts where it still stands at `from`. */
export interface MovedEntry {
  readonly index: number;
  readonly term: number;
  readonly kind: number;
  readonly payload: Uint8Array;
  readonly from: Position;
}

/** What one write does to a group: what is encoded, and what is applied once it is durable. */
export interface Operation {
  readonly group: GroupState;
  readonly truncateFrom?: number | undefined;
  readonly base?: Base | undefined;
  /** With a base: everything above it goes too. */
  readonly reset?: boolean;
  /** The caller's own, and not touched any more once they are encoded: it is given back with the call. */
  entries?: readonly LogEntry[] | undefined;
  readonly moved?: readonly MovedEntry[];
  readonly hardState?: HardState | undefined;
  /** Called where there is no room for the operation: before anybody hears of that, and may build on it. */
  readonly onRefused?: (() => void) | undefined;
}

/** An operation whose records are in a batch. Its entries are there alone, since the caller has them back. */
export interface EncodedOperation {
  readonly operation: Operation;
  /** Which of the batch's records is the operation's first; they follow each other. */
  readonly record: number;
  readonly entryCount: number;
}

/** Where the records of a batch begin, in units of 8 bytes from its beginning, and their terms. */
export interface EncodedRecords {
  readonly records: readonly number[];
  readonly terms: readonly number[];
}

/** Whether an operation may use the room that is kept back for a full disk: it adds no entries. */
export function isControl(operation: Operation): boolean {
  return (operation.entries?.length ?? 0) === 0 && operation.moved === undefined;
}
