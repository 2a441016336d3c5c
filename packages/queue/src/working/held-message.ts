import type { LeasedMessage, LeaseHandle } from '@quorate/core';
import type { Delivery } from './ending.ts';

/** Where a message is between its lease and its end. */
export type HeldState = 'waiting' | 'starting' | 'running' | 'settling' | 'gone';

/** A message that this work holds the lease of. */
export class HeldMessage implements Delivery {
  readonly message: LeasedMessage;
  readonly handle: LeaseHandle;
  state: HeldState = 'waiting';
  /** What the current end of the lease is reckoned from, on the monotonic clock: a time before the call that moved it. */
  renewedMs: number;
  /** When the keeper was told of it. */
  readonly addedMs: number;
  /** Whether the store has charged the start; `possibly` where its answer was lost. */
  charge: 'none' | 'possibly' | 'certainly';
  hasStarted = false;
  attempt: number;
  /** Whether it was told that somebody else has it, or may have. */
  isLost = false;
  /** Whether the store would not take an end of it. */
  isRefused = false;
  /** Only made where a handler asks for it. */
  #controller: AbortController | undefined;
  #reason: unknown;

  /** @param isCharged whether its lease has charged it an attempt */
  constructor(message: LeasedMessage, isCharged: boolean, renewedMs: number, nowMs: number) {
    const { queue, id, token } = message;
    this.message = message;
    this.handle = { queue, id, token };
    this.renewedMs = renewedMs;
    this.addedMs = nowMs;
    this.charge = isCharged ? 'certainly' : 'none';
    this.attempt = message.attemptCount + (isCharged ? 0 : 1);
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Why its handler was told to end. */
  get reason(): unknown {
    return this.#reason;
  }

  abort(reason: unknown): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}
