import { type Block, makeBlock } from './format/block.ts';
import type { Segment } from './segment.ts';

/** How much is read at once. */
const windowBytes = 1024 * 1024;

/** Memory that one window uses after the other. It is made, and made larger, when somebody reads. */
export class WindowBuffer {
  block: Block = makeBlock(0);

  /** Sees to it that there is room for `byteCount` bytes; what was in the buffer may be gone then. */
  reserve(byteCount: number): void {
    if (byteCount > this.block.bytes.length) this.block = makeBlock(byteCount);
  }
}

/** A piece of a segment in memory, moved along it: recovery reads every byte once and holds no more than the longest batch. */
export class SegmentWindow {
  readonly segment: Segment;
  readonly #buffer: WindowBuffer;
  #start = 0;
  #end = 0;

  /** @param buffer holds what this window read until another one reads into it */
  constructor(segment: Segment, buffer: WindowBuffer = new WindowBuffer()) {
    this.segment = segment;
    this.#buffer = buffer;
  }

  get view(): DataView {
    return this.#buffer.block.view;
  }

  get bytes(): Uint8Array {
    return this.#buffer.block.bytes;
  }

  /** Where `offset` is in the view, or -1 if it and the `length` bytes from it are not in the window. */
  at(offset: number, length: number): number {
    return offset >= this.#start && offset + length <= this.#end ? offset - this.#start : -1;
  }

  /**
   * Moves the window so that it holds `length` bytes from `offset`, and says where in the view; -1 where the file ends
   * before.
   */
  async load(offset: number, length: number): Promise<number> {
    const there = this.at(offset, length);
    if (there !== -1) return there;
    if (offset + length > this.segment.size) return -1;
    this.#buffer.reserve(Math.max(length, Math.min(windowBytes, this.segment.size)));
    const { bytes } = this.#buffer.block;
    const count = Math.min(bytes.length, this.segment.size - offset);
    this.#start = offset;
    this.#end = offset;
    const read = await this.segment.read(bytes.subarray(0, count), offset);
    this.#end = offset + read;
    return this.at(offset, length);
  }
}
