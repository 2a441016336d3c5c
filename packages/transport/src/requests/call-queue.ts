import { QuorateError } from '@quorate/core';
import { type IncomingCall, deadlinePassed } from './incoming-call.ts';
import type { RequestLimits } from './limits.ts';

/** Runs a call and answers it. `release` gives its place back, at the latest when its answer has left. */
export type RunCall = (call: IncomingCall, release: () => void) => void;

interface Queued {
  readonly call: IncomingCall;
  readonly run: RunCall;
  readonly refuse: (error: QuorateError) => void;
}

/** Lets so many handlers run at a time and so many calls wait for one; the rest are refused. */
export class CallQueue {
  readonly #limits: RequestLimits;
  readonly #queue: Set<Queued> = new Set();
  #queuedBytes = 0;
  #running = 0;
  #advancing = false;

  constructor(limits: RequestLimits) {
    this.#limits = limits;
  }

  /** Runs the call now or when it is its turn; refuses it when too many wait. */
  admit(queued: Queued): void {
    const { concurrencyMax, queueMax, queueMaxBytes } = this.#limits;
    if (this.#running < concurrencyMax) {
      this.#start(queued);
      return;
    }
    const { length } = queued.call.body;
    if (this.#queue.size >= queueMax || this.#queuedBytes + length > queueMaxBytes) {
      const waiting = `${this.#queue.size} requests (${this.#queuedBytes} bytes) wait for a handler`;
      queued.refuse(overloaded(`${waiting}: the limit is reached`));
      return;
    }
    this.#queue.add(queued);
    this.#queuedBytes += length;
  }

  /** Takes out the calls that nobody waits for. */
  forget(abandoned: (call: IncomingCall) => boolean): void {
    for (const queued of this.#queue) if (abandoned(queued.call)) this.#remove(queued);
  }

  #start({ call, run, refuse }: Queued): void {
    if (call.remainingMs() === 0) {
      refuse(deadlinePassed('not-applied'));
      return;
    }
    this.#running++;
    let released = false;
    run(call, () => {
      if (released) return;
      released = true;
      this.#running--;
      this.#next();
    });
  }

  /** Not within itself: handlers that are done at once would nest as deep as the queue is long. */
  #next(): void {
    if (this.#advancing) return;
    this.#advancing = true;
    for (const queued of this.#queue) {
      if (this.#running >= this.#limits.concurrencyMax) break;
      this.#remove(queued);
      this.#start(queued);
    }
    this.#advancing = false;
  }

  #remove(queued: Queued): void {
    if (this.#queue.delete(queued)) this.#queuedBytes -= queued.call.body.length;
  }
}

/** Refused before anything was done about it. */
export function overloaded(message: string): QuorateError {
  return new QuorateError('OVERLOADED', message, { outcome: 'not-applied', retryable: true });
}
