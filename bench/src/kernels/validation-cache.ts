class Entry {
  readonly key: number;
  readonly value: number;
  newer: Entry | undefined = undefined;
  older: Entry | undefined = undefined;

  constructor(key: number, value: number) {
    this.key = key;
    this.value = value;
  }
}

/** A cache of the entries that were used last: a list from the newest to the oldest, and a Map to find them by. */
export class LastUsed {
  readonly #entries: Map<number, Entry> = new Map();
  readonly #entriesMax: number;
  #newest: Entry | undefined;
  #oldest: Entry | undefined;

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax;
  }

  get(key: number): number | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#unlink(entry);
    this.#push(entry);
    return entry.value;
  }

  /** Adds a key that is not there. */
  set(key: number, value: number): void {
    const entry = new Entry(key, value);
    this.#entries.set(key, entry);
    this.#push(entry);
    const oldest = this.#oldest;
    if (this.#entries.size <= this.#entriesMax || oldest === undefined) return;
    this.#unlink(oldest);
    this.#entries.delete(oldest.key);
  }

  #push(entry: Entry): void {
    entry.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
  }

  #unlink(entry: Entry): void {
    if (entry.newer === undefined) this.#newest = entry.older;
    else entry.newer.older = entry.older;
    if (entry.older === undefined) this.#oldest = entry.newer;
    else entry.older.newer = entry.newer;
    entry.newer = undefined;
    entry.older = undefined;
  }
}
