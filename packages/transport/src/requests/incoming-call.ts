import { type Clock, type NodeId, QuorateError, type Timer } from '@quorate/core';
import type { Method } from './request-frame.ts';

/** A request as its handler sees it. */
export interface Call {
  readonly from: NodeId;
  readonly method: Method;
  /** The handler's own. */
  readonly body: Uint8Array;
  /** Aborts when nobody waits for the answer any more: cancelled, past its deadline, disconnected, disposed of. */
  readonly signal: AbortSignal;
  /** Time left until the asker's deadline, from `Infinity` without one down to 0. */
  remainingMs(): number;
}

/** A request at the one who was asked, from its arrival to its answer. */
export class IncomingCall implements Call {
  readonly from: NodeId;
  readonly method: Method;
  readonly body: Uint8Array;
  readonly session: number;
  readonly id: number;
  readonly #clock: Clock;
  readonly #dueMs: number;
  #controller: AbortController | undefined;
  #timer: Timer | undefined;
  /** Why nobody waits any more. */
  #reason: QuorateError | undefined;

  constructor(
    clock: Clock,
    from: NodeId,
    request: {
      readonly method: Method;
      readonly body: Uint8Array;
      readonly remainingMs: number;
      readonly session: number;
      readonly id: number;
    },
  ) {
    this.#clock = clock;
    this.from = from;
    this.method = request.method;
    this.body = request.body;
    this.session = request.session;
    this.id = request.id;
    this.#dueMs = clock.monotonicMs() + request.remainingMs;
  }

  /** Whether nobody waits for the answer. */
  get abandoned(): boolean {
    return this.#reason !== undefined;
  }

  /** Made when it is first asked for: most handlers are done before they could be cancelled. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
      else if (this.#dueMs !== Number.POSITIVE_INFINITY)
        this.#timer = this.#clock.setTimer(this.remainingMs(), () => this.abort(deadlinePassed('unknown')));
    }
    return this.#controller.signal;
  }

  remainingMs(): number {
    return Math.max(0, this.#dueMs - this.#clock.monotonicMs());
  }

  /** Nobody waits any more: the handler is told, and no answer is sent. */
  abort(reason: QuorateError): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.settle();
    this.#controller?.abort(reason);
  }

  /** The handler is done. */
  settle(): void {
    this.#timer?.cancel();
  }
}

/** The asker's deadline has passed. */
export function deadlinePassed(outcome: 'not-applied' | 'unknown'): QuorateError {
  return new QuorateError('DEADLINE_EXCEEDED', 'The deadline of the request has passed', {
    outcome,
    retryable: true,
  });
}
