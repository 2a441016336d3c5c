/**
 * What is used of ioredis, by structure: nothing but this must fit, so that a client of another version, or with types of another
 * Node, can be handed in.
 */
export interface RedisTemplate {
  readonly isCluster: boolean;
  readonly options?: object;
  duplicate: (...args: never[]) => unknown;
}

/** Which of the databases of its server a client uses; a cluster has but one. */
export function databaseOf({ isCluster, options }: RedisTemplate): number {
  return isCluster ? 0 : ((options as { readonly db?: number } | undefined)?.db ?? 0);
}

/** Whether a client gives commands up after a time of its own. */
export function limitsCommands({ options }: RedisTemplate): boolean {
  return (options as { readonly commandTimeout?: number } | undefined)?.commandTimeout !== undefined;
}

/** An answer of Redis, as ioredis gives it where it is asked for bytes. */
export type Reply = number | Buffer | null | readonly Reply[];

/** A client that is our own. */
export interface RedisClient {
  readonly status: string;
  /** The connection's socket, where there is one connection. */
  readonly stream?: { cork(): void; uncork(): void } | null;
  connect(): Promise<void>;
  disconnect(reconnect?: boolean): void;
  on(event: string, listener: (...args: never[]) => void): unknown;
  once(event: string, listener: (...args: never[]) => void): unknown;
  sendCommand(command: object): unknown;
  evalshaBuffer(
    sha1: string,
    keyCount: number,
    ...args: readonly (string | number | Buffer)[]
  ): Promise<unknown>;
  evalBuffer(lua: string, keyCount: number, ...args: readonly (string | number | Buffer)[]): Promise<unknown>;
  hmgetBuffer(key: string, ...fields: readonly string[]): Promise<readonly (Buffer | null)[]>;
  call(command: string, ...args: readonly string[]): Promise<unknown>;
  subscribe(channel: string): Promise<unknown>;
  unsubscribe(...channels: readonly string[]): Promise<unknown>;
  ping(): Promise<unknown>;
  /** Of a cluster alone. */
  nodes?(role: 'master'): readonly (RedisClient & RedisTemplate)[];
}

/**
 * What every connection of ours is made with, whatever its template has: nothing is queued, nothing that was sent is ever sent
 * again, and names and answers are as they stand.
 */
const unrepeated = {
  keyPrefix: '',
  stringNumbers: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
  enableReadyCheck: true,
  enableAutoPipelining: false,
  lazyConnect: true,
  monitor: false,
  readOnly: false,
} as const;

/** How long a client rests before it connects again. */
function restMs(tries: number): number {
  return Math.min(25 * 2 ** Math.min(tries, 6), 1_000);
}

/** A master that has become a replica is left, so that the next connection finds the one that took over. */
function leavesReplica(error: Error): boolean {
  return error.message.startsWith('READONLY');
}

/**
 * Makes a client like another one, for scripts.
 *
 * A cluster's client would send a command again whose connection was lost, which may double it, unless `retryDelayOnFailover` is 0.
 * What it does send again after MOVED, ASK, TRYAGAIN and CLUSTERDOWN was refused by the server before.
 */
export function duplicateForScripts(template: RedisTemplate, silenceMs: number): RedisClient {
  const options = { ...unrepeated, reconnectOnError: leavesReplica };
  if (!template.isCluster) {
    const duplicate = template.duplicate as (override: object) => RedisClient;
    return duplicate.call(template, { ...options, retryStrategy: restMs });
  }
  const duplicate = template.duplicate as (nodes: readonly never[], override: object) => RedisClient;
  return duplicate.call(template, [], {
    enableOfflineQueue: false,
    enableAutoPipelining: false,
    keyPrefix: '',
    retryDelayOnFailover: 0,
    clusterRetryStrategy: restMs,
    scaleReads: 'master',
    lazyConnect: true,
    // The pool's connections are made as they are needed, and let what is asked meanwhile wait for them.
    redisOptions: {
      ...options,
      enableOfflineQueue: undefined,
      lazyConnect: undefined,
      socketTimeout: silenceMs,
    },
  });
}

/** Makes a connection for subscriptions: to any node of a cluster, since each tells the others. It ends with its connection. */
export function duplicateForSubscriptions(template: RedisTemplate, scripts: RedisClient): RedisClient {
  const nodes = scripts.nodes?.('master') ?? [];
  const source = template.isCluster ? nodes[Math.floor(Math.random() * nodes.length)] : template;
  if (source === undefined) throw new Error('No node of the cluster is known');
  const duplicate = source.duplicate as (override: object) => RedisClient;
  return duplicate.call(source, {
    ...unrepeated,
    autoResubscribe: false,
    socketTimeout: undefined,
    retryStrategy: null,
  });
}
