import type { Revision, Store, StoreEvent } from '@quorate/core';

/** Reads a watch from its beginning on and keeps what it tells. */
export class WatchRecorder implements Disposable {
  readonly events: StoreEvent[] = [];
  /** What the watch ended by; undefined while it goes on. */
  ended: { readonly thrown: unknown } | undefined;
  readonly #controller = new AbortController();
  readonly #waiting = new Set<() => void>();

  constructor(store: Store, prefix: string, from: Revision) {
    void this.#read(store.watch(prefix, from, { signal: this.#controller.signal }));
  }

  /** Its events in short: `put p/a text`, `delete p/a text`, `resync`. */
  get told(): string[] {
    return this.events.map(event => {
      if (event.type === 'resync') return 'resync';
      return `${event.type} ${event.entry.key} ${new TextDecoder().decode(event.entry.value)}`;
    });
  }

  get isResynced(): boolean {
    return this.events.some(({ type }) => type === 'resync');
  }

  /** The changes among its events. */
  get changes(): Exclude<StoreEvent, { readonly type: 'resync' }>[] {
    return this.events.filter(event => event.type !== 'resync');
  }

  /** Settles when the condition holds, which is looked at after each event and at the end. */
  until(condition: () => boolean): Promise<void> {
    return new Promise(resolve => {
      const look = (): void => {
        if (!condition()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  [Symbol.dispose](): void {
    this.#controller.abort();
  }

  async #read(events: AsyncIterable<StoreEvent>): Promise<void> {
    try {
      for await (const event of events) {
        this.events.push(event);
        this.#look();
      }
      this.ended = { thrown: undefined };
    } catch (thrown) {
      this.ended = { thrown };
    }
    this.#look();
  }

  #look(): void {
    for (const look of this.#waiting) look();
  }
}
