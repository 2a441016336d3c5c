import type { LinkedSignal, LogEntry, LogIndex, Term } from '@quorate/core';
import { type Block, makeBlock } from './format/block.ts';
import { offsetOf, type Position, segmentOf } from './format/position.ts';
import {
  emptyHeader,
  formatVersion,
  readRecordHeader,
  recordBytes,
  recordHeaderBytes,
  type RecordHeader,
  recordTypes,
} from './format/record.ts';
import {
  sectionBytesMax,
  sectionEnd,
  sectionFault,
  sectionHeaderBytes,
  sectionSumBefore,
} from './format/section.ts';
import type { GroupState } from './group-state.ts';
import { corrupt } from './journal-error.ts';
import type { Segment } from './segment.ts';
import type { SegmentList } from './segment-list.ts';
import type { TailMemory } from './tail-memory.ts';

/** How much is read from disk at once: neighbours of an entry are mostly asked for next. */
const readBytes = 64 * 1024;

/** A longer piece, which is that of a long record, is not kept for the next read. */
const blockBytesMax = sectionBytesMax + readBytes;

/** Payloads up to a quarter of this share memory of this size, from the answer's second entry on: see {@link PayloadCopies}. */
const slabBytes = 16 * 1024;

/** Of so many entries the places are taken at once where an answer is cut off by its bytes. */
const pageEntries = 256;

/** Reads entries from memory where they are recent, else from disk, where the section of each is checked against its checksum. */
export class EntryReader {
  readonly #segments: SegmentList;
  readonly #memory: TailMemory;
  /** A piece that no read uses any more, for the next one: memory of this size is dear to make, and to collect. */
  #spare: Block | undefined;

  constructor(segments: SegmentList, memory: TailMemory) {
    this.#segments = segments;
    this.#memory = memory;
  }

  /**
   * Entries from `from` up to but excluding `to`, all of them held; stops after `bytesMax` of payload. O(entries that are
   * answered): with a `bytesMax` places are taken page by page, and the answer ends, at least with the first page's entries,
   * where what comes next was compacted, truncated or moved while this read.
   */
  async read(
    group: GroupState,
    from: number,
    to: number,
    bytesMax: number,
    wait: LinkedSignal | undefined,
  ): Promise<LogEntry[]> {
    const page = bytesMax === Number.POSITIVE_INFINITY ? to - from : pageEntries;
    const answer: Answer = {
      group,
      from,
      bytesMax,
      wait,
      entries: [],
      byteCount: 0,
      disk: new DiskRecords(this.#takeSpare()),
      copies: new PayloadCopies(),
    };
    let last: Position = 0;
    for (let at = from; at < to; at += page) {
      // An entry that stands where it stood goes on from the same entries, so the next ones belong to them.
      if (at > from && group.index.position(at - 1) !== last) break;
      const count = Math.min(page, to - at);
      const positions = Array.from({ length: count }, (_, offset) => group.index.position(at + offset));
      last = positions.at(-1) as Position;
      if (!(await this.#readPage(answer, positions))) break;
    }
    // Nothing of it is in the answer, whose payloads are copies. A read that failed leaves none.
    this.#spare = answer.disk.block;
    return answer.entries;
  }

  #takeSpare(): Block {
    const spare = this.#spare ?? makeBlock(0);
    this.#spare = undefined;
    return spare;
  }

  /** Adds entries to the answer; false once that is full. What is compacted or truncated meanwhile stays readable. */
  async #readPage(answer: Answer, positions: readonly Position[]): Promise<boolean> {
    const pinned = new Map<number, Segment>();
    for (const position of positions) {
      const number = segmentOf(position);
      if (!pinned.has(number)) pinned.set(number, this.#segments.at(position));
    }
    for (const segment of pinned.values()) segment.retain();
    try {
      return await this.#readPinned(answer, positions, pinned);
    } finally {
      for (const segment of pinned.values()) await segment.release();
    }
  }

  async #readPinned(
    answer: Answer,
    positions: readonly Position[],
    pinned: ReadonlyMap<number, Segment>,
  ): Promise<boolean> {
    const { group, from, bytesMax, wait, entries, disk, copies } = answer;
    for (const position of positions) {
      const index = from + entries.length;
      const place =
        this.#memory.find(position) ??
        disk.find(position, group.id, index) ??
        (wait?.throwIfAborted(),
        await disk.load(pinned.get(segmentOf(position)) as Segment, position, group.id, index));
      const entry = decodeEntry(place.block, place.at, copies);
      answer.byteCount += entry.payload.length;
      if (entries.length > 0 && answer.byteCount > bytesMax) return false;
      entries.push(entry);
    }
    return true;
  }
}

/** What a read asks for, and what it has so far. */
interface Answer {
  readonly group: GroupState;
  readonly from: number;
  readonly bytesMax: number;
  readonly wait: LinkedSignal | undefined;
  readonly entries: LogEntry[];
  byteCount: number;
  readonly disk: DiskRecords;
  readonly copies: PayloadCopies;
}

const scratch: RecordHeader = emptyHeader();

/**
 * Takes payloads out of memory that is used again. Small ones of one answer share a slab: a buffer for each is what a reader of
 * many entries would mostly be busy with, it and its collector. Whoever keeps one keeps no more than the slab.
 */
class PayloadCopies {
  #slab: Uint8Array | undefined;
  #used = 0;
  #count = 0;

