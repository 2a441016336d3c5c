/** Lets one at a time work on a partition: a store remembers one operation of a session there. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  async run<Result>(partition: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(partition);
    const turn = before === undefined ? work() : before.then(work, work);
    this.#last.set(partition, turn);
    try {
      return await turn;
    } finally {
      if (this.#last.get(partition) === turn) this.#last.delete(partition);
    }
  }
}
