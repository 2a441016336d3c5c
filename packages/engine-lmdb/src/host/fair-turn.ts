/** How many reads may follow each other before others get their turn. */
const readsMax = 32;

/**
 * Keeps whoever reads in a loop from having the thread for itself: reads are done at once, and their promises alone would never let
 * timers, sockets and the writer's answers come in between.
 */
export class FairTurn {
  #reads = 0;
  #next: Promise<void> | undefined;

  /** What a read waits for first; mostly nothing. */
  turn(): Promise<void> | undefined {
    this.#next ??= new Promise(resolve =>
      setImmediate(() => {
        this.#reads = 0;
        this.#next = undefined;
        resolve();
      }),
    );
    return ++this.#reads > readsMax ? this.#next : undefined;
  }
}
