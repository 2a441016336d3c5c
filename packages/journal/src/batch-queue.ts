import type { QuorateError } from '@quorate/core';
import { Batch, operationBytesMax } from './batch.ts';
import { batchHeaderBytes } from './format/batch-header.ts';
import type { GroupState } from './group-state.ts';
import { storageFull } from './journal-error.ts';
import { isControl, type Operation } from './operation.ts';
import type { TailMemory } from './tail-memory.ts';

/** What is accepted and waits for the disk, in the order in which it came, encoded as batches. */
export class BatchQueue {
  readonly #salt: number;
  readonly #memory: TailMemory;
  readonly #batchMaxBytes: number;
  #batches: Batch[] = [];
  /** The last of what is tried again on a full disk: nothing joins it that adds entries, or it would be refused with them. */
  #retried: Batch | undefined;
  #number: number;
  #pendingBytes = 0;

  /** @param number of the last batch that there was */
  constructor(salt: number, memory: TailMemory, batchMaxBytes: number, number: number) {
    this.#salt = salt;
    this.#memory = memory;
    this.#batchMaxBytes = batchMaxBytes;
    this.#number = number;
  }

  /** What is to be written next. */
  get first(): Batch | undefined {
    return this.#batches[0];
  }

  /** How much is accepted and neither durable nor refused; what was taken out counts until it is {@link settled}. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Adds an operation, which takes at most `byteCount` bytes, to the last batch or, where that is full, to a new one. */
  add(
    operation: Operation,
    byteCount: number,
    resolve: () => void,
    reject: (error: QuorateError) => void,
  ): void {
    let batch = this.#batches.at(-1);
    const isFull = batch !== undefined && batch.bytes + byteCount > this.#batchMaxBytes;
    if (batch === undefined || isFull || (batch === this.#retried && !isControl(operation))) {
      batch = new Batch(++this.#number, this.#salt, this.#memory);
      this.#batches.push(batch);
    }
    const before = batch.bytes;
    operation.group.accept(operation);
    batch.add(operation, resolve, reject);
    this.#pendingBytes += batch.bytes - before;
  }

  /** Takes out the first batch, which is about to be written. */
  take(): void {
    this.#batches.shift();
  }

  /** Puts back a batch that could not be written: it is the first again. */
  putBack(batch: Batch): void {
    this.#batches.unshift(batch);
  }

  /** A batch that was taken out has come to its end. */
  settled(batch: Batch): void {
    this.#pendingBytes -= batch.bytes - batchHeaderBytes;
  }

  /** Rejects everything that waits. */
  rejectAll(errorOf: () => QuorateError): void {
    for (const { waiters } of this.#empty()) {
      for (const waiter of waiters) waiter.reject(errorOf());
    }
  }

  /**
   * There is no room for the first batch: everything that adds entries is refused, since what comes later may build on it.
   * What only gives room back is tried again in the room that is kept for it, unless its group lost a write before it, or that
   * room was used up already. No batch is under way.
   */
  refuse(cause: unknown): void {
    const batches = this.#empty();
    const hasReserve = batches[0]?.control === false;
    const waiters = batches.flatMap(batch => batch.waiters);
    for (const batch of batches) batch.discard();
    for (const { operation } of waiters) operation.group.rollBack();
    const refused = new Set<GroupState>();
    for (const { operation, control, resolve, reject } of waiters) {
      if (hasReserve && control && !refused.has(operation.group)) {
        this.add(operation, operationBytesMax(operation), resolve, reject);
      } else {
        refused.add(operation.group);
        operation.onRefused?.();
        reject(storageFull('the write', cause));
      }
    }
    this.#retried = this.#batches.at(-1);
  }

  #empty(): readonly Batch[] {
    const batches = this.#batches;
    this.#batches = [];
    this.#pendingBytes = 0;
    return batches;
  }
}
