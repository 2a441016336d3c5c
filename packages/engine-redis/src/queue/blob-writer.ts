/** With more room than this nothing is kept from call to call. */
const keptMaxBytes = 65_536;

let kept: Buffer | undefined = Buffer.allocUnsafeSlow(4_096);

/**
 * Writes numbers, texts and bytes one behind the other, as the scripts read them: largest byte first, texts in UTF-8 with their length
 * before them. One argument for all of a batch costs a fraction of an argument for each part.
 */
export class BlobWriter {
  #bytes: Buffer;
  #size = 0;

  constructor() {
    this.#bytes = kept ?? Buffer.allocUnsafe(4_096);
    kept = undefined;
  }

  get size(): number {
    return this.#size;
  }

  byte(value: number): void {
    this.#room(1);
    this.#bytes[this.#size++] = value;
  }

  /** A number as a double. */
  double(value: number): void {
    this.#room(8);
    this.#size = this.#bytes.writeDoubleBE(value, this.#size);
  }

  /** A number below 2^32. */
  count(value: number): void {
    this.#room(4);
    this.#size = this.#bytes.writeUInt32BE(value, this.#size);
  }

  /** A text shorter than 64 KiB, its length in two bytes. */
  name(text: string): void {
    this.#text(text, 2);
  }

  /** A text, its length in four bytes. */
  text(text: string): void {
    this.#text(text, 4);
  }

  bytes(value: Uint8Array): void {
    this.#room(value.length);
    this.#bytes.set(value, this.#size);
    this.#size += value.length;
  }

  /** Leaves room for a length in four bytes, which {@link sized} fills in. */
  begin(): number {
    this.count(0);
    return this.#size;
  }

  /** Fills in the length of what was written from `from` on. */
  sized(from: number): void {
    this.#bytes.writeUInt32BE(this.#size - from, from - 4);
  }

  /** Writes a count over one that was written. */
  recount(at: number, value: number): void {
    this.#bytes.writeUInt32BE(value, at);
  }

  /** A copy of what was written; the writer is not to be used any more. */
  end(): Buffer {
    const written = Buffer.from(this.#bytes.subarray(0, this.#size));
    if (this.#bytes.length <= keptMaxBytes) kept = this.#bytes;
    return written;
  }

  #text(text: string, lengthBytes: 2 | 4): void {
    // A UTF-16 code unit has three bytes at most.
    this.#room(lengthBytes + 3 * text.length);
    const from = this.#size + lengthBytes;
    const size = this.#bytes.write(text, from);
    this.#bytes.writeUIntBE(size, this.#size, lengthBytes);
    this.#size = from + size;
  }

  #room(size: number): void {
    const wanted = this.#size + size;
    if (wanted <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(wanted, 2 * this.#bytes.length));
    larger.set(this.#bytes.subarray(0, this.#size));
    this.#bytes = larger;
  }
}
