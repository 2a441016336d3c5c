import type { QuorateError } from '@quorate/core';
import { type BatchHeader, batchHeaderBytes, batchSeed, writeBatchHeader } from './format/batch-header.ts';
import { alignBytes, type Position } from './format/position.ts';
import { emptyHeader, recordBytes, recordTypes, writeRecord } from './format/record.ts';
import { isControl, type Operation } from './operation.ts';
import type { MemoryBlock, TailMemory } from './tail-memory.ts';

const noPayload = new Uint8Array(0);
const encoder = new TextEncoder();
const scratch = emptyHeader();

/** Somebody who waits for an operation to be durable. */
export interface Waiter {
  readonly operation: Operation;
  /** Where the operation's records begin, in bytes from the batch's beginning. */
  readonly offset: number;
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
  bytes = batchHeaderBytes;
  /** Whether it may use the room that is kept back for a full disk. */
  control = true;
  readonly #memory: TailMemory;
  readonly #stretches: Stretch[] = [];
  #count = 0;
  #sum: number;

  constructor(number: number, salt: number, memory: TailMemory) {
    this.number = number;
    this.#memory = memory;
    this.#sum = batchSeed(salt, number);
    const { block, at } = memory.take(batchHeaderBytes);
    this.#stretches.push({ block, start: at, end: at + batchHeaderBytes });
    block.uses++;
  }

  /** Encodes an operation; payloads are copied. */
  add(operation: Operation, resolve: () => void, reject: (error: QuorateError) => void): void {
    this.waiters.push({ operation, offset: this.bytes, resolve, reject });
    if (!isControl(operation)) this.control = false;
    const group = operation.group.id;
    const { truncateFrom, base, hardState } = operation;
    if (truncateFrom !== undefined) this.#record(recordTypes.truncate, 0, group, 0, truncateFrom, noPayload);
    if (base !== undefined) {
      const flag = operation.reset === true ? 1 : 0;
      this.#record(recordTypes.base, flag, group, base.term, base.index, noPayload);
    }
    for (const { kind, term, index, payload } of operation.entries ?? []) {
      this.#record(recordTypes.entry, kind, group, term, index, payload);
    }
    for (const { kind, term, index, payload } of operation.moved ?? []) {
      this.#record(recordTypes.moved, kind, group, term, index, payload);
    }
    if (hardState === undefined) return;
    const { term, committed, votedFor } = hardState;
    const name = votedFor === undefined ? noPayload : encoder.encode(votedFor);
    this.#record(recordTypes.hardState, votedFor === undefined ? 0 : 1, group, term, committed, name);
  }

  /** Writes the header and returns its sum. */
  seal(salt: number, place: Pick<BatchHeader, 'before' | 'position' | 'durable' | 'oldest'>): number {
    const { block, start } = this.#stretches[0] as Stretch;
    const length = this.bytes - batchHeaderBytes;
    return writeBatchHeader(block.view, start, salt, {
      ...place,
      last: this.#sum,
      number: this.number,
      length,
      count: this.#count,
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

  #record(type: number, kind: number, group: number, term: number, index: number, payload: Uint8Array): void {
    const byteCount = recordBytes(payload.length);
    const { block, at } = this.#memory.take(byteCount);
    const last = this.#stretches.at(-1) as Stretch;
    if (last.block === block && last.end === at) {
      last.end = at + byteCount;
    } else {
      this.#stretches.push({ block, start: at, end: at + byteCount });
      block.uses++;
    }
    scratch.type = type;
    scratch.kind = kind;
    scratch.group = group;
    scratch.term = term;
    scratch.index = index;
    scratch.length = payload.length;
    this.#sum = writeRecord(block.view, block.bytes, at, scratch, payload, this.#sum);
    this.bytes += byteCount;
    this.#count++;
  }
}

/** How many bytes an operation's records take. */
export function operationBytes(operation: Operation): number {
  let byteCount = 0;
  if (operation.truncateFrom !== undefined) byteCount += recordBytes(0);
  if (operation.base !== undefined) byteCount += recordBytes(0);
  for (const entry of operation.entries ?? []) byteCount += recordBytes(entry.payload.length);
  for (const entry of operation.moved ?? []) byteCount += recordBytes(entry.payload.length);
  if (operation.hardState !== undefined)
    byteCount += recordBytes((operation.hardState.votedFor?.length ?? 0) * 3);
  return byteCount;
}
