import type { LinkedSignal, LogEntry, LogIndex, Term } from '@quorate/core';
import { type Block, makeBlock } from './format/block.ts';
import { offsetOf, type Position, segmentOf } from './format/position.ts';
import {
  emptyHeader,
  readRecordHeader,
  recordBytes,
  recordFault,
  recordHeaderBytes,
  type RecordHeader,
  recordSumBefore,
} from './format/record.ts';
import type { GroupState } from './group-state.ts';
import { corrupt } from './journal-error.ts';
import type { Segment } from './segment.ts';
import type { SegmentList } from './segment-list.ts';
import type { TailMemory } from './tail-memory.ts';

/** How much is read from disk at once: neighbours of an entry are mostly asked for next. */
const readBytes = 64 * 1024;

/** Reads entries from memory where they are recent, else from disk, where each is checked against its checksum. */
export class EntryReader {
  readonly #segments: SegmentList;
  readonly #memory: TailMemory;

  constructor(segments: SegmentList, memory: TailMemory) {
    this.#segments = segments;
    this.#memory = memory;
  }

  /** Entries from `from` up to but excluding `to`, all of them held; stops after `bytesMax` of payload. */
  async read(
    group: GroupState,
    from: number,
    to: number,
    bytesMax: number,
    wait: LinkedSignal | undefined,
  ): Promise<LogEntry[]> {
    // Positions are taken now: what is compacted or truncated while this reads stays readable in its segment.
    const positions = Array.from({ length: to - from }, (_, at) => group.index.position(from + at));
    const pinned = new Map(positions.map(position => [segmentOf(position), this.#segments.at(position)]));
    for (const segment of pinned.values()) segment.retain();
    try {
      return await this.#readAll(group, from, positions, pinned, bytesMax, wait);
    } finally {
      for (const segment of pinned.values()) await segment.release();
    }
  }

  async #readAll(
    group: GroupState,
    from: number,
    positions: readonly Position[],
    pinned: ReadonlyMap<number, Segment>,
    bytesMax: number,
    wait: LinkedSignal | undefined,
  ): Promise<LogEntry[]> {
    const disk = new DiskRecords();
    const entries: LogEntry[] = [];
    let byteCount = 0;
    for (const [at, position] of positions.entries()) {
      const place =
        this.#memory.find(position) ??
        disk.find(position) ??
        (wait?.throwIfAborted(),
        await disk.load(pinned.get(segmentOf(position)) as Segment, position, group.id, from + at));
      const entry = decodeEntry(place.block, place.at);
      byteCount += entry.payload.length;
      if (entries.length > 0 && byteCount > bytesMax) break;
      entries.push(entry);
    }
    return entries;
  }
}

const scratch: RecordHeader = emptyHeader();

function decodeEntry({ bytes, view }: Block, at: number): LogEntry {
  readRecordHeader(view, at, scratch);
  const start = at + recordHeaderBytes;
  return {
    index: scratch.index as LogIndex,
    term: scratch.term as Term,
    kind: scratch.kind,
    payload: bytes.slice(start, start + scratch.length),
  };
}

/** A piece of one segment, of which the records that are asked for are checked. */
class DiskRecords {
  #block: Block = { bytes: new Uint8Array(0), view: new DataView(new ArrayBuffer(0)) };
  #segment: Segment | undefined;
  #start = 0;
  #end = 0;
  #group = -1;
  #index = -1;

  /** The record at `position` if it is in the piece and sound, and the entry after the last one. */
  find(position: Position): { readonly block: Block; readonly at: number } | undefined {
    if (this.#segment?.number !== segmentOf(position)) return undefined;
    const at = offsetOf(position) - this.#start;
    const end = this.#end - this.#start;
    if (at < 0 || at + recordHeaderBytes > end) return undefined;
    const { view } = this.#block;
    if (recordFault(view, at, end, recordSumBefore(view, at)) !== undefined) return undefined;
    readRecordHeader(view, at, scratch);
    if (scratch.group !== this.#group || scratch.index !== this.#index + 1) return undefined;
    this.#index++;
    return { block: this.#block, at };
  }

  /** Reads the piece that begins with the record. @throws QuorateError `JOURNAL_CORRUPT` where it is not what was written */
  async load(
    segment: Segment,
    position: Position,
    group: number,
    index: number,
  ): Promise<{ readonly block: Block; readonly at: number }> {
    const offset = offsetOf(position);
    await this.#fill(segment, offset, readBytes);
    const { view } = this.#block;
    if (this.#end - offset >= recordHeaderBytes) {
      readRecordHeader(view, 0, scratch);
      const length = recordBytes(scratch.length);
      if (length > this.#end - offset && offset + length <= segment.size) {
        await this.#fill(segment, offset, length);
      }
    }
    const record = this.#block.view;
    const end = this.#end - offset;
    const before = end < recordHeaderBytes ? 0 : recordSumBefore(record, 0);
    const fault = recordFault(record, 0, end, before);
    if (fault !== undefined) throw corrupt(segment.name, offset, fault);
    readRecordHeader(record, 0, scratch);
    if (scratch.group !== group || scratch.index !== index) {
      const found = `${scratch.index} of group ${scratch.group}`;
      throw corrupt(segment.name, offset, `entry ${index} of group ${group}, not ${found}`);
    }
    this.#group = group;
    this.#index = index;
    return { block: this.#block, at: 0 };
  }

  async #fill(segment: Segment, offset: number, length: number): Promise<void> {
    const block = makeBlock(Math.min(length, segment.size - offset));
    const count = await segment.read(block.bytes, offset);
    this.#block = block;
    this.#segment = segment;
    this.#start = offset;
    this.#end = offset + count;
  }
}
