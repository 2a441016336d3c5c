import type { SortedBytes } from '../sorted-bytes.ts';
import { noBytes } from '../sorted-bytes.ts';
import { nameKey, nameOfKey, queueTables } from './queue-keys.ts';
import type { QueueRoot } from './queue-root.ts';

/** A queue, or a prefix of state records, that somebody waits for news of. */
export type QueueTopic = `Q${string}` | `S${string}`;

/** Who is to be woken of what: the threads that have ever waited for it, until they end. */
export class ListenerTable {
  readonly #bytes: SortedBytes;

  constructor(bytes: SortedBytes) {
    this.#bytes = bytes;
  }

  add(root: QueueRoot, topic: QueueTopic, host: string): void {
    const key = nameKey(queueTables.listener, `${topic}\0${host}`);
    if (this.#bytes.get(key) !== undefined) return;
    this.#bytes.put(key, noBytes);
    root.listenerWrites++;
  }

  /** Takes a thread out of all topics. */
  removeAll(root: QueueRoot, host: string): void {
    for (const [topic, hosts] of this.all()) {
      if (!hosts.includes(host)) continue;
      this.#bytes.remove(nameKey(queueTables.listener, `${topic}\0${host}`));
      root.listenerWrites++;
    }
  }

  all(): Map<string, string[]> {
    const start = Buffer.of(queueTables.listener);
    const listeners = new Map<string, string[]>();
    for (const key of this.#bytes.keys({ start, end: Buffer.of(queueTables.listener + 1) })) {
      const [topic, host] = nameOfKey(key).split('\0') as [string, string];
      const hosts = listeners.get(topic);
      if (hosts === undefined) listeners.set(topic, [host]);
      else hosts.push(host);
    }
    return listeners;
  }
}

/** What a writer remembers of the listeners from one transaction to the next, as long as nobody wrote any. */
export class KnownListeners {
  #listeners = new Map<string, string[]>();
  #writes = -1;

  of(bytes: SortedBytes, root: QueueRoot): ReadonlyMap<string, readonly string[]> {
    if (root.listenerWrites !== this.#writes) {
      this.#listeners = new ListenerTable(bytes).all();
      this.#writes = root.listenerWrites;
    }
    return this.#listeners;
  }

  forget(): void {
    this.#writes = -1;
  }
}
