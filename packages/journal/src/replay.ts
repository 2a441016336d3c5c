import { groupId, type HardState, type LogIndex, type NodeId, type Term } from '@quorate/core';
import { batchHeaderBytes } from './format/batch-header.ts';
import { alignBytes, type Position, positionOf } from './format/position.ts';
import { recordHeaderBytes, type RecordHeader, recordTypes } from './format/record.ts';
import { segmentHeaderBytes } from './format/segment-header.ts';
import { GroupState } from './group-state.ts';
import { corrupt } from './journal-error.ts';
import { type FoundBatch, forEachRecord, readBatch } from './read-batch.ts';
import type { Segment } from './segment.ts';
import type { SegmentList } from './segment-list.ts';
import { SegmentWindow, WindowBuffer } from './segment-window.ts';

/** Where whole batches end, and why. */
export interface ReplayEnd {
  readonly segment: Segment;
  readonly offset: number;
  /** What stands at the end in place of a batch: where, and what was expected. */
  readonly damage: { readonly offset: number; readonly expected: string };
  readonly sum: number;
  readonly number: number;
  readonly durable: Position;
  /** The last whole batch, if there is one. */
  readonly last: { readonly segment: Segment; readonly offset: number; readonly length: number } | undefined;
  /** The oldest segment that the last batch needs; 0 where there is no batch. */
  readonly oldest: number;
}

/** Reads all batches once, in order, and brings the groups to the state that they describe. */
export class Replay {
  readonly groups: Map<number, GroupState> = new Map();
  /** Groups whose last entry is known: not those of which only moved entries were met. */
  readonly #known = new Set<number>();
  readonly #list: SegmentList;
  readonly #salt: number;
  readonly #buffer = new WindowBuffer();
  #sum: number | undefined;
  #number = 0;
  #durable: Position;
  #oldest = 0;
  #last: ReplayEnd['last'];

  constructor(list: SegmentList, salt: number) {
    this.#list = list;
    this.#salt = salt;
    // Only the first segment has nothing before it; elsewhere the first batch's predecessor is gone, and taken on trust.
    this.#sum = list.oldest.number === 1 ? 0 : undefined;
    this.#durable = positionOf(list.oldest.number, segmentHeaderBytes);
  }

  /** @param throwIfAborted is called now and then */
  async run(throwIfAborted: () => void): Promise<ReplayEnd> {
    let window = new SegmentWindow(this.#list.oldest, this.#buffer);
    let offset = segmentHeaderBytes;
    for (;;) {
      throwIfAborted();
      const found = await readBatch(window, offset, this.#salt, this.#sum);
      if ('header' in found) {
        this.#apply(window, found, offset);
        offset += batchHeaderBytes + found.header.length;
        window.segment.offset = offset;
        continue;
      }
      const next = this.#list.all[window.segment.number - this.#list.oldest.number + 1];
      const nextWindow = next === undefined ? undefined : await this.#continues(next);
      if (nextWindow === undefined) return this.#end(window.segment, offset, found);
      window = nextWindow;
      offset = segmentHeaderBytes;
    }
  }

  /** A window on the next segment, if the chain goes on there. It takes the buffer of the one before. */
  async #continues(next: Segment): Promise<SegmentWindow | undefined> {
    const window = new SegmentWindow(next, this.#buffer);
    const found = await readBatch(window, segmentHeaderBytes, this.#salt, this.#sum);
    return 'header' in found && found.header.durable <= this.#durable ? window : undefined;
  }

  #end(segment: Segment, offset: number, damage: ReplayEnd['damage']): ReplayEnd {
    return {
      segment,
      offset,
      damage,
      sum: this.#sum ?? 0,
      number: this.#number,
      durable: this.#durable,
      last: this.#last,
      oldest: this.#oldest,
    };
  }

  #apply(window: SegmentWindow, found: FoundBatch, offset: number): void {
    const { segment, view, bytes } = window;
    const first = found.at;
    const start = positionOf(segment.number, offset + batchHeaderBytes);
    forEachRecord(view, found, (record, at) => {
      const position = start + (at - first) / alignBytes;
      const payloadAt = at + recordHeaderBytes;
      const payload = bytes.subarray(payloadAt, payloadAt + record.length);
      const fault = this.#record(record, payload, position, segment);
      if (fault !== undefined) throw corrupt(segment.name, offset + batchHeaderBytes + at - first, fault);
    });
    this.#last = { segment, offset, length: batchHeaderBytes + found.header.length };
    this.#sum = found.sum;
    this.#number = found.header.number;
    this.#oldest = found.header.oldest;
    this.#durable = start + found.header.length / alignBytes;
  }

  /** Applies one record; returns what was expected where it cannot be applied. */
  #record(
    record: RecordHeader,
    payload: Uint8Array,
    position: Position,
    segment: Segment,
  ): string | undefined {
    const group = this.#group(record.group);
    const { type, index } = record;
    const isAppended = type === recordTypes.entry;
    if (isAppended && this.#known.has(group.id) && index !== group.last + 1) {
      return `entry ${group.last + 1} of group ${group.id}, not ${index}`;
    }
    if (isAppended || type === recordTypes.truncate || (type === recordTypes.base && record.kind === 1)) {
      this.#known.add(group.id);
    }
    return applyRecord(group, record, payload, position, segment.number);
  }

  #group(id: number): GroupState {
    let group = this.groups.get(id);
    if (group === undefined) {
      group = new GroupState(groupId(id), this.#list);
      this.groups.set(id, group);
    }
    return group;
  }
}

const decoder = new TextDecoder();

/**
 * A group whose beginning was given back is first met in the middle: its first entry may have any index, and what is missing
 * before it comes later, as moved entries. So only the end shows whether it is complete.
 */
function applyRecord(
  group: GroupState,
  record: RecordHeader,
  payload: Uint8Array,
  position: Position,
  segment: number,
): string | undefined {
  const { type, index, term } = record;
  switch (type) {
    case recordTypes.entry:
      group.append(index, term, position);
      return undefined;
    case recordTypes.moved:
      group.move(index, term, position);
      return undefined;
    case recordTypes.truncate:
      group.truncate(index);
      return undefined;
    case recordTypes.hardState:
      group.hardState = decodeHardState(record, payload);
      group.hardStateSegment = segment;
      return undefined;
    case recordTypes.base:
      group.rebase({ index, term }, record.kind === 1, segment);
      return undefined;
    default:
      return `a record of a type from 1 to 5, not ${type}`;
  }
}

function decodeHardState({ term, index, kind }: RecordHeader, payload: Uint8Array): HardState {
  return {
    term: term as Term,
    committed: index as LogIndex,
    votedFor: kind === 1 ? (decoder.decode(payload) as NodeId) : undefined,
  };
}
