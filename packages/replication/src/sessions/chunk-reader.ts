/** Reads exact numbers of bytes from chunks that were cut anywhere. */
export class ChunkReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);
  #at = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** The next `byteCount` bytes, which are the caller's; undefined where there are fewer. */
  async take(byteCount: number): Promise<Uint8Array | undefined> {
    // What is announced is believed piece by piece, as it comes.
    let taken = new Uint8Array(Math.min(byteCount, 0x1_0000));
    let count = 0;
    while (count < byteCount) {
      if (this.#at === this.#chunk.length && !(await this.#next())) return undefined;
      const piece = this.#chunk.subarray(this.#at, this.#at + byteCount - count);
      if (count + piece.length > taken.length) {
        const longer = new Uint8Array(Math.min(byteCount, Math.max(taken.length * 2, count + piece.length)));
        longer.set(taken.subarray(0, count));
        taken = longer;
      }
      taken.set(piece, count);
      count += piece.length;
      this.#at += piece.length;
    }
    return taken;
  }

  /** Everything that was not taken. */
  async *rest(): AsyncGenerator<Uint8Array> {
    try {
      if (this.#at < this.#chunk.length) {
        const piece = this.#chunk.subarray(this.#at);
        this.#at = this.#chunk.length;
        yield piece;
      }
      while (await this.#next()) {
        const piece = this.#chunk;
        this.#at = piece.length;
        yield piece;
      }
    } finally {
      await this.close();
    }
  }

  /** Lets the source go before its end. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  async #next(): Promise<boolean> {
    const { done, value } = await this.#chunks.next();
    if (done) return false;
    this.#chunk = value;
    this.#at = 0;
    return true;
  }
}
