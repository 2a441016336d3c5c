/**
 * Where a message lies, in memory that threads share: read or write it in place.
 *
 * One object for all slots of a queue in a thread, so that a message costs no allocation: it is right until the callback that
 * it was handed to returns. The bytes are at `bytes[byteOffset]` and on; the same as words are at `words[wordOffset]` and on,
 * which is faster where numbers are written.
 */
export class MessageSlot {
  /** All memory of the queue. */
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  byteOffset = 0;
  /** `byteOffset / 4`: messages begin at a multiple of 16. */
  wordOffset = 0;
  byteCount = 0;

  constructor(buffer: SharedArrayBuffer) {
    this.bytes = new Uint8Array(buffer);
    this.words = new Int32Array(buffer);
  }

  /** The message as a view. Its memory is somebody else's when the callback has returned. */
  view(): Uint8Array {
    return this.bytes.subarray(this.byteOffset, this.byteOffset + this.byteCount);
  }

  /** The message's bytes, in memory of their own. */
  copy(): Uint8Array {
    return this.bytes.slice(this.byteOffset, this.byteOffset + this.byteCount);
  }
}
