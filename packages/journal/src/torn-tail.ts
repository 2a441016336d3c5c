import type { Disk } from '@quorate/core';
import { batchHeaderBytes, readBatchHeader } from './format/batch-header.ts';
import { alignBytes, positionOf } from './format/position.ts';
import { formatVersion } from './format/record.ts';
import { segmentHeaderBytes } from './format/segment-header.ts';
import { corrupt, otherVersion } from './journal-error.ts';
import type { ReplayEnd } from './replay.ts';
import type { Segment } from './segment.ts';
import { SegmentWindow } from './segment-window.ts';

/** How far a step of the search goes. */
const stepBytes = 512 * 1024;

/** A header that stands behind the last whole batch, in a batch that is not whole or not acknowledged. */
export interface TornHeader {
  readonly segment: Segment;
  readonly offset: number;
}

/**
 * Decides whether what follows the last whole batch is a torn tail.
 *
 * A batch that is found behind the damage says up to where everything was durable when it was written. If that is above the
 * damage, something that was acknowledged is lost, and nothing may be built on the rest. Headers that are found below are of
 * batches that were never acknowledged.
 *
 * @returns these headers, for {@link cutTornTail}
 * @throws QuorateError `JOURNAL_CORRUPT`
 */
export async function findTornTail(
  end: ReplayEnd,
  later: readonly Segment[],
  salt: number,
): Promise<readonly TornHeader[]> {
  const torn: TornHeader[] = [];
  const damaged = positionOf(end.segment.number, end.offset);
  for (const segment of [end.segment, ...later]) {
    const from = segment === end.segment ? end.offset : segmentHeaderBytes;
    for await (const { offset, durable } of findHeaders(segment, from, salt)) {
      if (durable > damaged) {
        const proof = `; a batch in file "${segment.name}" at offset ${offset} shows that it was durable`;
        throw corrupt(end.segment.name, end.damage.offset, end.damage.expected + proof);
      }
      torn.push({ segment, offset });
    }
  }
  return torn;
}

/** Writes zeros over the headers of a torn tail, so that no later reader takes them for batches. */
export async function cutTornTail(disk: Disk, torn: readonly TornHeader[]): Promise<void> {
  for (const { segment, offset } of torn) {
    await using file = await disk.open(segment.name);
    await file.write([new Uint8Array(batchHeaderBytes)], offset);
    await file.sync();
  }
}

/**
 * All headers from `start` on that are sound and stand where they were written.
 *
 * @throws QuorateError `JOURNAL_CORRUPT` at one of another version
 */
export async function* findHeaders(
  segment: Segment,
  start: number,
  salt: number,
): AsyncGenerator<{ readonly offset: number; readonly durable: number }> {
  const window = new SegmentWindow(segment);
  for (let from = start; from + batchHeaderBytes <= segment.size; from += stepBytes) {
    const length = Math.min(stepBytes + batchHeaderBytes, segment.size - from);
    const at = await window.load(from, length);
    if (at === -1) return;
    const { view, bytes } = window;
    const lastOffset = Math.min(stepBytes - alignBytes, length - batchHeaderBytes);
    for (let step = 0; step <= lastOffset; step += alignBytes) {
      const header = readBatchHeader(view, bytes, at + step, salt, positionOf(segment.number, from + step));
      if (header === undefined) continue;
      const offset = from + step;
      if (header.version !== formatVersion) throw otherVersion(segment.name, offset, header.version);
      yield { offset, durable: header.durable };
    }
  }
}
