/** What a message counts beside its bytes: its length and its group. */
export const recordBytes = 8;
/** A batch begins with how many bytes its sender has taken of what was sent to it since it last told. */
const batchHeaderBytes = 4;
/** A batch above this is closed and another begun. */
const batchBytes = 65_536;

/** Gathers messages into batches, each one buffer that can be moved to another thread. */
export class BatchWriter {
  readonly #scratch: Uint8Array = new Uint8Array(batchBytes);
  #used = 0;
  #sealed: Uint8Array<ArrayBuffer>[] = [];
  #sealedBytes = 0;

  /** Bytes that were added and not taken. */
  get bytes(): number {
    return this.#sealedBytes + this.#used;
  }

  /** Whether there is a batch that cannot grow any more. */
  get hasSealed(): boolean {
    return this.#sealed.length > 0;
  }

  add(message: Uint8Array, group: number): void {
    const bytes = recordBytes + message.length;
    if (this.#used + bytes > batchBytes) this.#seal();
    if (bytes > batchBytes) {
      const own = new Uint8Array(batchHeaderBytes + bytes);
      write(own, batchHeaderBytes, message, group);
      this.#push(own);
      return;
    }
    write(this.#scratch, this.#used, message, group);
    this.#used += bytes;
  }

  /** Takes the oldest batch, with `taken` at its head. Nothing when nothing was added. */
  take(taken: number): Uint8Array<ArrayBuffer> | undefined {
    if (this.#sealed.length === 0) this.#seal();
    const batch = this.#sealed.shift();
    if (batch === undefined) return undefined;
    this.#sealedBytes -= batch.length - batchHeaderBytes;
    putUint32(batch, 0, taken);
    return batch;
  }

  #seal(): void {
    if (this.#used === 0) return;
    const batch = new Uint8Array(batchHeaderBytes + this.#used);
    batch.set(this.#scratch.subarray(0, this.#used), batchHeaderBytes);
    this.#used = 0;
    this.#push(batch);
  }

  #push(batch: Uint8Array<ArrayBuffer>): void {
    this.#sealed.push(batch);
    this.#sealedBytes += batch.length - batchHeaderBytes;
  }
}

/** Goes through a batch that came from another thread. */
export class BatchReader {
  readonly #batch: Uint8Array<ArrayBuffer>;
  readonly #messageMaxBytes: number;
  #at: number = batchHeaderBytes;
  /** The message just found, and its group. */
  message: Uint8Array;
  group = 0;

  constructor(buffer: ArrayBuffer, messageMaxBytes: number) {
    this.#batch = new Uint8Array(buffer);
    this.#messageMaxBytes = messageMaxBytes;
    this.message = this.#batch;
  }

  /** How many bytes the sender has taken, or nothing where the batch has no head. */
  get taken(): number | undefined {
    return this.#batch.length < batchHeaderBytes ? undefined : getUint32(this.#batch, 0);
  }

  /** Bytes that count against the window. */
  get bytes(): number {
    return this.#batch.length - batchHeaderBytes;
  }

  next(): 'message' | 'none' | 'broken' {
    const at = this.#at;
    if (at === this.#batch.length) return 'none';
    if (at + recordBytes > this.#batch.length) return 'broken';
    const length = getUint32(this.#batch, at);
    const end = at + recordBytes + length;
    if (length > this.#messageMaxBytes || end > this.#batch.length) return 'broken';
    this.group = getUint32(this.#batch, at + 4);
    this.message = new Uint8Array(this.#batch.buffer, at + recordBytes, length);
    this.#at = end;
    return 'message';
  }
}

function write(target: Uint8Array, at: number, message: Uint8Array, group: number): void {
  putUint32(target, at, message.length);
  putUint32(target, at + 4, group);
  target.set(message, at + recordBytes);
}

function putUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

function getUint32(bytes: Uint8Array, at: number): number {
  const [a, b, c, d] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]] as [
    number,
    number,
    number,
    number,
  ];
  return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
}
