import { readFileSync } from 'node:fs';

/**
 * Keys as they would arrive from a network: bytes, of which every {@link fresh} makes a new string.
 *
 * A string that was looked up before carries its hash in its header and may be found again by identity; a program that
 * reads its keys from a socket never has such strings. Whoever wants them says so by keeping what `fresh` returned.
 */
export class KeySet {
  readonly count: number;
  readonly #bytes: Buffer;
  readonly #starts: Uint32Array;
  readonly #encoding: 'latin1' | 'utf8';

  /** @param bytes UTF-8, one key a line, each line ended by a line feed */
  constructor(bytes: Buffer, countMax: number = Infinity) {
    const starts = [0];
    let ascii = true;
    for (let at = 0; at < bytes.length && starts.length <= countMax; at++) {
      const byte = bytes[at] as number;
      if (byte === 0x0a) starts.push(at + 1);
      else if (byte > 0x7f) ascii = false;
    }
    this.count = starts.length - 1;
    this.#bytes = bytes;
    this.#starts = Uint32Array.from(starts);
    this.#encoding = ascii ? 'latin1' : 'utf8';
    if (this.count === 0) throw new RangeError('Key set must hold at least one key: received none');
  }

  /** The keys in a file that `writeFileSync(file, keys.join('\n') + '\n')` made. */
  static read(file: string, countMax: number): KeySet {
    return new KeySet(readFileSync(file), countMax);
  }

  /** A new string with this key's characters. */
  fresh(index: number): string {
    return this.#bytes.toString(this.#encoding, this.#starts[index], (this.#starts[index + 1] as number) - 1);
  }

  /** The key's bytes: a view, not a copy. */
  bytesOf(index: number): Uint8Array {
    return this.#bytes.subarray(this.#starts[index], (this.#starts[index + 1] as number) - 1);
  }
}
