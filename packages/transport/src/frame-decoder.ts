import { crc32 } from '@quorate/core';
import { frameHeaderBytes, frameKindMax, framePayloadMaxBytes, frameVersion, getUint32 } from './frame.ts';

/** What is wrong with a stream that is no sequence of frames. */
export type FrameFault = 'version' | 'header-checksum' | 'kind' | 'flags' | 'length' | 'payload-checksum';

/**
 * What {@link FrameDecoder.next} found. `frame`: the decoder's fields describe one. `more`: the rest has not arrived.
 * `violation`: the stream is broken for good, `fault` and `describeFault` say how.
 */
export type FrameVerdict = 'frame' | 'more' | 'violation';

/** What the decoder keeps between frames; a larger buffer is let go when its frame is done. */
const keptBytes = 65_536;
const nothing = new Uint8Array(0);

/**
 * Takes a byte stream apart into frames.
 *
 * A frame that lies within one chunk is never copied: `payload` is a view of the chunk. Only a frame that chunks divide is
 * put together in a buffer, which grows with what has arrived (at most to twice that, and 64 KiB), never by what a header
 * announces. Everything is checked before it is believed; after a violation every answer is `violation`.
 *
 * ```text
 * decoder.feed(chunk);
 * for (let verdict = decoder.next(); verdict !== 'more'; verdict = decoder.next()) {
 *   if (verdict === 'violation') return close(decoder.describeFault());
 *   take(decoder.kind, decoder.group, decoder.payload);
 * }
 * ```
 */
export class FrameDecoder {
  kind = 0;
  group = 0;
  /** The payload of the frame just found: valid until the next call of {@link next} or {@link feed}. */
  payload: Uint8Array = nothing;
  /** What broke the stream, after a verdict of `violation`. */
  fault: FrameFault | undefined;
  /** The longest payload that is taken from here on. */
  payloadMaxBytes: number;

  #detail = '';
  #sequence = 0;
  #chunk: Uint8Array = nothing;
  #at = 0;
  /** The frame that chunks divide: `#held` bytes of it are here, and with the header it is known to have `#whole`. */
  #parts: Uint8Array = nothing;
  #held = 0;
  #whole = 0;
  #givenFromParts = false;

  /** @throws RangeError unless `payloadMaxBytes` is an integer from 0 to {@link framePayloadMaxBytes} */
  constructor(options: { readonly payloadMaxBytes: number }) {
    const { payloadMaxBytes } = options;
    if (!Number.isInteger(payloadMaxBytes) || payloadMaxBytes < 0 || payloadMaxBytes > framePayloadMaxBytes) {
      throw new RangeError(
        `Longest payload in bytes must be an integer from 0 to ${framePayloadMaxBytes}: received ${payloadMaxBytes}`,
      );
    }
    this.payloadMaxBytes = payloadMaxBytes;
  }

  /** How many frames have been given. */
  get frameCount(): number {
    return this.#sequence;
  }

  /** Bytes of buffers of the decoder's own: what an unfinished frame costs. */
  get bufferedBytes(): number {
    return this.#parts.length;
  }

  /**
   * Hands over the next part of the stream; the decoder reads it until `next` says `more`, so leave it alone until then.
   * Bytes of an earlier chunk that were not asked for yet are dropped, so ask for them first.
   */
  feed(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#at = 0;
  }

