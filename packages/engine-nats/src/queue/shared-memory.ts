/** How much memory is shared, bytes: so much at most one small copy keeps alive by itself. */
const pieceBytes = 4096;
/** From this size on a copy has memory of its own, which costs a little more. */
const ownMinBytes = 1024;

/**
 * Copies of small bytes that share their memory: a fraction of what each takes with memory of its own. What is shared is free when
 * the last of the copies is, so those that live alike should share. Node's own is 64 KiB, and all of that stays for one that does.
 */
export class SharedMemory {
  #piece = new Uint8Array();
  #used = 0;

  copyOf(bytes: Uint8Array): Uint8Array {
    const { length } = bytes;
    if (length >= ownMinBytes) return new Uint8Array(bytes);
    if (this.#used + length > this.#piece.length) {
      this.#piece = new Uint8Array(pieceBytes);
      this.#used = 0;
    }
    const copy = this.#piece.subarray(this.#used, this.#used + length);
    copy.set(bytes);
    this.#used += length;
    return copy;
  }
}
