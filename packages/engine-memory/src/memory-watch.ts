import { ownedEntry, type Revision, type StoreEvent } from '@quorate/core';
import type { MemoryCell, Watching } from './memory-cell.ts';

/**
 * A watcher, which keeps nothing but its place: it takes changes from the partition's latest when its consumer asks, so that
 * one that is slow costs no memory, and lists again once what it missed is forgotten.
 */
export class MemoryWatch implements Watching {
  readonly prefix: string;
  readonly #cell: MemoryCell;
  /** Everything up to here was given, or concerned others. */
  #after: number;
  /** The first change since that concerns this watcher. */
  #pending: number | undefined;
  #wake: (() => void) | undefined;

  constructor(cell: MemoryCell, prefix: string, from: Revision) {
    this.#cell = cell;
    this.prefix = prefix;
    this.#after = from;
    // Whether there are changes after `from` is not known yet.
    this.#pending = from + 1;
  }

  /** Told by whoever changes a key that it watches. */
  tell(revision: number): void {
    this.#pending ??= revision;
    this.#wake?.();
  }

  /** What changed since it was last asked. Waits until there is something, or the signal aborts. */
  async *events(signal: AbortSignal): AsyncGenerator<StoreEvent> {
    const wake = (): void => this.#wake?.();
    signal.addEventListener('abort', wake);
    try {
      while (!signal.aborted) {
        if (this.#pending === undefined) await this.#change(signal);
        else yield* this.#take(this.#pending, signal);
      }
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }

  *#take(pending: number, signal: AbortSignal): Generator<StoreEvent> {
    const { partition } = this.#cell;
    // What lies before the first that concerns this watcher may be forgotten without harm.
    const changes = partition.changesAfter(this.prefix, Math.max(this.#after, pending - 1));
    this.#pending = undefined;
    if (changes === undefined) {
      this.#after = partition.revision;
      yield { type: 'resync' };
      return;
    }
    for (const { type, entry, revision } of changes) {
      if (signal.aborted) return;
      this.#after = revision;
      yield { type, entry: ownedEntry(entry), revision };
    }
  }

  async #change(signal: AbortSignal): Promise<void> {
    await new Promise<void>(resolve => {
      this.#wake = resolve;
      if (this.#pending !== undefined || signal.aborted) resolve();
    });
    this.#wake = undefined;
  }
}
