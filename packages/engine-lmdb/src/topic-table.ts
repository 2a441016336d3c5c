import type { SortedBytes } from './sorted-bytes.ts';
import type { StoreRoot } from './store-root.ts';
import { behind, lengthsKey, tables, textKey, textOfKey } from './table-keys.ts';

/** A prefix whose changes, or a session whose end, somebody wants to be woken of. */
export type Topic = `W${string}` | `X${string}`;

/** How many changes a topic names; of more, watchers look through the ring. */
const numbersMax = 16;

/** What is known of a topic. */
export interface TopicRecord {
  /** The numbers of the latest changes that concerned it, in order. */
  numbers: number[];
  /** Changes up to this number are not among them any more. */
  dropped: number;
  /** Who is to be woken: host ids. */
  hosts: string[];
}

/** Topics, which tell a writer exactly whom to wake, and a watcher exactly what it missed, whatever else happens in the store. */
export class TopicTable {
  readonly #bytes: SortedBytes;

  constructor(bytes: SortedBytes) {
    this.#bytes = bytes;
  }

  get(topic: Topic): TopicRecord | undefined {
    return this.#get(keyOf(topic));
  }

  /** Has a host woken from now on. Changes up to `changeCount` are the host's to find in the ring. */
  register(root: StoreRoot, topic: Topic, host: string): void {
    const key = keyOf(topic);
    const record = this.#get(key);
    if (record?.hosts.includes(host)) return;
    if (record === undefined) {
      this.#put(key, { numbers: [], dropped: root.changeCount, hosts: [host] });
      this.#count(root, topic, 1);
      return;
    }
    record.hosts.push(host);
    this.#put(key, record);
  }

  unregister(root: StoreRoot, topic: Topic, host: string): void {
    const key = keyOf(topic);
    const record = this.#get(key);
    if (!record?.hosts.includes(host)) return;
    record.hosts = record.hosts.filter(other => other !== host);
    if (record.hosts.length > 0) {
      this.#put(key, record);
      return;
    }
    this.#bytes.remove(key);
    this.#count(root, topic, -1);
  }

  /** Takes a host out of all topics. Looks at every topic: for hosts that died without a word. */
  unregisterAll(root: StoreRoot, host: string): void {
    for (const table of [tables.watch, tables.observed]) {
      const all = { start: Uint8Array.of(table), end: Uint8Array.of(table + 1) };
      for (const key of this.#bytes.keys(all)) {
        this.unregister(root, `${table === tables.watch ? 'W' : 'X'}${textOfKey(key)}`, host);
      }
    }
  }

  /** Notes a change in the topics of its key's beginnings. Calls back for each topic and host to be woken. */
  changed(root: StoreRoot, key: string, number: number, wake: (host: string, topic: Topic) => void): void {
    if (root.watchCount === 0) return;
    for (const length of Object.keys(this.#lengths(key))) {
      if (Number(length) > key.length) continue;
      const topic: Topic = `W${key.slice(0, Number(length))}`;
      const topicKey = keyOf(topic);
      const record = this.#get(topicKey);
      if (record === undefined) continue;
      record.numbers.push(number);
      if (record.numbers.length > numbersMax) record.dropped = record.numbers.shift() as number;
      this.#put(topicKey, record);
      for (const host of record.hosts) wake(host, topic);
    }
  }

  /** Has those woken who observe a session. */
  ended(session: string, wake: (host: string, topic: Topic) => void): void {
    const topic: Topic = `X${session}`;
    for (const host of this.get(topic)?.hosts ?? []) wake(host, topic);
  }

  /** Prefixes that somebody watches. */
  watched(): string[] {
    const start = Uint8Array.of(tables.watch);
    return this.#bytes.keys({ start, end: behind(start) }).map(textOfKey);
  }

  #count(root: StoreRoot, topic: Topic, step: 1 | -1): void {
    if (topic.startsWith('X')) return;
    const prefix = topic.slice(1);
    const lengths = this.#lengths(prefix);
    const count = (lengths[prefix.length] ?? 0) + step;
    if (count === 0) delete lengths[prefix.length];
    else lengths[prefix.length] = count;
    root.watchCount += step;
    const key = lengthsKey(prefix);
    if (Object.keys(lengths).length === 0) this.#bytes.remove(key);
    else this.#bytes.put(key, Buffer.from(JSON.stringify(lengths)));
  }

  /** How many prefixes of each length are watched in a key's partition. */
  #lengths(key: string): Record<number, number> {
    const record = this.#bytes.get(lengthsKey(key));
    return record === undefined ? {} : JSON.parse(String(record));
  }

  #get(key: Uint8Array): TopicRecord | undefined {
    const record = this.#bytes.get(key);
    return record === undefined ? undefined : (JSON.parse(String(record)) as TopicRecord);
  }

  #put(key: Uint8Array, record: TopicRecord): void {
    this.#bytes.put(key, Buffer.from(JSON.stringify(record)));
  }
}

function keyOf(topic: Topic): Uint8Array {
  return textKey(topic.startsWith('W') ? tables.watch : tables.observed, topic.slice(1));
}
