import { ByteReader } from '../byte-reader.ts';
import { ByteWriter } from '../byte-writer.ts';

/** A `ByteWriter` that writes a name once, and then its number; and that can take back what went too far. */
export class NameWriter extends ByteWriter {
  readonly #numbers = new Map<string, number>();

  name(value: string): this {
    const number = this.#numbers.get(value);
    if (number !== undefined) return this.integer(number);
    this.#numbers.set(value, this.#numbers.size + 1);
    this.integer(0);
    return this.text(value);
  }

  /** Writes what `write` does, unless there would be more than `maxBytes` of it all; says whether it has. */
  fits(maxBytes: number, write: () => void): boolean {
    const [length, nameCount] = [this.length, this.#numbers.size];
    write();
    if (this.length <= maxBytes) return true;
    this.truncate(length);
    for (const [name, number] of this.#numbers) if (number > nameCount) this.#numbers.delete(name);
    return false;
  }
}

/** Reads what a `NameWriter` wrote. */
export class NameReader extends ByteReader {
  readonly #names: string[] = [];

  name(): string {
    const number = this.integer();
    if (number === 0) {
      const name = this.text();
      this.#names.push(name);
      return name;
    }
    const name = this.#names[number - 1];
    if (name === undefined) throw new RangeError(`Name ${number} must have been written before`);
    return name;
  }
}
