import { systemClock, type Timer } from '@quorate/core';
import type { QueueTopic } from '../queue/listener-table.ts';
import type { Wake } from '../store-request.ts';
import type { StoreHost } from './store-host.ts';

/** How often a thread that waits for messages looks for others whose death it is to be told of, ms. */
const observeMs = 250;

export function isQueueTopic(topic: Wake[1]): topic is QueueTopic {
  return topic.startsWith('Q') || topic.startsWith('S');
}

/**
 * What this thread wants to be woken of, of queues and state records. The database names the thread from the first time that somebody
 * waits for a topic until it ends, for who waits for messages does so again and again, and to be named takes a commit.
 */
export class QueueTopics implements Disposable {
  readonly #host: StoreHost;
  readonly #queues = new Map<string, Set<() => void>>();
  readonly #prefixes = new Map<string, Set<(key: string) => void>>();
  readonly #named = new Map<QueueTopic, Promise<void>>();
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(host: StoreHost) {
    this.#host = host;
  }

  watchQueue(queue: string, onReady: () => void): Disposable {
    return this.#watch(this.#queues, queue, onReady, `Q${queue}`, () => this.#tellQueue(queue));
  }

  watchState(prefix: string, onChange: (key: string) => void): Disposable {
    return this.#watch(this.#prefixes, prefix, onChange, `S${prefix}`, () => {});
  }

  tell(topic: QueueTopic): void {
    const name = topic.slice(1);
    if (topic.startsWith('Q')) this.#tellQueue(name);
    else {
      for (const [prefix, listeners] of this.#prefixes) {
        if (isUnderPrefix(prefix, name)) for (const listener of listeners) listener(name);
      }
    }
  }

  /** Has everybody look, in case that they were not told. */
  tellAll(): void {
    for (const listeners of this.#queues.values()) for (const listener of listeners) listener();
  }

  /** Begins to look for threads that may die with messages in their hands. */
  observe(): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    this.#timer = systemClock.setTimer(observeMs, () => {
      this.#timer = undefined;
      try {
        this.#host.observeAll();
      } catch {
        // What cannot be read now is looked at the next time.
      }
      this.observe();
    });
    this.#timer.unref();
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #tellQueue(queue: string): void {
    for (const listener of this.#queues.get(queue) ?? []) listener();
  }

  #watch<Listener>(
    all: Map<string, Set<Listener>>,
    name: string,
    listener: Listener,
    topic: QueueTopic,
    onNamed: () => void,
  ): Disposable {
    let listeners = all.get(name);
    if (listeners === undefined) all.set(name, (listeners = new Set()));
    // The same function may be given twice.
    const own = ((key: string) => (listener as (key: string) => void)(key)) as Listener;
    listeners.add(own);
    this.#name(topic, onNamed);
    return {
      [Symbol.dispose]: () => {
        listeners.delete(own);
        if (listeners.size === 0 && all.get(name) === listeners) all.delete(name);
      },
    };
  }

  /** Has the database name this thread. What came before that is looked for then. */
  #name(topic: QueueTopic, onNamed: () => void): void {
    if (this.#named.has(topic)) return;
    const step = { do: 'listen', topic, host: this.#host.id } as const;
    const named = this.#host.ask<void>({ type: 'queue', step, maxBytes: 0 }).then(onNamed);
    this.#named.set(topic, named);
    named.catch(() => this.#named.delete(topic));
  }
}

/** A prefix of a single segment is a whole partition, and none whose name only goes on. */
function isUnderPrefix(prefix: string, key: string): boolean {
  if (!key.startsWith(prefix)) return false;
  return prefix.includes('/') || key.length === prefix.length || key[prefix.length] === '/';
}
