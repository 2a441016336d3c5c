import { errorCode } from '@quorate/core';
import { batchHeaderBytes } from './format/batch-header.ts';
import { alignBytes, positionOf } from './format/position.ts';
import { recordHeaderBytes, recordTypes } from './format/record.ts';
import { segmentHeaderBytes } from './format/segment-header.ts';
import type { GroupState } from './group-state.ts';
import type { MovedEntry, Operation } from './operation.ts';
import { forEachRecord, readBatch } from './read-batch.ts';
import type { Segment } from './segment.ts';
import { SegmentWindow } from './segment-window.ts';
import type { Segments } from './segments.ts';
import type { Writer } from './writer.ts';
import { corrupt } from './journal-error.ts';

/** Entries are moved in portions of about this size, so that writes of others come in between. */
const portionBytes = 256 * 1024;

/**
 * Gives segments back, the oldest first: those that nobody needs, and, once less than half of what is stored is needed,
 * those that some idle group still holds, after its entries were written again at the end (log cleaning: Rosenblum,
 * Ousterhout, "The Design and Implementation of a Log-Structured File System", 1992). So the journal takes at most about
 * twice the room of what is needed, and each entry is moved about once for each time that as much was written anew.
 */
export class Reclaim {
  readonly #segments: Segments;
  readonly #writer: Writer;
  readonly #groups: ReadonlyMap<number, GroupState>;
  #running: Promise<void> | undefined;
  #again = false;
  #closed = false;

  constructor(segments: Segments, writer: Writer, groups: ReadonlyMap<number, GroupState>) {
    this.#segments = segments;
    this.#writer = writer;
    this.#groups = groups;
  }

  /** Gives back what can be given back now. A full disk is no error: it is tried again with the next compaction. */
  run(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#loop();
    return this.#running;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#running?.catch(() => undefined);
  }

  async #loop(): Promise<void> {
    try {
      while (this.#again && !this.#closed) {
        this.#again = false;
        await this.#pass().catch(ignoreFullDisk);
      }
    } finally {
      // In the same turn as the last look at what was asked for, so that nobody who asks then is missed.
      this.#running = undefined;
    }
  }

  async #pass(): Promise<void> {
    const { list } = this.#segments;
    const end = list.active.number;
    while (list.oldest.number < end && !this.#closed) {
      const { oldest } = list;
      if (oldest.live > 0) {
        if (!this.#isMostlyGarbage()) return;
        await this.#moveEntries(oldest);
        if (oldest.live > 0) return;
      }
      await this.#giveBack(oldest);
    }
  }

  #isMostlyGarbage(): boolean {
    let stored = 0;
    let needed = 0;
    for (const segment of this.#segments.list.sealed) {
      stored += segment.offset;
      needed += segment.liveBytes;
    }
    return needed * 2 <= stored;
  }

  /** Writes what else is only in the oldest segment again, says that it is not needed, and gives it back. */
  async #giveBack(oldest: Segment): Promise<void> {
    await Promise.all(this.#repeatStates(oldest.number));
    // Only now: a batch that says so earlier would let the segment be lost with the states that are nowhere else.
    this.#writer.oldest = oldest.number + 1;
    const [group] = this.#groups.values();
    if (group !== undefined) await this.#writer.submit({ group });
    await this.#segments.giveBackOldest();
  }

  #repeatStates(segment: number): Promise<void>[] {
    const written: Promise<void>[] = [];
    for (const group of this.#groups.values()) {
      // What is accepted and not durable yet is written before this, so only what it leaves out is repeated.
      const hardState = group.hardStateSegment === segment ? group.acceptedHardState : undefined;
      const base = group.baseSegment === segment ? group.acceptedBase : undefined;
      if (hardState === undefined && base === undefined) continue;
      written.push(this.#writer.submit({ group, hardState, base }));
    }
    return written;
  }

  async #moveEntries(segment: Segment): Promise<void> {
    segment.retain();
    try {
      const window = new SegmentWindow(segment);
      let offset = segmentHeaderBytes;
      let portion = new Portion();
      while (offset < segment.offset) {
        const found = await readBatch(window, offset, this.#segments.salt, undefined);
        if (!('header' in found)) throw corrupt(segment.name, found.offset, found.expected);
        const start = positionOf(segment.number, offset + batchHeaderBytes);
        forEachRecord(window.view, found, (record, at) => {
          if (record.type !== recordTypes.entry && record.type !== recordTypes.moved) return;
          const from = start + (at - found.at) / alignBytes;
          const group = this.#groups.get(record.group);
          if (group === undefined || group.index.position(record.index) !== from) return;
          const { index, term, kind } = record;
          const payloadAt = at + recordHeaderBytes;
          const payload = window.bytes.slice(payloadAt, payloadAt + record.length);
          portion.add(group, { index, term, kind, payload, from });
        });
        offset += batchHeaderBytes + found.header.length;
        if (portion.byteCount < portionBytes) continue;
        await this.#write(portion);
        portion = new Portion();
      }
      await this.#write(portion);
    } finally {
      await segment.release();
    }
  }

  async #write(portion: Portion): Promise<void> {
    // An entry that is about to be dropped must not come back, so nothing moves before that is settled.
    for (const group of portion.entries.keys()) {
      while (group.pendingDrops > 0) await this.#writer.submit({ group });
    }
    const written: Promise<void>[] = [];
    for (const [group, entries] of portion.entries) {
      const moved = entries.filter(({ index, from }) => group.index.position(index) === from);
      if (moved.length === 0 || group.pendingDrops > 0) continue;
      const operation: Operation = { group, moved };
      written.push(this.#writer.submit(operation));
    }
    await Promise.all(written);
  }
}

function ignoreFullDisk(error: unknown): void {
  if (errorCode(error) !== 'STORAGE_FULL') throw error;
}

/** Entries to be moved together. */
class Portion {
  readonly entries = new Map<GroupState, MovedEntry[]>();
  byteCount = 0;

  add(group: GroupState, entry: MovedEntry): void {
    const entries = this.entries.get(group);
    if (entries === undefined) this.entries.set(group, [entry]);
    else entries.push(entry);
    this.byteCount += recordHeaderBytes + entry.payload.length;
  }
}