  next(): FrameVerdict {
    if (this.fault !== undefined) return 'violation';
    if (this.#givenFromParts) this.#letGo();
    if (this.#held > 0) return this.#nextFromParts();
    const chunk = this.#chunk;
    const at = this.#at;
    const available = chunk.length - at;
    if (available < frameHeaderBytes) return this.#keepRest(available);
    const length = this.#checkHeader(chunk, at);
    if (length < 0) return 'violation';
    const end = at + frameHeaderBytes + length;
    if (end > chunk.length) {
      this.#whole = frameHeaderBytes + length;
      return this.#keepRest(available);
    }
    this.#at = end;
    return this.#give(chunk, at, end);
  }

  /** The violation in words, with the number of the frame, for logs. */
  describeFault(): string {
    return this.fault === undefined ? '' : `frame ${this.#sequence}: ${this.#detail}`;
  }

  /** The payload's length if the header at `at` is good, otherwise -1. */
  #checkHeader(bytes: Uint8Array, at: number): number {
    const version = bytes[at + 4] as number;
    if (version !== frameVersion) return this.#break('version', `version ${version}, not ${frameVersion}`);
    if (getUint32(bytes, at + 16) !== crc32(bytes, at, at + 16, this.#sequence))
      return this.#break('header-checksum', 'the checksum of the header is wrong');
    const kind = bytes[at + 5] as number;
    if (kind < 1 || kind > frameKindMax) return this.#break('kind', `kind ${kind} is not known`);
    const flags = (bytes[at + 6] as number) | ((bytes[at + 7] as number) << 8);
    if (flags !== 0) return this.#break('flags', `flags ${flags} are not known`);
    const length = getUint32(bytes, at);
    if (length > this.payloadMaxBytes)
      return this.#break('length', `${length} bytes, the limit is ${this.payloadMaxBytes}`);
    return length;
  }

  /** Gives the frame that stands whole and with a good header in `bytes`. */
  #give(bytes: Uint8Array, at: number, end: number): FrameVerdict {
    const body = at + frameHeaderBytes;
    if (getUint32(bytes, at + 12) !== crc32(bytes, body, end)) {
      this.#break('payload-checksum', 'the checksum of the payload is wrong');
      return 'violation';
    }
    this.kind = bytes[at + 5] as number;
    this.group = getUint32(bytes, at + 8);
    this.payload = new Uint8Array(bytes.buffer, bytes.byteOffset + body, end - body);
    this.#sequence = (this.#sequence + 1) >>> 0;
    return 'frame';
  }

  #nextFromParts(): FrameVerdict {
    if (this.#held < frameHeaderBytes) {
      this.#collect(frameHeaderBytes);
      if (this.#held < frameHeaderBytes) return this.#askForMore();
    }
    if (this.#whole === 0) {
      const length = this.#checkHeader(this.#parts, 0);
      if (length < 0) return 'violation';
      this.#whole = frameHeaderBytes + length;
    }
    this.#collect(this.#whole);
    if (this.#held < this.#whole) return this.#askForMore();
    this.#givenFromParts = true;
    return this.#give(this.#parts, 0, this.#whole);
  }

  /** Keeps the first bytes of a frame whose rest is in later chunks. */
  #keepRest(available: number): FrameVerdict {
    if (available > 0) this.#collect(available);
    return this.#askForMore();
  }

  /** A chunk that is used up is let go: many are views of a large buffer. */
  #askForMore(): FrameVerdict {
    this.#chunk = nothing;
    this.#at = 0;
    this.payload = nothing;
    return 'more';
  }

  /** Moves bytes of the chunk behind those that are held, until there are `goal` of them or the chunk is used up. */
  #collect(goal: number): void {
    const count = Math.min(goal - this.#held, this.#chunk.length - this.#at);
    if (count <= 0) return;
    const needed = this.#held + count;
    if (needed > this.#parts.length) {
      const ceiling = this.#whole === 0 ? frameHeaderBytes : this.#whole;
      const grown = new Uint8Array(Math.max(needed, Math.min(ceiling, Math.max(keptBytes, needed * 2))));
      grown.set(this.#parts.subarray(0, this.#held));
      this.#parts = grown;
    }
    this.#parts.set(this.#chunk.subarray(this.#at, this.#at + count), this.#held);
    this.#held = needed;
    this.#at += count;
  }

  #letGo(): void {
    this.#givenFromParts = false;
    this.#held = 0;
    this.#whole = 0;
    this.payload = nothing;
    if (this.#parts.length > keptBytes) this.#parts = nothing;
  }

  #break(fault: FrameFault, detail: string): -1 {
    this.fault = fault;
    this.#detail = detail;
    this.payload = nothing;
    this.#chunk = nothing;
    this.#parts = nothing;
    return -1;
  }
}
