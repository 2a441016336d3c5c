import { type OperationId, type Session, type SessionId } from '@quorate/core';

/** What a wait ended with instead of an answer: the session was lost, or the answer is overdue. */
export const sessionGone: unique symbol = Symbol('session gone');
export const overdue: unique symbol = Symbol('overdue');

/** Somebody who waits for an answer. */
interface Watched {
  /** How often the watchdog has come by. */
  looks: number;
  readonly end: (how: typeof sessionGone | typeof overdue) => void;
}

/**
 * A session with what counters need of it: operation numbers, and waits that end with it.
 *
 * Calls get no signal and no deadline, which would cost each a controller and a timer: one watchdog goes round for all.
 */
export class CounterSession {
  /** How many operations stand on it. */
  users = 0;
  /** Takes no new ones: it ends with the last that it has. */
  isRetired = false;
  /** Its owner closes: an answer that is overdue is asked for no more. */
  isClosing = false;
  readonly #session: Session;
  readonly #waits = new Set<Watched>();
  readonly #listeners: ((cause: unknown) => void)[] = [];
  readonly #partitions = new Set<string>();
  #sequence = 0;
  #lost: { readonly cause: unknown } | undefined;

  constructor(session: Session) {
    this.#session = session;
    session.lost.addEventListener('abort', () => this.lose(session.lost.reason), { once: true });
  }

  get id(): SessionId {
    return this.#session.id;
  }

  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /** Why it was lost. */
  get cause(): unknown {
    return this.#lost?.cause;
  }

  /** Asks the clocks, so that a process that was stopped finds out before its timers do. */
  get isLive(): boolean {
    return this.#lost === undefined && this.#session.remainingMs() > 0;
  }

  /** How many partitions remember it. */
  get partitionCount(): number {
    return this.#partitions.size;
  }

  /** Whether anybody waits for an answer. */
  get isAwaited(): boolean {
    return this.#waits.size > 0;
  }

  operation(partition: string): OperationId {
    this.#partitions.add(partition);
    return { session: this.id, sequence: ++this.#sequence };
  }

  /** Calls back once when it is lost. */
  onLost(listener: (cause: unknown) => void): void {
    this.#listeners.push(listener);
  }

  /** Gives it up, by itself or because an answer of the store says that it is dead. */
  lose(cause: unknown): void {
    if (this.#lost !== undefined) return;
    this.#lost = { cause };
    for (const listener of this.#listeners) listener(cause);
    this.#endWaits(sessionGone);
  }

  /** The answer to a call; or the news that the session is lost, or that it is time to ask again. */
  guard<Result>(call: Promise<Result>): Promise<Result | typeof sessionGone | typeof overdue> {
    return new Promise((resolve, reject) => {
      const wait: Watched = { looks: 0, end: resolve };
      if (this.#lost === undefined) this.#waits.add(wait);
      else resolve(sessionGone);
      call.then(
        result => {
          this.#waits.delete(wait);
          resolve(result);
        },
        (thrown: unknown) => {
          this.#waits.delete(wait);
          reject(thrown as Error);
        },
      );
    });
  }

  /** The watchdog comes by: a wait that it meets for the third time is overdue. */
  look(): void {
    for (const wait of this.#waits) {
      if (++wait.looks < 3) continue;
      this.#waits.delete(wait);
      wait.end(overdue);
    }
  }

  async end(): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }

  #endWaits(how: typeof sessionGone): void {
    const waits = [...this.#waits];
    this.#waits.clear();
    for (const { end } of waits) end(how);
  }
}
