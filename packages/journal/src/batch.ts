import type { LogEntry, QuorateError } from '@quorate/core';
import { type BatchHeader, batchHeaderBytes, batchSeed, writeBatchHeader } from './format/batch-header.ts';
import { alignBytes, type Position } from './format/position.ts';
import { recordBytes, recordTypes, writeRecord } from './format/record.ts';
import { sectionBytesMax, sectionHeaderBytes, writeSectionHeader } from './format/section.ts';
import { type EncodedOperation, isControl, type MovedEntry, type Operation } from './operation.ts';
import type { MemoryBlock, TailMemory } from './tail-memory.ts';

const noPayload = new Uint8Array(0);
const encoder = new TextEncoder();

/** Somebody who waits for an operation to be durable. */
export interface Waiter extends EncodedOperation {
  /** Whether the operation may use the room that is kept back for a full disk. */
  readonly control: boolean;
  readonly resolve: () => void;
  readonly reject: (error: QuorateError) => void;
}

interface Stretch {
  readonly block: MemoryBlock;
  readonly start: number;
  end: number;
}

/**
 * All that joins one sync. Records are encoded as the operations come, while the sync before is still in flight; only the
 * header, which says where the batch stands, waits for its turn.
 */
export class Batch {
  readonly number: number;
  readonly waiters: Waiter[] = [];
  /** Where each record begins, in units of {@link alignBytes} from the batch's beginning. */
  readonly records: number[] = [];
  readonly terms: number[] = [];
  bytes: number = batchHeaderBytes;
  /** Whether it may use the room that is kept back for a full disk. */
  control = true;
  readonly #memory: TailMemory;
  readonly #stretches: Stretch[] = [];
  #stretch: Stretch;
  /** Where the section begins that takes records, in the stretch's block, and how many it has; -1 where there is none. */
  #section = -1;
  #sectionCount = 0;
  #sum: number;

  constructor(number: number, salt: number, memory: TailMemory) {
    this.number = number;
    this.#memory = memory;
    this.#sum = batchSeed(salt, number);
    this.#stretch = this.#stretchOn(batchHeaderBytes);
  }

  /** Encodes an operation and lets go of its entries: what is done to them after the call changes nothing. */
  add(operation: Operation, resolve: () => void, reject: (error: QuorateError) => void): void {
    const entryCount = operation.entries?.length ?? 0;
    const control = isControl(operation);
    this.waiters.push({ operation, record: this.records.length, entryCount, control, resolve, reject });
    if (!control) this.control = false;
    const group = operation.group.id;
    const { truncateFrom, base, entries, moved, hardState } = operation;
    if (truncateFrom !== undefined) this.#record(recordTypes.truncate, 0, group, 0, truncateFrom, noPayload);
    if (base !== undefined) {
      const flag = operation.reset === true ? 1 : 0;
      this.#record(recordTypes.base, flag, group, base.term, base.index, noPayload);
    }
    if (entries !== undefined) {
      this.#entries(recordTypes.entry, group, entries);
      operation.entries = undefined;
    }
    if (moved !== undefined) this.#entries(recordTypes.moved, group, moved);
    if (hardState === undefined) return;
    const { term, committed, votedFor } = hardState;
    const name = votedFor === undefined ? noPayload : encoder.encode(votedFor);
    this.#record(recordTypes.hardState, votedFor === undefined ? 0 : 1, group, term, committed, name);
  }

  /** Writes the header and returns its sum. */
  seal(salt: number, place: Pick<BatchHeader, 'before' | 'position' | 'durable' | 'oldest'>): number {
    this.#closeSection();
    const { block, start } = this.#stretches[0] as Stretch;
    return writeBatchHeader(block, start, salt, {
      before: place.before,
      position: place.position,
      durable: place.durable,
      oldest: place.oldest,
      last: this.#sum,
      number: this.number,
      length: this.bytes - batchHeaderBytes,
      count: this.records.length,
    });
  }

