/**
 * What is used of the `pg` package, in its own words, so that any version of it fits, and so does a pool that wraps it.
 */
export interface PostgresPool {
  connect(): Promise<PostgresConnection>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
  end(): Promise<unknown>;
}

/** A session of the server, taken from the pool. */
export interface PostgresConnection {
  query(query: PostgresQuery): Promise<{ rows: Record<string, unknown>[] }>;
  on(event: 'notification', listener: (message: PostgresNotification) => void): unknown;
  on(event: 'error' | 'end', listener: (error?: Error) => void): unknown;
  off(event: string, listener: (...parameters: never[]) => void): unknown;
  /** @param destroy closes it rather than giving it back */
  release(destroy?: boolean): void;
  /** The client's own socket. */
  readonly connection?: { readonly stream?: { destroy(): void } };
}

export interface PostgresQuery {
  readonly text: string;
  readonly values?: unknown[];
  /** Prepares it under this name, once for each connection. */
  readonly name?: string;
}

export interface PostgresNotification {
  readonly channel: string;
  readonly payload?: string | undefined;
}
