import type { PostgresConnection, PostgresPool, PostgresQuery } from '../postgres-client.ts';
import type { Row } from '../rows.ts';
import { type FailedCall, serverError, unavailable } from '../server-error.ts';

/** Runs statements on connections of a pool, one statement each, and says truthfully what became of those that fail. */
export class Connections {
  readonly #pool: PostgresPool;
  readonly #prepares: boolean;
  /** Those on which an answer is awaited. */
  readonly #busy = new Set<PostgresConnection>();
  readonly #heard = new WeakSet<PostgresConnection>();

  /** @param prepares whether statements are prepared on the server: not behind a pooler that shares out transactions */
  constructor(pool: PostgresPool, prepares: boolean) {
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
    const connection = await this.connect();
    this.#busy.add(connection);
    if (signal?.aborted) {
      this.#busy.delete(connection);
      connection.release();
      throw unavailable('The call was given up before it was sent', false);
    }
    const query: PostgresQuery = this.#prepares ? { name, text, values } : { text, values };
    let isBroken = true;
    try {
      const { rows } = await connection.query(query);
      isBroken = false;
      return rows;
    } catch (thrown) {
      const { code } = thrown as { code?: string };
      isBroken = !/^[0-9A-Z]{5}$/.test(code ?? '') || code?.startsWith('57') === true;
      throw serverError(thrown, call);
    } finally {
      this.#busy.delete(connection);
      connection.release(isBroken);
    }
  }

  /** Breaks the connections on which an answer is awaited still: nobody may be there to give it. */
  breakBusy(): void {
    for (const { connection } of this.#busy) connection?.stream?.destroy();
  }

  /** A connection of one's own. @throws QuorateError `UNAVAILABLE` `not-applied` */
  async connect(): Promise<PostgresConnection> {
    try {
      const connection = await this.#pool.connect();
      if (!this.#heard.has(connection)) {
        this.#heard.add(connection);
        // One that breaks while it is out of the pool tells nobody else; the call on it fails by itself.
        connection.on('error', () => {});
      }
      return connection;
    } catch (thrown) {
      throw unavailable(`No connection to PostgreSQL: ${(thrown as Error).message}`, false, thrown);
    }
  }
}
