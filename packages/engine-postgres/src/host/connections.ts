import type { Clock, Timer } from '@quorate/core';
import type { PostgresConnection, PostgresPool, PostgresQuery } from '../postgres-client.ts';
import type { Row } from '../rows.ts';
import { type FailedCall, isOfNoUse, serverError, unavailable } from '../server-error.ts';

/** How long the answer to a call may still come that nobody waits for any more: a new connection costs more than a slow answer. */
const graceMs = 2000;

/** Runs statements on connections of a pool, one statement each, and says truthfully what became of those that fail. */
export class Connections {
  readonly #pool: PostgresPool;
  readonly #prepares: boolean;
  readonly #clock: Clock;
  /** Those on which an answer is awaited. */
  readonly #busy = new Set<PostgresConnection>();
  /** End the waits for a connection that are under way. */
  readonly #waiting = new Set<() => void>();
  #isClosed = false;
  readonly #heard = new WeakSet<PostgresConnection>();

  /** @param prepares whether statements are prepared on the server: not behind a pooler that shares out transactions */
  constructor(pool: PostgresPool, prepares: boolean, clock: Clock) {
    this.#clock = clock;
    this.#pool = pool;
    this.#prepares = prepares;
  }

  /**
   * Runs one statement, never twice. Where the signal aborts while it waits for a connection it is not sent.
   *
   * @param name names the statement, the same for the same text
   * @throws QuorateError, RangeError as {@link serverError} has it
   */
  async run(
    name: string,
    text: string,
    values: unknown[],
    call: FailedCall,
    signal?: AbortSignal,
  ): Promise<readonly Row[]> {
    const connection = await this.connect(signal);
    this.#busy.add(connection);
    if (signal?.aborted) {
      this.#busy.delete(connection);
      connection.release();
      throw unavailable('The call was given up before it was sent', false);
    }
    const query: PostgresQuery = this.#prepares ? { name, text, values } : { text, values };
    const letGo = this.#letGoOf(connection, signal);
    let isBroken = false;
    try {
      const { rows } = await connection.query(query);
      return rows;
    } catch (thrown) {
      isBroken = isOfNoUse(thrown);
      throw serverError(thrown, call);
    } finally {
      letGo();
      this.#busy.delete(connection);
      connection.release(isBroken);
    }
  }

  /**
   * Breaks a connection some time after its call was given up, if there is no answer still: a server that has gone without a word
   * would hold it for a quarter of an hour, and all of the pool soon. Gives what calls that off.
   */
  #letGoOf(connection: PostgresConnection, signal: AbortSignal | undefined): () => void {
    if (signal === undefined) return () => {};
    let timer: Timer | undefined;
    const giveUp = (): void => {
      timer = this.#clock.setTimer(graceMs, () => connection.connection?.stream?.destroy());
      timer.unref();
    };
    signal.addEventListener('abort', giveUp, { once: true });
    return () => {
      signal.removeEventListener('abort', giveUp);
      timer?.cancel();
    };
  }

  /** Ends all waits, and breaks the connections on which an answer is awaited still: nobody may be there to give it. */
  close(): void {
    this.#isClosed = true;
    for (const leave of this.#waiting) leave();
    for (const { connection } of this.#busy) connection?.stream?.destroy();
  }

  /**
   * A connection of one's own. Whoever gives up, or is there when the store closes, waits no longer: a pool that ends forgets those who
   * wait for a connection of it.
   *
   * @throws QuorateError `UNAVAILABLE` `not-applied`
   */
  connect(signal?: AbortSignal): Promise<PostgresConnection> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        settle();
        reject(unavailable('The call was given up before it was sent', false));
      };
      const settle = (): void => {
        this.#waiting.delete(leave);
        signal?.removeEventListener('abort', leave);
      };
      if (this.#isClosed || signal?.aborted === true) return leave();
      this.#waiting.add(leave);
      signal?.addEventListener('abort', leave, { once: true });
      this.#pool.connect().then(
        connection => {
          this.#hear(connection);
          if (!this.#waiting.has(leave)) return connection.release();
          settle();
          resolve(connection);
        },
        thrown => {
          settle();
          reject(unavailable(`No connection to PostgreSQL: ${(thrown as Error).message}`, false, thrown));
        },
      );
    });
  }

  /** One that breaks while it is out of the pool tells nobody else; the call on it fails by itself. */
  #hear(connection: PostgresConnection): void {
    if (this.#heard.has(connection)) return;
    this.#heard.add(connection);
    connection.on('error', () => {});
  }
}