  /** The bytes to write, in order. */
  chunks(): Uint8Array[] {
    return this.#stretches.map(({ block, start, end }) => block.bytes.subarray(start, end));
  }

  /** Lets the memory serve what is durable at `position` now. */
  remember(position: Position): void {
    let at = position;
    for (const { block, start, end } of this.#stretches) {
      this.#memory.remember(block, start, end, at);
      at += (end - start) / alignBytes;
    }
  }

  /** Gives the memory back: the batch is not written. */
  discard(): void {
    for (const { block } of this.#stretches) this.#memory.letGo(block);
  }

  #entries(type: number, group: number, entries: readonly (LogEntry | MovedEntry)[]): void {
    for (let at = 0; at < entries.length; at++) {
      const { kind, term, index, payload } = entries[at] as LogEntry | MovedEntry;
      this.#record(type, kind, group, term, index, payload);
    }
  }

  #record(type: number, kind: number, group: number, term: number, index: number, payload: Uint8Array): void {
    const byteCount = recordBytes(payload.length);
    let stretch = this.#stretch;
    const at = stretch.end;
    const fits = this.#section !== -1 && at + byteCount - this.#section <= sectionBytesMax;
    if (fits && this.#memory.extend(stretch.block, at, byteCount)) stretch.end = at + byteCount;
    else stretch = this.#openSection(byteCount);
    const start = stretch.end - byteCount;
    this.records.push(this.bytes / alignBytes);
    this.terms.push(term);
    this.bytes += byteCount;
    this.#sectionCount++;
    const { view, bytes } = stretch.block;
    writeRecord(view, bytes, start, type, kind, group, term, index, payload, start - this.#section);
  }

  /** Begins a section, and a stretch where it does not follow what is there, with room for a record. */
  #openSection(recordByteCount: number): Stretch {
    this.#closeSection();
    const byteCount = sectionHeaderBytes + recordByteCount;
    const stretch = this.#stretch;
    if (this.#memory.extend(stretch.block, stretch.end, byteCount)) stretch.end += byteCount;
    else this.#stretch = this.#stretchOn(byteCount);
    this.#section = this.#stretch.end - byteCount;
    this.bytes += sectionHeaderBytes;
    return this.#stretch;
  }

  #closeSection(): void {
    if (this.#section === -1) return;
    const { block, end } = this.#stretch;
    const { view, bytes } = block;
    this.#sum = writeSectionHeader(view, bytes, this.#section, end, this.#sectionCount, this.#sum);
    this.#section = -1;
    this.#sectionCount = 0;
  }

  #stretchOn(byteCount: number): Stretch {
    const { block, at } = this.#memory.take(byteCount);
    block.uses++;
    const stretch = { block, start: at, end: at + byteCount };
    this.#stretches.push(stretch);
    return stretch;
  }
}

/** How many bytes an entry takes at most: its record, and a section's header, which several may share. */
export function entryBytesMax(payloadLength: number): number {
  return sectionHeaderBytes + recordBytes(payloadLength);
}

/** How many bytes an operation takes at most, but for its entries. */
export function controlBytesMax({ truncateFrom, base, moved, hardState }: Omit<Operation, 'group'>): number {
  let byteCount = 0;
  if (truncateFrom !== undefined) byteCount += entryBytesMax(0);
  if (base !== undefined) byteCount += entryBytesMax(0);
  for (const { payload } of moved ?? []) byteCount += entryBytesMax(payload.length);
  if (hardState !== undefined) byteCount += entryBytesMax((hardState.votedFor?.length ?? 0) * 3);
  return byteCount;
}

/** How many bytes an operation takes at most. */
export function operationBytesMax(operation: Operation): number {
  let byteCount = controlBytesMax(operation);
  for (const { payload } of operation.entries ?? []) byteCount += entryBytesMax(payload.length);
  return byteCount;
}
