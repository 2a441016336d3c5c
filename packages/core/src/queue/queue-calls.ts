import { boundedWait } from '../bounded-wait.ts';
import type { Clock } from '../clock.ts';
import type { WaitOptions } from '../link-signal.ts';
import { QuorateError } from '../quorate-error.ts';
import type { Unknown } from '../store/store.ts';

/** What all calls to one queue store have in common: deadlines, lost answers and the end. */
export class QueueCalls {
  readonly #clock: Clock;
  readonly #watches = new Set<Disposable>();
  #closed: Promise<void> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A call that leaves nothing behind that anybody must know of: what is lost of it may be asked for again. */
  async ask<Result>(
    options: WaitOptions,
    call: (signal: AbortSignal | undefined) => Promise<Result>,
  ): Promise<Result> {
    this.checkOpen();
    try {
      return await boundedWait(this.#clock, options, 'not-applied', call);
    } catch (thrown) {
      if (!isUnknown(thrown)) throw thrown;
      throw new QuorateError('UNAVAILABLE', thrown.message, {
        retryable: true,
        outcome: 'not-applied',
        cause: thrown,
      });
    }
  }

  /** A call that changes something: what is lost of it may have taken effect, or still will. */
  async change<Result>(
    options: WaitOptions,
    call: (signal: AbortSignal | undefined) => Promise<Result>,
  ): Promise<Result | Unknown> {
    this.checkOpen();
    try {
      return await boundedWait(this.#clock, options, 'unknown', call);
    } catch (thrown) {
      if (!isUnknown(thrown)) throw thrown;
      return { outcome: 'unknown', cause: thrown };
    }
  }

  /** The same for a call that has an answer for each of its items. */
  async changeEach<Result>(
    options: WaitOptions,
    items: readonly unknown[],
    call: (signal: AbortSignal | undefined) => Promise<readonly Result[]>,
  ): Promise<readonly (Result | Unknown)[]> {
    this.checkOpen();
    if (items.length === 0) return [];
    const results = await this.change(options, call);
    if (!('outcome' in results)) return results;
    const { cause } = results;
    return items.map(() => ({ outcome: 'unknown', cause }));
  }

  /** Ends a watch when it is disposed of, or with the store. */
  watch(start: () => Disposable): Disposable {
    this.checkOpen();
    const watch = start();
    this.#watches.add(watch);
    return {
      [Symbol.dispose]: () => {
        if (this.#watches.delete(watch)) watch[Symbol.dispose]();
      },
    };
  }

  close(end: () => Promise<void>): Promise<void> {
    this.#closed ??= this.#close(end);
    return this.#closed;
  }

  /** @throws QuorateError `CLOSED` */
  checkOpen(): void {
    if (this.#closed !== undefined) throw queueClosed();
  }

  async #close(end: () => Promise<void>): Promise<void> {
    for (const watch of this.#watches) watch[Symbol.dispose]();
    this.#watches.clear();
    await end();
  }
}

export function queueClosed(): QuorateError {
  return new QuorateError('CLOSED', 'The queue store was closed', { outcome: 'not-applied' });
}

export function unsupported(what: string): QuorateError {
  return new QuorateError('UNSUPPORTED', `${what} is not supported by this engine`, {
    outcome: 'not-applied',
  });
}

function isUnknown(thrown: unknown): thrown is QuorateError {
  return thrown instanceof QuorateError && thrown.outcome === 'unknown';
}
