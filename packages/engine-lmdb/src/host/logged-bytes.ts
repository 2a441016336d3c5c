import type { ByteRange, SortedBytes } from '../sorted-bytes.ts';

/** How the length of a value says that its key was removed. */
const removed = 0xffff_ffff;

/** Sorted bytes that note what is written, so that it can be written again. */
export class LoggedBytes implements SortedBytes {
  readonly #bytes: SortedBytes;
  #writes: [key: Uint8Array, value: Uint8Array | undefined][] = [];

  constructor(bytes: SortedBytes) {
    this.#bytes = bytes;
  }

  get(key: Uint8Array): Buffer | undefined {
    return this.#bytes.get(key);
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#writes.push([key, value]);
    this.#bytes.put(key, value);
  }

  remove(key: Uint8Array): void {
    this.#writes.push([key, undefined]);
    this.#bytes.remove(key);
  }

  keys(range: ByteRange): Uint8Array[] {
    return this.#bytes.keys(range);
  }

  count(range: ByteRange): number {
    return this.#bytes.count(range);
  }

  begin(): void {
    this.#writes = [];
  }

  /** What was written since it began, behind so many bytes left free; undefined where nothing was. */
  encode(headBytes: number): Buffer | undefined {
    if (this.#writes.length === 0) return undefined;
    let length = headBytes;
    for (const [key, value] of this.#writes) length += 6 + key.length + (value?.length ?? 0);
    const frame = Buffer.allocUnsafe(length);
    let at = headBytes;
    for (const [key, value] of this.#writes) {
      at = frame.writeUInt16LE(key.length, at);
      at = frame.writeUInt32LE(value === undefined ? removed : value.length, at);
      frame.set(key, at);
      at += key.length;
      if (value === undefined) continue;
      frame.set(value, at);
      at += value.length;
    }
    return frame;
  }
}

/** Writes again what {@link LoggedBytes.encode} noted. */
export function writeAgain(bytes: SortedBytes, frame: Buffer, headBytes: number): void {
  for (let at = headBytes; at < frame.length; ) {
    const keyEnd = at + 6 + frame.readUInt16LE(at);
    const length = frame.readUInt32LE(at + 2);
    const key = frame.subarray(at + 6, keyEnd);
    if (length === removed) bytes.remove(key);
    else bytes.put(key, frame.subarray(keyEnd, keyEnd + length));
    at = keyEnd + (length === removed ? 0 : length);
  }
}
