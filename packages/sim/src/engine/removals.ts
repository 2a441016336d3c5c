/** What a replay takes away: single things by `label#k`, and everything under the labels that begin in some way. */
export class Removals {
  readonly #single: Map<string, Set<number>> = new Map();
  readonly #prefixes: string[] = [];

  /** @throws RangeError when a name is empty, or ends in `#` and no number */
  constructor(names: readonly string[]) {
    for (const name of names) {
      const at = name.lastIndexOf('#');
      if (name === '' || at === 0 || (at > 0 && !/^\d{1,15}$/.test(name.slice(at + 1)))) {
        throw new RangeError(
          `Name of what is taken away must look like "label" or "label#0": received "${name}"`,
        );
      }
      if (at < 0) {
        this.#prefixes.push(name);
        continue;
      }
      const label = name.slice(0, at);
      const indices = this.#single.get(label) ?? new Set();
      this.#single.set(label, indices.add(Number(name.slice(at + 1))));
    }
  }

  /** Whether anything under the label may be taken away, for whoever can save asking about each. */
  concerns(label: string): boolean {
    return this.#single.has(label) || this.#prefixes.some(prefix => label.startsWith(prefix));
  }

  has(label: string, index: number): boolean {
    return (
      this.#single.get(label)?.has(index) === true || this.#prefixes.some(prefix => label.startsWith(prefix))
    );
  }
}
