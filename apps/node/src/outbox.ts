import type { Entry } from './operation.ts';

/** A page of entries on their way to their new owner. */
export interface Page {
  readonly entries: readonly (readonly [key: string, entry: Entry])[];
  /** Where the next page starts. */
  readonly next: number;
  /** Whether nothing is left after this page, for now. */
  readonly complete: boolean;
}

/**
 * What an old owner keeps for one new owner during a change: frozen entries, in a list that only grows at its end.
 *
 * A page can be asked for again when its answer was lost. Which entries have been handed out is remembered, because from
 * then on the new owner may have changed them: if it dies, those are lost with it, and serving our copy would be serving
 * the past. What was never handed out can go to somebody else.
 */
export class Outbox {
  readonly #keys: string[] = [];
  readonly #entries = new Map<string, Entry>();
  readonly #handed = new Set<string>();

  get remaining(): number {
    return this.#entries.size - this.#handed.size;
  }

  get handed(): number {
    return this.#handed.size;
  }

  add(key: string, entry: Entry): void {
    this.#keys.push(key);
    this.#entries.set(key, entry);
  }

  /** The entries from position `cursor` on, up to the given number and bytes, but at least one. */
  page(cursor: number, keysMax: number, bytesMax: number): Page {
    const entries: [string, Entry][] = [];
    let byteCount = 0;
    let next = cursor;
    while (next < this.#keys.length && entries.length < keysMax) {
      const key = this.#keys[next] as string;
      const entry = this.#entries.get(key) as Entry;
      byteCount += key.length + entry.value.length;
      if (byteCount > bytesMax && entries.length > 0) break;
      entries.push([key, entry]);
      this.#handed.add(key);
      next++;
    }
    return { entries, next, complete: next >= this.#keys.length };
  }

  /** The entries of these keys; a key that is not here has no value anywhere. */
  pick(keys: readonly string[]): Page['entries'] {
    const entries: [string, Entry][] = [];
    for (const key of keys) {
      const entry = this.#entries.get(key);
      if (entry === undefined) continue;
      entries.push([key, entry]);
      this.#handed.add(key);
    }
    return entries;
  }

  /** What the new owner never got. */
  *unhanded(): Iterable<[string, Entry]> {
    for (const [key, entry] of this.#entries) if (!this.#handed.has(key)) yield [key, entry];
  }

  *values(): Iterable<[string, Entry]> {
    yield* this.#entries;
  }
}
