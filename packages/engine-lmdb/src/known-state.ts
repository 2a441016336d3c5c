import type { Entry } from '@quorate/core';
import { type PartitionHead, sameHead } from './partition-head.ts';
import type { SessionRecord } from './session-table.ts';
import type { StoreRoot } from './store-root.ts';

/** How many partitions, and sessions, are known at a time. */
const knownMax = 512;

/** How many entries, operations and counts of one partition are known at a time. */
const perPartitionMax = 64;

/** Larger values are read anew. */
const valueMaxBytes = 256;

/**
 * What a writer knows of a partition, which stands as long as the partition's head is the one that it knows: every change of a
 * partition, by whichever process, gives it a head that it never had.
 */
export class KnownPartition {
  /** Replaced with each change. */
  head: PartitionHead;
  readonly #entries = new Map<string, Entry>();
  readonly #sequences = new Map<string, number>();
  readonly #counts = new Map<string, number>();

  constructor(head: PartitionHead) {
    this.head = head;
  }

  /** An entry, with a value that is the caller's; undefined where it is not known. */
  entry(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    return entry === undefined ? undefined : withOwnValue(entry);
  }

  put(entry: Entry, before: Entry | undefined): void {
    if (entry.value.length > valueMaxBytes) this.#entries.delete(entry.key);
    else setBounded(this.#entries, entry.key, withOwnValue(entry));
    if (before === undefined) this.#count(entry.key, 1);
  }

  delete(key: string): void {
    this.#entries.delete(key);
    this.#count(key, -1);
  }

  /** The number of a session's last operation, 0 where there was none; undefined where it is not known. */
  sequence(session: string): number | undefined {
    return this.#sequences.get(session);
  }

  setSequence(session: string, sequence: number): void {
    setBounded(this.#sequences, session, sequence);
  }

  /** How many entries there are under a prefix; undefined where it is not known. */
  count(prefix: string): number | undefined {
    return this.#counts.get(prefix);
  }

  /** Only prefixes that end in a slash are kept count of. */
  setCount(prefix: string, count: number): void {
    if (prefix.endsWith('/')) setBounded(this.#counts, prefix, count);
  }

  #count(key: string, step: 1 | -1): void {
    if (this.#counts.size === 0) return;
    for (let end = key.indexOf('/'); end !== -1; end = key.indexOf('/', end + 1)) {
      const prefix = key.slice(0, end + 1);
      const count = this.#counts.get(prefix);
      if (count !== undefined) this.#counts.set(prefix, count + step);
    }
  }
}

/**
 * What a writer remembers from one transaction to the next, so that it need not look up again what nobody has changed. Nothing is
 * taken on trust: the root says in each transaction whether sessions have changed, and a partition's head whether the partition has.
 */
export class KnownState {
  readonly #sessions = new Map<string, SessionRecord | undefined>();
  readonly #partitions = new Map<string, KnownPartition>();
  #sessionWrites = -1;

  /** Begins a transaction. Forgets the sessions where any was written since. */
  begin(root: StoreRoot): void {
    if (root.sessionWrites === this.#sessionWrites) return;
    this.#sessions.clear();
    this.#sessionWrites = root.sessionWrites;
  }

  /** A session, or that there is none; looked up where it is not known. */
  session(session: string, find: () => SessionRecord | undefined): SessionRecord | undefined {
    const known = this.#sessions.get(session);
    if (known !== undefined || this.#sessions.has(session)) return known;
    const found = find();
    setBounded(this.#sessions, session, found, knownMax);
    return found;
  }

  /** What is known of a partition whose head was just read. */
  partition(partition: string, head: PartitionHead): KnownPartition {
    const known = this.#partitions.get(partition);
    if (known !== undefined && sameHead(known.head, head)) return known;
    const fresh = new KnownPartition(head);
    setBounded(this.#partitions, partition, fresh, knownMax);
    return fresh;
  }

  /** Forgets everything: a transaction was not committed, or nobody knows. */
  forget(): void {
    this.#sessions.clear();
    this.#partitions.clear();
    this.#sessionWrites = -1;
  }
}

function withOwnValue(entry: Entry): Entry {
  return { ...entry, value: new Uint8Array(entry.value) };
}

/** What is full begins anew, which is simple, and seldom. */
function setBounded<Value>(
  map: Map<string, Value>,
  key: string,
  value: Value,
  countMax = perPartitionMax,
): void {
  if (map.size >= countMax && !map.has(key)) map.clear();
  map.set(key, value);
}
