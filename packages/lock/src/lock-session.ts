import { errorCode, type OperationId, type Session, type SessionId } from '@quorate/core';

/** How many names one session acquires before a fresh one takes over: what a store remembers of a session is bounded by it. */
export const namesPerSession = 1000;

/** What a wait ended with, where its session was lost first. */
export const sessionGone: unique symbol = Symbol('session gone');

/**
 * A session with what locks need of it: operation numbers, one operation at a time in each partition, and a loss that is told to
 * any number of listeners at constant cost each.
 */
export class LockSession {
  readonly ttlMs: number;
  /** How many tickets stand on it. */
  users = 0;
  /** No new tickets: it ends with the last one that it has. */
  isRetired = false;
  readonly #session: Session;
  readonly #listeners = new Set<(cause: unknown) => void>();
  readonly #names = new Set<string>();
  /** The last operation under way, by partition. */
  readonly #turns = new Map<string, Promise<unknown>>();
  #sequence = 0;
  #lost: { readonly cause: unknown } | undefined;

  constructor(session: Session, ttlMs: number) {
    this.#session = session;
    this.ttlMs = ttlMs;
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

  /** Whether it has acquired as many names as it should. */
  get isUsedUp(): boolean {
    return this.#names.size >= namesPerSession;
  }

  /** Counts from before the last renewal was sent, on both clocks. */
  remainingMs(): number {
    return this.#lost === undefined ? this.#session.remainingMs() : 0;
  }

  /** Calls back once when it is lost; at once where it is. */
  onLost(listener: (cause: unknown) => void): void {
    if (this.#lost === undefined) this.#listeners.add(listener);
    else listener(this.#lost.cause);
  }

  offLost(listener: (cause: unknown) => void): void {
    this.#listeners.delete(listener);
  }

  /** Gives it up, by itself or because an answer of the store says that it is dead. */
  lose(cause: unknown): void {
    if (this.#lost !== undefined) return;
    this.#lost = { cause };
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener(cause);
  }

  operation(partition: string): OperationId {
    this.#names.add(partition);
    return { session: this.id, sequence: ++this.#sequence };
  }

  /** Runs one operation after the other in each partition: a store remembers only the last one of a session there. */
  inTurn<Result>(partition: string, run: () => Promise<Result>): Promise<Result> {
    const before = this.#turns.get(partition);
    const turn = before === undefined ? run() : before.then(run, run);
    this.#turns.set(partition, turn);
    const leave = (): void => {
      if (this.#turns.get(partition) === turn) this.#turns.delete(partition);
    };
    turn.then(leave, leave);
    return turn;
  }

  /**
   * The answer to a call, or {@link sessionGone} as soon as the session is lost: no call outlasts its session, so none needs a
   * deadline of its own.
   */
  guard<Answer>(call: Promise<Answer>): Promise<Answer | typeof sessionGone> {
    return this.guardThen<Answer, Answer | typeof sessionGone>(call, sessionGone, answer => answer);
  }

  /**
   * The same with what follows from the answer, in one promise; `gone` where the session is lost first. What `resultOf` or `failed`
   * throws rejects, as it does in a `then`.
   */
  guardThen<Answer, Result>(
    call: Promise<Answer>,
    gone: Result,
    resultOf: (answer: Answer) => Result | Promise<Result>,
    failed?: (thrown: unknown) => Result | Promise<Result>,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      const onLost = (): void => resolve(gone);
      const follow = (result: () => Result | Promise<Result>): void => {
        try {
          resolve(result());
        } catch (thrown) {
          reject(thrown as Error);
        }
      };
      this.onLost(onLost);
      call.then(
        answer => {
          this.offLost(onLost);
          if (this.#lost === undefined) follow(() => resultOf(answer));
        },
        (thrown: unknown) => {
          this.offLost(onLost);
          if (errorCode(thrown) === 'SESSION_LOST') {
            this.lose(thrown);
            resolve(gone);
          } else if (failed === undefined) reject(thrown as Error);
          else if (this.#lost === undefined) follow(() => failed(thrown));
        },
      );
    });
  }

  async end(): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }
}
