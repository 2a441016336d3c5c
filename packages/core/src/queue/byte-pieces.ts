/** How much memory is shared, bytes: so much at most one small copy keeps alive by itself. */
const pieceBytes = 4096;
/** From this size on a copy has memory of its own, which costs a little more. */
const ownMinBytes = 1024;

/**
 * Copies of small bytes that share their memory: a fraction of what each takes with memory of its own, and of the time to make and free
 * it. What is shared is free when the last of the copies is, so those that live alike should share. Node's own is 64 KiB, and all of
 * that stays for one that does.
 */
export class BytePieces {
  #piece = noBytes;
  #used = 0;
  #expectedBytes: number;

  /** @param expectedBytes how much is going to be copied in all, where that is known: no piece is larger */
  constructor(expectedBytes: number = Number.POSITIVE_INFINITY) {
    this.#expectedBytes = expectedBytes;
  }

  copyOf(bytes: Uint8Array): Uint8Array {
    const { length } = bytes;
    // Memory of no bytes would be everybody's, and gone for all once somebody hands it to another thread.
    if (length >= ownMinBytes || length === 0) {
      this.#expectedBytes -= length;
      return new Uint8Array(bytes);
    }
    let from = this.#used;
    if (from + length > this.#piece.length) {
      this.#piece = new Uint8Array(Math.max(length, Math.min(pieceBytes, this.#expectedBytes)));
      from = 0;
    }
    this.#used = from + length;
    this.#expectedBytes -= length;
    this.#piece.set(bytes, from);
    return this.#piece.subarray(from, this.#used);
  }

  /** The same where it shares memory: what moves mostly stays, and would keep that of those that it came with. */
  ownOf(bytes: Uint8Array): Uint8Array {
    return bytes.length === bytes.buffer.byteLength ? bytes : this.copyOf(bytes);
  }
}

const noBytes = new Uint8Array();
