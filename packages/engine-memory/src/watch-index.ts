/**
 * Watchers by what they watch. Whoever changes a key finds those whose prefix it begins with by looking up its beginnings, of
 * as many lengths as there are among the prefixes: a thousand waiters that watch a key each cost the changes of other keys nothing.
 */
export class WatchIndex<Watcher extends { readonly prefix: string }> {
  readonly #byPrefix = new Map<string, Set<Watcher>>();
  /** How many different prefixes there are of each length. */
  readonly #lengths = new Map<number, number>();

  get isEmpty(): boolean {
    return this.#byPrefix.size === 0;
  }

  add(watcher: Watcher): void {
    const { prefix } = watcher;
    const watchers = this.#byPrefix.get(prefix);
    if (watchers !== undefined) {
      watchers.add(watcher);
      return;
    }
    this.#byPrefix.set(prefix, new Set([watcher]));
    this.#lengths.set(prefix.length, (this.#lengths.get(prefix.length) ?? 0) + 1);
  }

  delete(watcher: Watcher): void {
    const { prefix } = watcher;
    const watchers = this.#byPrefix.get(prefix);
    if (watchers === undefined || !watchers.delete(watcher) || watchers.size > 0) return;
    this.#byPrefix.delete(prefix);
    const count = (this.#lengths.get(prefix.length) as number) - 1;
    if (count === 0) this.#lengths.delete(prefix.length);
    else this.#lengths.set(prefix.length, count);
  }

  /** Calls back for each watcher that a change of this key concerns. */
  forEach(key: string, tell: (watcher: Watcher) => void): void {
    for (const length of this.#lengths.keys()) {
      if (length > key.length) continue;
      this.#byPrefix.get(key.slice(0, length))?.forEach(tell);
    }
  }
}
