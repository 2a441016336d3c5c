import type { GroupId, HardState, LogIndex, RecoveredLog, Term } from '@quorate/core';
import { EntryIndex } from './entry-index.ts';
import { type Position, segmentOf } from './format/position.ts';
import type { Base, EncodedOperation, EncodedRecords, Operation } from './operation.ts';
import type { SnapshotFile } from './snapshot-file.ts';

/** Keeps count of the entries in each segment that somebody still needs. */
export interface LiveCounter {
  added(position: Position, count: number): void;
  dropped(position: Position): void;
}

/** A group as it is on disk, and the end that its accepted writes will give it. */
export class GroupState {
  readonly id: GroupId;
  readonly index: EntryIndex = new EntryIndex();
  hardState: HardState | undefined;
  snapshot: SnapshotFile | undefined;
  base: Base = { index: 0, term: 0 };
  last = 0;
  /** The last index after all writes that were accepted and are not durable yet. */
  acceptedLast = 0;
  /** The hard state after all writes that were accepted. */
  acceptedHardState: HardState | undefined;
  /** The base after all operations that were accepted: what is written behind them must not fall back below it. */
  acceptedBase: Base = this.base;
  /** Accepted operations that drop entries: while there are some, no entry is moved. */
  pendingDrops = 0;
  /** The segments that hold the newest records of these; 0 where there is none. */
  hardStateSegment = 0;
  baseSegment = 0;
  readonly #live: LiveCounter;

  constructor(id: GroupId, live: LiveCounter) {
    this.id = id;
    this.#live = live;
  }

  get first(): number {
    return this.base.index + 1;
  }

  recovered(): RecoveredLog {
    return {
      hardState: this.hardState,
      snapshot: this.snapshot?.metadata,
      first: this.first as LogIndex,
      last: this.last as LogIndex,
    };
  }

  termAt(index: number): Term | undefined {
    if (!Number.isInteger(index)) return undefined;
    if (index >= this.first && index <= this.last) return this.index.term(index) as Term | undefined;
    const snapshot = this.snapshot?.metadata;
    return snapshot?.index === index ? snapshot.term : undefined;
  }

  /** Counts an operation in that was taken into a batch. */
  accept(operation: Operation): void {
    if (operation.truncateFrom !== undefined) {
      this.acceptedLast = operation.truncateFrom - 1;
      this.pendingDrops++;
    }
    if (operation.reset === true) {
      this.acceptedLast = operation.base?.index ?? 0;
      this.pendingDrops++;
    }
    this.acceptedLast += operation.entries?.length ?? 0;
    this.acceptedHardState = operation.hardState ?? this.acceptedHardState;
    this.acceptedBase = operation.base ?? this.acceptedBase;
  }

  /** Forgets everything that was accepted and is not durable. */
  rollBack(): void {
    this.acceptedLast = this.last;
    this.acceptedHardState = this.hardState;
    this.acceptedBase = this.base;
    this.pendingDrops = 0;
  }

  /**
   * Takes over what is durable now.
   *
   * @param position of the batch
   */
  apply(encoded: EncodedOperation, { records, terms }: EncodedRecords, position: Position): void {
    const { operation, entryCount } = encoded;
    let next = encoded.record;
    if (operation.truncateFrom !== undefined) {
      this.truncate(operation.truncateFrom);
      this.pendingDrops--;
      next++;
    }
    if (operation.base !== undefined) {
      this.rebase(operation.base, operation.reset === true, segmentOf(position));
      if (operation.reset === true) this.pendingDrops--;
      next++;
    }
    if (entryCount > 0) {
      // A batch is in one segment, so its entries are counted together.
      this.#live.added(position, entryCount);
      for (const end = next + entryCount; next < end; next++) {
        this.index.set(++this.last, position + (records[next] as number), terms[next] as number);
      }
    }
    for (const entry of operation.moved ?? []) {
      const to = position + (records[next++] as number);
      if (this.index.position(entry.index) === entry.from) this.move(entry.index, entry.term, to);
    }
    if (operation.hardState !== undefined) {
      this.hardState = operation.hardState;
      this.hardStateSegment = segmentOf(position);
    }
  }

  append(index: number, term: number, position: Position): void {
    this.index.set(index, position, term);
    this.#live.added(position, 1);
    this.last = index;
  }

  /**
   * Sets the position of an entry that is held, or that recovery will find it holds. One at or below the base was on its way
   * behind the base, and is gone.
   */
  move(index: number, term: number, position: Position): void {
    if (index <= this.base.index) return;
    const before = this.index.position(index);
    if (before !== 0) this.#live.dropped(before);
    this.index.set(index, position, term);
    this.#live.added(position, 1);
    if (index > this.last) this.last = index;
  }

  truncate(from: number): void {
    this.index.drop(from, this.last, this.#dropped);
    this.last = from - 1;
  }

  /** A lower base than the one there is says nothing: it was repeated while the higher one was on its way. */
  rebase(base: Base, reset: boolean, segment: number): void {
    if (base.index < this.base.index) return;
    this.baseSegment = segment;
    const last = reset ? this.last : Math.min(this.last, base.index);
    this.index.drop(this.first, last, this.#dropped);
    this.base = base;
    if (reset || this.last < base.index) this.last = base.index;
  }

  readonly #dropped = (position: Position): void => this.#live.dropped(position);
}
