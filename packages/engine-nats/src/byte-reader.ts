const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads what a `ByteWriter` wrote. @throws RangeError where the bytes end too early */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    const value = this.#bytes[this.#at++];
    if (value === undefined) throw new RangeError(`Message must not end at byte ${this.#at - 1}`);
    return value;
  }

  integer(): number {
    let [value, factor] = [0, 1];
    for (;;) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 0x80;
    }
  }

  text(): string {
    return decoder.decode(this.#view(this.integer()));
  }

  /** A copy. */
  bytes(): Uint8Array {
    return new Uint8Array(this.#view(this.integer()));
  }

  /** What stands there itself, and no copy: whoever keeps it keeps the whole message alive. */
  view(): Uint8Array {
    return this.#view(this.integer());
  }

  /** A copy of bytes whose length is known. */
  raw(length: number): Uint8Array {
    return new Uint8Array(this.#view(length));
  }

  #view(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length)
      throw new RangeError(`Message must have ${end} bytes: received ${this.#bytes.length}`);
    const view = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return view;
  }
}
