import {
  type BatchHeader,
  batchHeaderBytes,
  batchSeed,
  batchSum,
  readBatchHeader,
} from './format/batch-header.ts';
import { positionOf } from './format/position.ts';
import { emptyHeader, formatVersion, type RecordHeader } from './format/record.ts';
import { sectionCount, sectionEnd, sectionFault, sectionSum, visitSection } from './format/section.ts';
import { corrupt, otherVersion } from './journal-error.ts';
import type { SegmentWindow } from './segment-window.ts';

/** A batch that is whole. */
export interface FoundBatch {
  readonly header: BatchHeader;
  /** The sum of its header. */
  readonly sum: number;
  /** Where its first section begins in the window's view. */
  readonly at: number;
}

/** What is there in place of a batch. */
export interface NoBatch {
  readonly expected: string;
  /** In the segment. */
  readonly offset: number;
}

/**
 * Reads the batch at `offset` into the window and checks all of it.
 *
 * @param before the sum of the batch before, `undefined` where it is unknown
 * @throws QuorateError `JOURNAL_CORRUPT` where what stands there is sound, so that no crash explains it, and cannot be read
 */
export async function readBatch(
  window: SegmentWindow,
  offset: number,
  salt: number,
  before: number | undefined,
): Promise<FoundBatch | NoBatch> {
  const at = await window.load(offset, batchHeaderBytes);
  if (at === -1) return { expected: 'a batch', offset };
  const position = positionOf(window.segment.number, offset);
  const header = readBatchHeader(window.view, window.bytes, at, salt, position);
  if (header === undefined) return { expected: 'a batch header with a valid checksum', offset };
  if (header.version !== formatVersion) throw otherVersion(window.segment.name, offset, header.version);
  if (before !== undefined && header.before !== before) {
    return { expected: `a batch that continues from checksum ${before}, not from ${header.before}`, offset };
  }
  const start = await window.load(offset, batchHeaderBytes + header.length);
  if (start === -1) return { expected: `a batch of ${header.length} bytes within the file`, offset };
  const fault = faultInSections(window, start + batchHeaderBytes, salt, header);
  if (fault !== undefined) {
    const { expected } = fault;
    const faultAt = offset + fault.offset - start;
    if (fault.isSound) throw corrupt(window.segment.name, faultAt, expected);
    return { expected, offset: faultAt };
  }
  return { header, sum: batchSum(window.view, start), at: start + batchHeaderBytes };
}

/** @returns the fault, and whether it is in a section whose checksum is right: then its records were written like that */
function faultInSections(
  { view, bytes }: SegmentWindow,
  start: number,
  salt: number,
  header: BatchHeader,
): (NoBatch & { readonly isSound: boolean }) | undefined {
  const end = start + header.length;
  const record = emptyHeader();
  let sum = batchSeed(salt, header.number);
  let at = start;
  let count = 0;
  while (at < end) {
    const fault = sectionFault(view, bytes, at, end, sum);
    if (fault !== undefined) return { expected: fault, offset: at, isSound: false };
    const expected = visitSection(view, at, record, () => undefined);
    if (expected !== undefined) return { expected, offset: at, isSound: true };
    count += sectionCount(view, at);
    sum = sectionSum(view, at);
    at = sectionEnd(view, at);
  }
  const isSound = false;
  if (count !== header.count)
    return { expected: `${header.count} records, not ${count}`, offset: at, isSound };
  if (sum !== header.last) {
    return { expected: `a last section with checksum ${header.last}`, offset: at, isSound };
  }
  return undefined;
}

/** Calls `visit` with the header of each record, which is used again for the next one, and where it is in the view. */
export function forEachRecord(
  view: DataView,
  found: FoundBatch,
  visit: (record: RecordHeader, at: number) => void,
): void {
  const record = emptyHeader();
  const end = found.at + found.header.length;
  for (let at = found.at; at < end; at = sectionEnd(view, at)) visitSection(view, at, record, visit);
}
