import type { Entry, WaitOptions } from '@quorate/core';
import { handOffsPerTicket } from '../hold-core.ts';
import { notOwner } from '../lock-error.ts';
import type { Lock, ReadLock } from '../lock.ts';
import type { OwnTask, TaskHold } from '../lock-task.ts';
import type { LocalGate } from './local-gate.ts';

const settled = Promise.resolve();

/** What is held in one process. It is never lost: its signal never aborts, and its time is never over. */
export class LocalHold implements Lock, ReadLock, TaskHold {
  readonly place: LocalGate;
  readonly isShared: boolean;
  readonly task: OwnTask | undefined;
  readonly #grant: number;
  #isReleased = false;
  #nested = 0;
  #signal: AbortSignal | undefined = undefined;

  constructor(place: LocalGate, isShared: boolean, grant: number, task: OwnTask | undefined) {
    this.place = place;
    this.isShared = isShared;
    this.task = task;
    this.#grant = grant;
    if (task !== undefined) {
      task.holds.add(this);
      place.note(this);
    }
  }

  get name(): string {
    return this.place.name;
  }

  get entry(): Entry | undefined {
    return undefined;
  }

  get fence(): bigint {
    return BigInt(this.#grant) * BigInt(handOffsPerTicket);
  }

  get signal(): AbortSignal {
    this.#signal ??= new AbortController().signal;
    return this.#signal;
  }

  remainingMs(): number {
    return this.#isReleased ? 0 : Number.POSITIVE_INFINITY;
  }

  assertHeld(): void {
    if (this.#isReleased) throw notOwner(this.name);
  }

  /** Once more, by the same task: it is held until all are released. */
  again(): LocalClaim {
    this.#nested++;
    return new LocalClaim(this);
  }

  /** One of the nested claims is released. */
  unnest(): void {
    this.#nested--;
    if (this.#isReleased && this.#nested === 0) this.#leave();
  }

  release(): Promise<void> {
    if (this.#isReleased) return settled;
    this.#isReleased = true;
    if (this.#nested === 0) this.#leave();
    return settled;
  }

  #leave(): void {
    this.task?.holds.delete(this);
    this.place.leave(this);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  async upgrade(options: WaitOptions = {}): Promise<Lock | undefined> {
    this.assertHeld();
    return this.place.waitAlone(this, options)?.promise;
  }
}

/** A nested claim on what its task holds. */
export class LocalClaim implements Lock, ReadLock {
  readonly #hold: LocalHold;
  #isReleased = false;

  constructor(hold: LocalHold) {
    this.#hold = hold;
  }

  get name(): string {
    return this.#hold.name;
  }

  get fence(): bigint {
    return this.#hold.fence;
  }

  get signal(): AbortSignal {
    return this.#hold.signal;
  }

  remainingMs(): number {
    return this.#isReleased ? 0 : Number.POSITIVE_INFINITY;
  }

  assertHeld(): void {
    if (this.#isReleased) throw notOwner(this.name);
  }

  release(): Promise<void> {
    if (this.#isReleased) return settled;
    this.#isReleased = true;
    this.#hold.unnest();
    return settled;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  upgrade(options?: WaitOptions): Promise<Lock | undefined> {
    this.assertHeld();
    return this.#hold.upgrade(options);
  }
}
