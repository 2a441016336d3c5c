import { partitionOf } from '@quorate/core';

/** What keys begin with where nothing else is said. */
export const defaultPrefix = 'quorate:';

/**
 * The names of an engine's keys in Redis. Everything of one partition has one hash tag, so that a cluster keeps it on one node:
 *
 * ```text
 * quorate:{jobs}              hash: entries by key, the partition's revision, the last operation of each session
 * quorate:{jobs}:o            sorted set of keys by creation, where there are more than a few
 * quorate:{jobs}:l            list of the latest changes
 * quorate:{jobs}:w:jobs/a/    channel of the changes under a prefix that is watched
 * quorate:{/sessions}         sorted set of sessions by deadline; no partition's name has a slash
 * quorate:{/sessions}:p:…     set of the partitions in which a session has left something
 * quorate:{/sessions}:e:…     channel on which a session's end is told
 * quorate:{/queues}           the format in which queues are kept
 * ```
 */
export class RedisKeys {
  readonly #prefix: string;
  /** The one that was asked for last is asked for again. */
  #lastPartition: string | undefined;
  #lastName = '';
  /** The sorted set of sessions. */
  readonly sessions: string;
  /** The number of the format in which queues are kept. */
  readonly queueFormat: string;

  /** @throws RangeError where the prefix has braces, which would be taken for a hash tag */
  constructor(prefix: string) {
    if (typeof prefix !== 'string')
      throw new TypeError(`Prefix must be a string: received ${String(prefix)}`);
    if (/[{}]/.test(prefix)) throw new RangeError(`Prefix must have no braces: received "${prefix}"`);
    this.#prefix = prefix;
    this.sessions = `${prefix}{/sessions}`;
    this.queueFormat = `${prefix}{/queues}`;
  }

  /** The keys of a numbered database, whose channels are those of all others: what is told there has its number in its name. */
  inDatabase(database: number): RedisKeys {
    return database === 0 ? this : new RedisKeys(`${this.#prefix}${database}:`);
  }

  /** The hash of the partition that a key or prefix lies in. */
  partition(key: string): string {
    return this.named(partitionOf(key));
  }

  /** The hash of a partition by its name. A closing brace would end the hash tag before its time. */
  named(partition: string): string {
    if (partition === this.#lastPartition) return this.#lastName;
    const tag = /[%}]/.test(partition)
      ? partition.replace(/[%}]/g, found => (found === '%' ? '%25' : '%7D'))
      : partition;
    this.#lastPartition = partition;
    this.#lastName = `${this.#prefix}{${tag}}`;
    return this.#lastName;
  }

  /** The channel of the changes under a prefix. */
  watch(prefix: string): string {
    return `${this.partition(prefix)}:w:${prefix}`;
  }

  /** The channel on which the end of a session is told. */
  ended(session: string): string {
    return `${this.sessions}:e:${session}`;
  }
}
