import { CommandFailure } from '../failure.ts';

/** What is done with one key. The bytes are a view that is good during the call only. */
export type KeySink = (key: Uint8Array) => void;

/** The longest key, in bytes. It bounds what is held of a file that is not what it seems. */
export const keyBytesMax: number = 1024 * 1024;

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const byteOrderMark = [0xef, 0xbb, 0xbf];

/**
 * Cuts a stream of bytes into keys, at line feeds (a carriage return before one is not part of the key) or at NULs.
 *
 * Keys stay bytes, as they hash: text that is not UTF-8 is not changed on the way. Empty keys are counted and left out. Holds
 * at most one unfinished key.
 */
export class KeySplitter {
  readonly #separator: number;
  readonly #sink: KeySink;
  #rest: Buffer = Buffer.alloc(0);
  #atStart = true;
  /** Keys given to the sink. */
  keys = 0;
  /** Empty entries that were left out. */
  empty = 0;

  constructor(separator: 'line' | 'null', sink: KeySink) {
    this.#separator = separator === 'line' ? lineFeed : 0;
    this.#sink = sink;
  }

  /** @throws CommandFailure on a key longer than {@link keyBytesMax} */
  push(chunk: Buffer): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    if (this.#atStart) {
      if (bytes.length < 3 && byteOrderMark.slice(0, bytes.length).every((byte, at) => bytes[at] === byte)) {
        this.#rest = bytes;
        return;
      }
      this.#atStart = false;
      if (byteOrderMark.every((byte, at) => bytes[at] === byte)) bytes = bytes.subarray(3);
    }
    let start = 0;
    // What is left over from before holds no separator, so the search may start behind it; concat has made it one piece.
    for (let end = bytes.indexOf(this.#separator); end >= 0; end = bytes.indexOf(this.#separator, start)) {
      this.#emit(bytes, start, end);
      start = end + 1;
    }
    // A copy: the chunk belongs to the stream's pool.
    this.#rest = Buffer.from(bytes.subarray(start));
    if (this.#rest.length > keyBytesMax) throw this.#tooLong();
  }

  /** Gives the last key, which need not end with a separator. @throws CommandFailure */
  end(): void {
    const isMark = this.#rest.length === 3 && byteOrderMark.every((byte, at) => this.#rest[at] === byte);
    if (this.#rest.length > 0 && !isMark) this.#emit(this.#rest, 0, this.#rest.length);
    this.#rest = Buffer.alloc(0);
  }

  #emit(bytes: Buffer, start: number, end: number): void {
    let last = end;
    if (this.#separator === lineFeed && last > start && bytes[last - 1] === carriageReturn) last--;
    if (last === start) {
      this.empty++;
      return;
    }
    if (last - start > keyBytesMax) throw this.#tooLong();
    this.keys++;
    this.#sink(bytes.subarray(start, last));
  }

  #tooLong(): CommandFailure {
    const number = this.keys + this.empty + 1;
    const hint = this.#separator === lineFeed ? 'Keys that NULs separate need --null.' : '';
    return new CommandFailure(`Key ${number} is longer than ${keyBytesMax} bytes. ${hint}`.trimEnd());
  }
}
