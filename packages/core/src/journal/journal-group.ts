import type { LogIndex, Term } from '../ids.ts';
import type { HardState, LogEntry, RecoveredLog } from './journal.ts';
import {
  entriesBytes,
  type JournalOperation,
  operationBytes,
  snapshotBytes,
  type StoredSnapshot,
} from './journal-operation.ts';

/** Where a group's entries begin and end. */
export interface LogBounds {
  /** The first entry that is held, or would be. */
  readonly first: number;
  /** `first - 1` when none is held. */
  readonly last: number;
  /** 0 without a snapshot. */
  readonly snapshotIndex: number;
}

/** What a journal holds of one group: what the seam means, as a state machine. Arguments are checked before. */
export class JournalGroup {
  #hardState: HardState | undefined;
  #snapshot: StoredSnapshot | undefined;
  #first = 1;
  #entries: LogEntry[] = [];
  #bytes = 0;

  get snapshot(): StoredSnapshot | undefined {
    return this.#snapshot;
  }

  get bounds(): LogBounds {
    return {
      first: this.#first,
      last: this.#first + this.#entries.length - 1,
      snapshotIndex: this.#snapshot?.metadata.index ?? 0,
    };
  }

  /** The room that it takes. */
  get bytes(): number {
    return this.#bytes;
  }

  recovered(): RecoveredLog {
    const { first, last } = this.bounds;
    return {
      hardState: this.#hardState,
      snapshot: this.#snapshot?.metadata,
      first: first as LogIndex,
      last: last as LogIndex,
    };
  }

  termAt(index: number): Term | undefined {
    const entry = this.#entries[index - this.#first];
    if (entry !== undefined) return entry.term;
    const metadata = this.#snapshot?.metadata;
    return metadata?.index === index ? metadata.term : undefined;
  }

  /** Entries from `from` up to but excluding `to`, cut off after `bytesMax` but never before the first. */
  slice(from: number, to: number, bytesMax: number): readonly LogEntry[] {
    const slice: LogEntry[] = [];
    let bytes = 0;
    for (const entry of this.#entries.slice(from - this.#first, to - this.#first)) {
      bytes += entry.payload.length;
      if (slice.length > 0 && bytes > bytesMax) break;
      slice.push(entry);
    }
    return slice;
  }

  /** The same again, to be changed apart. What it holds is shared, since nothing of it ever changes. */
  clone(): JournalGroup {
    const clone = new JournalGroup();
    clone.#hardState = this.#hardState;
    clone.#snapshot = this.#snapshot;
    clone.#first = this.#first;
    clone.#entries = [...this.#entries];
    clone.#bytes = this.#bytes;
    return clone;
  }

  apply(operation: JournalOperation): void {
    this.#bytes += operationBytes(operation);
    if (operation.truncateFrom !== undefined)
      this.#drop(operation.truncateFrom - this.#first, this.#entries.length);
    for (const entry of operation.entries ?? []) this.#entries.push(entry);
    if (operation.hardState !== undefined) this.#hardState = operation.hardState;
    if (operation.snapshot !== undefined) this.#replaceSnapshot(operation.snapshot);
    if (operation.compactUpTo !== undefined) this.#compact(operation.compactUpTo);
  }

  #replaceSnapshot(snapshot: StoredSnapshot): void {
    this.#bytes -= snapshotBytes(this.#snapshot);
    const { index, term } = snapshot.metadata;
    const joins = this.termAt(index) === term;
    this.#snapshot = snapshot;
    if (joins) return;
    // The snapshot comes from a leader: what is held lies before it, or is another history (Ongaro 2014, figure 5.3).
    this.#drop(0, this.#entries.length);
    this.#first = index + 1;
  }

  #compact(upTo: number): void {
    const count = Math.min(upTo - this.#first + 1, this.#entries.length);
    if (count <= 0) return;
    this.#drop(0, count);
    this.#first += count;
  }

  #drop(from: number, to: number): void {
    const dropped = this.#entries.splice(from, Math.max(0, to - from));
    this.#bytes -= entriesBytes(dropped);
  }
}
