import { type Block, makeBlock } from './format/block.ts';
import { alignBytes, type Position } from './format/position.ts';

/** Records share blocks of this size; a longer one has a block of its own. */
const blockBytes = 256 * 1024;

/** So many blocks that nobody uses are kept for what comes next; what a burst needed beyond them is given back. */
export const freeBlocksMax = 32;

/** A stretch of the journal that is still in memory: the bytes from `start` up to `end` of the block. */
export interface Span {
  readonly block: MemoryBlock;
  readonly start: number;
  end: number;
  readonly position: Position;
}

/** A block, and how many uses of it there are: spans, and stretches of batches under way. */
export interface MemoryBlock extends Block {
  uses: number;
}

/** Where a record stands in memory. */
export interface Place {
  readonly block: MemoryBlock;
  readonly at: number;
}

/**
 * The memory into which batches are encoded, and which then serves reads of the tail: what followers ask for was mostly
 * written just now. Blocks that nobody uses any more are written again, since memory of this size is dear to make.
 */
export class TailMemory {
  readonly #bytesMax: number;
  readonly #spans: Span[] = [];
  #bytes = 0;
  #block: MemoryBlock = makeMemoryBlock(blockBytes);
  #used = 0;
  readonly #free: MemoryBlock[] = [];

  /** @param bytesMax how much of the journal's end is remembered */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Room for `byteCount` bytes, a multiple of 8; it follows the room given out before wherever it can. */
  take(byteCount: number): Place {
    if (byteCount > blockBytes / 2) return { block: makeMemoryBlock(byteCount), at: 0 };
    if (this.#used + byteCount > blockBytes) {
      const full = this.#block;
      this.#block = this.#free.pop() ?? makeMemoryBlock(blockBytes);
      this.#used = 0;
      if (full.uses === 0) this.#keep(full);
    }
    const at = this.#used;
    this.#used += byteCount;
    return { block: this.#block, at };
  }

  /** More room behind what was given out last; false where that is not what ends at `end`, or the block is full. */
  extend(block: MemoryBlock, end: number, byteCount: number): boolean {
    if (block !== this.#block || end !== this.#used || end + byteCount > blockBytes) return false;
    this.#used = end + byteCount;
    return true;
  }

  /** Ends a use of a block: a batch's that comes to nothing, or a span's that is forgotten. */
  letGo(block: MemoryBlock): void {
    block.uses--;
    const isShared = block.bytes.length === blockBytes;
    if (isShared && block.uses === 0 && block !== this.#block) this.#keep(block);
  }

  /** How many blocks are kept for what comes next. */
  get freeBlocks(): number {
    return this.#free.length;
  }

  #keep(block: MemoryBlock): void {
    if (this.#free.length < freeBlocksMax) this.#free.push(block);
  }

  /** Remembers bytes that are durable at `position`, which is above all that was remembered before. */
  remember(block: MemoryBlock, start: number, end: number, position: Position): void {
    this.#bytes += end - start;
    const last = this.#spans.at(-1);
    const follows =
      last !== undefined &&
      last.block === block &&
      last.end === start &&
      last.position + (last.end - last.start) / alignBytes === position;
    // The use of the batch becomes that of the span.
    if (follows) {
      last.end = end;
      this.letGo(block);
    } else {
      this.#spans.push({ block, start, end, position });
    }
    while (this.#bytes > this.#bytesMax && this.#spans.length > 0) {
      const dropped = this.#spans.shift() as Span;
      this.#bytes -= dropped.end - dropped.start;
      this.letGo(dropped.block);
    }
  }

  /** Where the record at `position` is in memory, if it is. */
  find(position: Position): Place | undefined {
    let low = 0;
    let high = this.#spans.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#spans[middle] as Span).position <= position) low = middle + 1;
      else high = middle;
    }
    const span = this.#spans[low - 1];
    if (span === undefined) return undefined;
    const at = span.start + (position - span.position) * alignBytes;
    return at < span.end ? { block: span.block, at } : undefined;
  }
}

function makeMemoryBlock(byteCount: number): MemoryBlock {
  return { ...makeBlock(byteCount), uses: 0 };
}
