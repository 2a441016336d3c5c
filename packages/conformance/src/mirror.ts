import { type Clock, type Entry, errorCode, sleep, type Store } from '@quorate/core';
import { shown } from './expect.ts';

/** How long a mirror rests after a list that failed. */
const restMs = 20;

/**
 * A copy of what stands under a prefix, kept by nothing but the contract of `watch`: list, apply what changes, list again at each
 * `resync`. It must come to be what stands there, whatever the link does.
 */
export class Mirror implements Disposable {
  readonly entries: Map<string, Entry> = new Map();
  /** How often it had to list again. */
  resyncCount = 0;
  /** What a watch threw that it must not. */
  failed: unknown;
  readonly #controller = new AbortController();
  readonly #waiting = new Set<() => void>();

  constructor(store: Store, prefix: string, clock: Clock) {
    this.#follow(store, prefix, clock).catch((thrown: unknown) => {
      this.failed = thrown;
      this.#look();
    });
  }

  /** Settles when it is as told. Throws where its watch failed. */
  async until(truth: readonly Entry[]): Promise<void> {
    const expected = contents(truth);
    await new Promise<void>(resolve => {
      const look = (): void => {
        if (this.failed === undefined && contents(this.entries.values()) !== expected) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
    if (this.failed !== undefined) throw this.failed;
  }

  [Symbol.dispose](): void {
    this.#controller.abort();
  }

  async #follow(store: Store, prefix: string, clock: Clock): Promise<void> {
    const { signal } = this.#controller;
    while (!signal.aborted) {
      const listing = await listed(store, prefix, clock);
      this.entries.clear();
      for (const entry of listing.entries) this.entries.set(entry.key, entry);
      this.#look();
      for await (const event of store.watch(prefix, listing.revision, { signal })) {
        if (event.type === 'resync') break;
        if (event.type === 'put') this.entries.set(event.entry.key, event.entry);
        else this.entries.delete(event.entry.key);
        this.#look();
      }
      this.resyncCount++;
    }
  }

  #look(): void {
    for (const look of this.#waiting) look();
  }
}

async function listed(store: Store, prefix: string, clock: Clock): ReturnType<Store['list']> {
  for (;;) {
    try {
      return await store.list(prefix, { deadlineMs: 1000 });
    } catch (thrown) {
      if (!['UNAVAILABLE', 'DEADLINE_EXCEEDED'].includes(errorCode(thrown) ?? '')) throw thrown;
      await sleep(clock, restMs);
    }
  }
}

function contents(entries: Iterable<Entry>): string {
  return shown([...entries].sort((one, other) => (one.key < other.key ? -1 : 1)));
}
