import { type FrameKind, frameHeaderBytes, writeFrame } from './frame.ts';

/** Buffers of one size that connections share, so that an idle one holds none. */
export class BufferPool {
  readonly bufferBytes: number;
  readonly allocate: (bytes: number) => Uint8Array;
  readonly #free: Uint8Array[] = [];
  readonly #keptMax: number;

  /** @param allocate makes a buffer, of the kind that the writer need not convert */
  constructor(
    bufferBytes: number,
    keptMax: number,
    allocate: (bytes: number) => Uint8Array = bytes => new Uint8Array(bytes),
  ) {
    this.bufferBytes = bufferBytes;
    this.#keptMax = keptMax;
    this.allocate = allocate;
  }

  take(): Uint8Array {
    return this.#free.pop() ?? this.allocate(this.bufferBytes);
  }

  /** Takes a buffer back; of other sizes and beyond the number kept, it is left to the collector. */
  give(buffer: Uint8Array): void {
    if (buffer.length === this.bufferBytes && this.#free.length < this.#keptMax) this.#free.push(buffer);
  }
}

/** A buffer with frames in it: those bytes that have not been taken. */
interface Filled {
  readonly buffer: Uint8Array;
  start: number;
  readonly end: number;
}

/**
 * Collects the frames of one connection, so that many leave in one write.
 *
 * `append` encodes straight into a shared-size buffer, the only copy on the way out; a frame that is longer than such a
 * buffer gets one of its own. `take` gives what was collected, in order; the bytes stay valid until `release`, after which
 * the buffers serve again. One batch can be out at a time.
 */
export class FrameCork {
  readonly #pool: BufferPool;
  #open: Uint8Array | undefined;
  #at = 0;
  #sealed: Filled[] = [];
  /** Buffers that are out to their last byte. */
  #out: Uint8Array[] = [];
  /** The one buffer that {@link takeWhole} gave. */
  #outBuffer: Uint8Array | undefined;
  #sequence = 0;
  #collectedBytes = 0;
  #outBytes = 0;

  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  /** Bytes that wait to be taken. */
  get collectedBytes(): number {
    return this.#collectedBytes;
  }

  /** Bytes that were taken and not released. */
  get outBytes(): number {
    return this.#outBytes;
  }

  /** Encodes a frame; the payload is the caller's again. */
  append(kind: FrameKind, group: number, payload: Uint8Array): void {
    const bytes = frameHeaderBytes + payload.length;
    let open = this.#open;
    if (open === undefined || this.#at + bytes > open.length) open = this.#room(bytes);
    this.#at = writeFrame(open, this.#at, kind, group, payload, this.#sequence);
    this.#sequence = (this.#sequence + 1) >>> 0;
    this.#collectedBytes += bytes;
  }

  /**
   * Everything as one view, if it is at most `bytesMax`, lies in one buffer and nothing is out; else `undefined`, and it is
   * for {@link take}. This is the common case, without a list.
   */
  takeWhole(bytesMax: number): Uint8Array | undefined {
    const open = this.#open;
    const length = this.#at;
    if (open === undefined || length > bytesMax || this.#sealed.length > 0 || this.#outBytes > 0)
      return undefined;
    this.#outBuffer = open;
    this.#outBytes = length;
    this.#collectedBytes = 0;
    this.#open = undefined;
    this.#at = 0;
    return open.subarray(0, length);
  }

  /** The oldest buffers, as many as stay within `bytesMax`; if the first of them does not, a part of it. */
  take(bytesMax: number): readonly Uint8Array[] {
    if (this.#outBytes > 0) return [];
    if (this.#sealed.length === 0 || this.#collectedBytes <= bytesMax) this.#seal();
    const views: Uint8Array[] = [];
    let count = 0;
    for (const filled of this.#sealed) {
      const { buffer, start, end } = filled;
      const whole = this.#outBytes + end - start <= bytesMax;
      if (!whole && views.length > 0) break;
      filled.start = whole ? end : start + bytesMax;
      views.push(buffer.subarray(start, filled.start));
      this.#outBytes += filled.start - start;
      if (!whole) break;
      this.#out.push(buffer);
      count++;
    }
    this.#sealed.splice(0, count);
    this.#collectedBytes -= this.#outBytes;
    return views;
  }

  /** The batch that is out has been written, or never will be. */
  release(): void {
    this.#outBytes = 0;
    if (this.#outBuffer !== undefined) {
      this.#pool.give(this.#outBuffer);
      this.#outBuffer = undefined;
      return;
    }
    for (const buffer of this.#out) this.#pool.give(buffer);
    this.#out = [];
  }

  /**
   * Forgets everything. A batch that is out may still be read by whoever took it: its buffers never serve again.
   */
  discard(): void {
    this.#open = undefined;
    this.#at = 0;
    this.#sealed = [];
    this.#out = [];
    this.#outBuffer = undefined;
    this.#collectedBytes = 0;
    this.#outBytes = 0;
  }

  #room(bytes: number): Uint8Array {
    this.#seal();
    this.#open = bytes > this.#pool.bufferBytes ? this.#pool.allocate(bytes) : this.#pool.take();
    return this.#open;
  }

  #seal(): void {
    if (this.#open !== undefined) this.#sealed.push({ buffer: this.#open, start: 0, end: this.#at });
    this.#open = undefined;
    this.#at = 0;
  }
}
