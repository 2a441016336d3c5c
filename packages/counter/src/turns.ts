/** Lets one at a time work on a partition, in order: a store remembers one operation of a session there. */
export class Turns {
  /** Who works, and who waits. */
  readonly #lines = new Map<string, (() => void)[]>();

  /** Takes the turn: at once where it returns nothing, else as soon as the promise settles. */
  take(partition: string): Promise<void> | undefined {
    const line = this.#lines.get(partition);
    if (line === undefined) {
      this.#lines.set(partition, []);
      return undefined;
    }
    return new Promise(resolve => line.push(resolve));
  }

  /** Hands the turn to whoever waits longest. */
  free(partition: string): void {
    const next = this.#lines.get(partition)?.shift();
    if (next === undefined) this.#lines.delete(partition);
    else next();
  }
}
