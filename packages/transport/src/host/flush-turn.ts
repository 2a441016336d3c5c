/** Something that collected what it shall write. */
export interface Flushable {
  flush(): void;
}

/**
 * Decides when what was sent leaves: what is sent while a chunk is being read leaves when the chunk is done, so that the
 * answers to all its messages are one write; everything else at the end of the current callback (`process.nextTick`).
 *
 * Both are before the event loop turns. `setImmediate` collects no more for one peer and lets a lone message wait for all
 * other input; a microtask costs more than a tick in Node, for it carries an async resource of its own.
 */
export class FlushTurn {
  #reading = false;
  #scheduled = false;
  #dirty: Flushable[] = [];

  /** Asks for a flush, once for each time that there is something new to write. */
  request(writer: Flushable): void {
    this.#dirty.push(writer);
    if (this.#reading || this.#scheduled) return;
    this.#scheduled = true;
    process.nextTick(this.#onTick);
  }

  /** A chunk begins. */
  begin(): void {
    this.#reading = true;
  }

  /** The chunk is done. */
  end(): void {
    this.#reading = false;
    if (this.#dirty.length > 0) this.#flush();
  }

  readonly #onTick = (): void => {
    this.#scheduled = false;
    this.#flush();
  };

  #flush(): void {
    const dirty = this.#dirty;
    if (dirty.length === 1) {
      const [writer] = dirty;
      dirty.length = 0;
      writer?.flush();
      return;
    }
    this.#dirty = [];
    for (const writer of dirty) writer.flush();
  }
}
