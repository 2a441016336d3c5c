/** Byte strings on their way into one piece. */
export class PackedPieces {
  readonly #pieces: Uint8Array[] = [];
  #length = 0;

  /** @returns the length by which {@link PieceReader.take} finds it again */
  add(piece: Uint8Array): number {
    this.#pieces.push(piece);
    this.#length += piece.length;
    return piece.length;
  }

  /** All of them, in a buffer of their own. */
  joined(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.#length);
    let at = 0;
    for (const piece of this.#pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }
}

/** Takes them apart again, in the same order. */
export class PieceReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** A view, not a copy. */
  take(length: number): Uint8Array {
    const start = this.#at;
    this.#at += length;
    return this.#bytes.subarray(start, this.#at);
  }
}
