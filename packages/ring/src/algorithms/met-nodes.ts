/** A set of node indexes that is emptied in one step, so that a preference list allocates nothing. */
export class MetNodes {
  #marks = new Uint32Array(0);
  #round = 0;

  /** Forgets all; indexes below `nodeCount` may follow. */
  clear(nodeCount: number): void {
    if (this.#marks.length < nodeCount) this.#marks = new Uint32Array(nodeCount);
    if (this.#round === 0xffffffff) {
      this.#marks.fill(0);
      this.#round = 0;
    }
    this.#round++;
  }

  /** Remembers a node; false if it was there already. */
  add(index: number): boolean {
    if (this.#marks[index] === this.#round) return false;
    this.#marks[index] = this.#round;
    return true;
  }

  has(index: number): boolean {
    return this.#marks[index] === this.#round;
  }
}

/** The nodes met by the list that this thread is making. Nobody's code runs while one is made. */
export const met: MetNodes = new MetNodes();
