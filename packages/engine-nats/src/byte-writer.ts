const encoder = new TextEncoder();

/** Shorter texts are tried without it. */
const shortText = 64;

/** Writes the binary format of messages: integers as variable-length groups of 7 bits, texts and bytes after their length. */
export class ByteWriter {
  #bytes: Uint8Array;
  #length = 0;

  constructor(sizeHint = 256) {
    this.#bytes = new Uint8Array(sizeHint);
  }

  get length(): number {
    return this.#length;
  }

  byte(value: number): this {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
    return this;
  }

  /** A non-negative safe integer, in up to 8 bytes. */
  integer(value: number): this {
    this.#reserve(8);
    let rest = value;
    for (; rest > 0x7fff_ffff; rest = Math.floor(rest / 0x80)) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
    }
    for (; rest >= 0x80; rest >>>= 7) this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
    this.#bytes[this.#length++] = rest;
    return this;
  }

  text(value: string): this {
    return value.length < shortText && this.#plainText(value) ? this : this.bytes(encoder.encode(value));
  }

  bytes(value: Uint8Array): this {
    return this.integer(value.length).raw(value);
  }

  /** Bytes whose length the reader knows by itself. */
  raw(value: Uint8Array): this {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  /** Takes back what was written since it had this length. */
  truncate(length: number): void {
    this.#length = length;
  }

  /** What was written so far, as a view. */
  done(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Short texts of ASCII need no encoder, whose call takes longer than they do. False, with nothing written, where it is none. */
  #plainText(value: string): boolean {
    this.#reserve(shortText);
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at++] = value.length;
    for (let index = 0; index < value.length; index++) {
      const unit = value.charCodeAt(index);
      if (unit >= 0x80) return false;
      bytes[at++] = unit;
    }
    this.#length = at;
    return true;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.done());
    this.#bytes = larger;
  }
}
