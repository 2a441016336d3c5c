/**
 * Short pieces of memory, many in one buffer: a buffer of its own costs more than what is written into it, as soon as it is too
 * long for the collector's own heap (in V8 from 65 bytes on).
 *
 * Whoever keeps a piece keeps the buffer around it, hence its size: small where pieces are kept, large where they go together.
 */
export class ByteSlab {
  readonly #slabBytes: number;
  #buffer = new ArrayBuffer(0);
  #used = 0;

  /** @param slabBytes the size of the buffer; what is longer than a quarter of it gets one of its own */
  constructor(slabBytes: number) {
    this.#slabBytes = slabBytes;
  }

  /** So many bytes that nobody else has, all zero. */
  take(byteCount: number): Uint8Array {
    if (byteCount > this.#slabBytes / 4) return new Uint8Array(byteCount);
    if (this.#used + byteCount > this.#buffer.byteLength) {
      this.#buffer = new ArrayBuffer(this.#slabBytes);
      this.#used = 0;
    }
    const at = this.#used;
    this.#used += byteCount;
    return new Uint8Array(this.#buffer, at, byteCount);
  }

  /** A copy of what `bytes` has from `from` on. */
  copy(bytes: Uint8Array, from: number): Uint8Array {
    const target = this.take(bytes.length - from);
    if (target.length > 0) target.set(from === 0 ? bytes : bytes.subarray(from));
    return target;
  }
}
