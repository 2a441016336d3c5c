import type { Entry } from '@quorate/core';
import { lockLost, notOwner } from './lock-error.ts';
import type { LockSession } from './lock-session.ts';
import type { OwnTask, TaskHold, WaitPlace } from './lock-task.ts';
import type { Slot } from './slot.ts';

/** Where hand-offs within a process are counted: below a revision's place in a fence. */
export const handOffsPerTicket = 1024;

/** One grant of a lock, however many nested claims stand on it. */
export class HoldCore implements TaskHold {
  readonly slot: Slot;
  readonly name: string;
  readonly task: OwnTask | undefined;
  readonly #handOff: number;
  readonly #session: LockSession;
  /** Run when the last claim is let go. */
  onReleased: (() => void) | undefined;
  #claims = 1;
  #signal: AbortController | undefined;
  #isReleased = false;

  constructor(slot: Slot, name: string, handOff: number, task: OwnTask | undefined) {
    this.slot = slot;
    this.name = name;
    this.task = task;
    this.#handOff = handOff;
    this.#session = slot.ticket.session;
    task?.holds.add(this);
  }

  get place(): WaitPlace {
    return this.slot.station;
  }

  get entry(): Entry | undefined {
    return this.slot.ticket.entry;
  }

  get fence(): bigint {
    return BigInt(this.entry!.created) * BigInt(handOffsPerTicket) + BigInt(this.#handOff);
  }

  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      this.#signal = new AbortController();
      if (!this.#isReleased) this.#session.onLost(this.#onLost);
    }
    return this.#signal.signal;
  }

  get isLost(): boolean {
    return this.#session.remainingMs() === 0;
  }

  remainingMs(): number {
    return this.#isReleased ? 0 : this.#session.remainingMs();
  }

  assertHeld(): void {
    if (this.#isReleased) throw notOwner(this.name);
    if (this.#session.remainingMs() === 0) throw lockLost(this.name, this.#session.cause);
  }

  /** One more claim, that is released by itself. */
  claim(): void {
    this.#claims++;
  }

  release(): Promise<void> {
    if (--this.#claims > 0) return Promise.resolve();
    this.#isReleased = true;
    if (this.#signal !== undefined) this.#session.offLost(this.#onLost);
    this.task?.holds.delete(this);
    this.onReleased?.();
    return this.slot.release(this).then(this.#afterRelease);
  }

  readonly #afterRelease = (wasHeld: boolean): void => {
    if (!wasHeld) throw notOwner(this.name, this.#session.cause);
  };

  readonly #onLost = (cause: unknown): void => {
    this.#signal?.abort(lockLost(this.name, cause));
  };
}
