import { type Block, makeBlock } from './format/block.ts';
import type { Segment } from './segment.ts';

/** How much is read at once. */
const windowBytes = 1024 * 1024;

/** A piece of a segment in memory, moved along it: recovery reads every byte once and holds no more than the longest batch. */
export class SegmentWindow {
  readonly segment: Segment;
  readonly #buffer: { block: Block };
  #start = 0;
  #end = 0;

  /** @param buffer is used by one window after the other */
  constructor(segment: Segment, buffer: { block: Block } = { block: makeBlock(windowBytes) }) {
    this.segment = segment;
    this.#buffer = buffer;
  }

  get view(): DataView {
    return this.#buffer.block.view;
  }

  get bytes(): Uint8Array {
    return this.#buffer.block.bytes;
  }

  /** The end of what is there, as an index into the view. */
  get end(): number {
    return this.#end - this.#start;
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
    if (length > this.#buffer.block.bytes.length) this.#buffer.block = makeBlock(length);
    const { bytes } = this.#buffer.block;
    const count = Math.min(bytes.length, this.segment.size - offset);
    this.#start = offset;
    this.#end = offset;
    const read = await this.segment.read(bytes.subarray(0, count), offset);
    this.#end = offset + read;
    return this.at(offset, length);
  }
}