  take(bytes: Uint8Array, start: number, end: number): Uint8Array {
    const length = end - start;
    if (this.#count++ === 0 || length > slabBytes / 4) return bytes.slice(start, end);
    if (this.#slab === undefined || this.#used + length > slabBytes) {
      this.#slab = new Uint8Array(slabBytes);
      this.#used = 0;
    }
    const copy = this.#slab.subarray(this.#used, this.#used + length);
    copy.set(bytes.subarray(start, end));
    this.#used += length;
    return copy;
  }
}

function decodeEntry({ bytes, view }: Block, at: number, copies: PayloadCopies): LogEntry {
  readRecordHeader(view, at, scratch);
  const start = at + recordHeaderBytes;
  return {
    index: scratch.index as LogIndex,
    term: scratch.term as Term,
    kind: scratch.kind,
    payload: copies.take(bytes, start, start + scratch.length),
  };
}

/** A piece of one segment, of which the sections are checked whose records are asked for. */
class DiskRecords {
  #block: Block;
  #segment: Segment | undefined;
  /** Where the piece begins and ends, and within it the section that was checked last, by offset in the segment. */
  #start = 0;
  #end = 0;
  #soundStart = 0;
  #soundEnd = 0;

  /** @param block memory that is nobody else's, of any length */
  constructor(block: Block) {
    this.#block = block;
  }

  /** What was read last, and may be used for something else when the read is over. */
  get block(): Block | undefined {
    return this.#block.bytes.length > blockBytesMax ? undefined : this.#block;
  }

  /** The record of an entry if it is in the piece and sound. */
  find(
    position: Position,
    group: number,
    index: number,
  ): { readonly block: Block; readonly at: number } | undefined {
    if (this.#segment?.number !== segmentOf(position)) return undefined;
    const offset = offsetOf(position);
    if (this.#fault(offset, group, index) !== undefined) return undefined;
    return { block: this.#block, at: offset - this.#start };
  }

  /** Reads the piece that begins with the record's section. @throws QuorateError `JOURNAL_CORRUPT` where it is not what was written */
  async load(
    segment: Segment,
    position: Position,
    group: number,
    index: number,
  ): Promise<{ readonly block: Block; readonly at: number }> {
    const offset = offsetOf(position);
    const start = Math.max(0, offset - sectionBytesMax);
    await this.#fill(segment, start, offset - start + readBytes);
    const section = this.#sectionOf(offset);
    if (section !== undefined && section + sectionHeaderBytes <= this.#end) {
      const end = this.#start + sectionEnd(this.#block.view, section - this.#start);
      if (end > this.#end && end <= segment.size) await this.#fill(segment, section, end - section);
    }
    const fault = this.#fault(offset, group, index);
    if (fault !== undefined) throw corrupt(segment.name, section ?? offset, fault);
    return { block: this.#block, at: offset - this.#start };
  }

  /** Where the section of the record at `offset` begins by what the record says, if that is in the piece. */
  #sectionOf(offset: number): number | undefined {
    if (offset < this.#start || offset + recordHeaderBytes > this.#end) return undefined;
    readRecordHeader(this.#block.view, offset - this.#start, scratch);
    const section = offset - scratch.back;
    return section >= this.#start && scratch.back >= sectionHeaderBytes ? section : undefined;
  }

  /** Why there is no such record at `offset` of the piece. What it says about itself counts once its section is sound. */
  #fault(offset: number, group: number, index: number): string | undefined {
    const section = this.#sectionOf(offset);
    if (section === undefined) return 'a record within its section';
    if (section !== this.#soundStart || offset >= this.#soundEnd) {
      const fault = this.#sectionFault(section);
      if (fault !== undefined) return fault;
    }
    if (offset + recordBytes(scratch.length) > this.#soundEnd) return 'a record within its section';
    if (scratch.version !== formatVersion) return `format version ${formatVersion}, not ${scratch.version}`;
    const isEntry = scratch.type === recordTypes.entry || scratch.type === recordTypes.moved;
    if (isEntry && scratch.group === group && scratch.index === index) return undefined;
    return `entry ${index} of group ${group}, not ${scratch.index} of group ${scratch.group}`;
  }

  #sectionFault(section: number): string | undefined {
    const { view, bytes } = this.#block;
    const at = section - this.#start;
    const end = this.#end - this.#start;
    const before = at + sectionHeaderBytes > end ? 0 : sectionSumBefore(view, at);
    const fault = sectionFault(view, bytes, at, end, before);
    if (fault !== undefined) return fault;
    this.#soundStart = section;
    this.#soundEnd = this.#start + sectionEnd(view, at);
    return undefined;
  }

  async #fill(segment: Segment, offset: number, length: number): Promise<void> {
    const wanted = Math.min(length, segment.size - offset);
    this.#end = this.#start;
    if (this.#block.bytes.length < wanted) this.#block = makeBlock(wanted);
    const count = await segment.read(this.#block.bytes.subarray(0, wanted), offset);
    this.#segment = segment;
    this.#start = offset;
    this.#end = offset + count;
    this.#soundStart = 0;
    this.#soundEnd = 0;
  }
}
