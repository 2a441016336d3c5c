import {
  type BatchHeader,
  batchHeaderBytes,
  batchSeed,
  batchSum,
  readBatchHeader,
} from './format/batch-header.ts';
import { positionOf } from './format/position.ts';
import {
  emptyHeader,
  readRecordHeader,
  recordBytes,
  recordFault,
  type RecordHeader,
  recordSum,
} from './format/record.ts';
import type { SegmentWindow } from './segment-window.ts';

/** A batch that is whole. */
export interface FoundBatch {
  readonly header: BatchHeader;
  /** The sum of its header. */
  readonly sum: number;
  /** Where its records begin in the window's view. */
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
  const header = readBatchHeader(window.view, at, salt, position);
  if (header === undefined) return { expected: 'a batch header with a valid checksum', offset };
  if (before !== undefined && header.before !== before) {
    return { expected: `a batch that continues from checksum ${before}, not from ${header.before}`, offset };
  }
  const start = await window.load(offset, batchHeaderBytes + header.length);
  if (start === -1) return { expected: `a batch of ${header.length} bytes within the file`, offset };
  const fault = faultInRecords(window, start + batchHeaderBytes, salt, header);
  if (fault !== undefined) return { expected: fault.expected, offset: offset + fault.offset - start };
  return { header, sum: batchSum(window.view, start), at: start + batchHeaderBytes };
}

function faultInRecords(
  { view }: SegmentWindow,
  start: number,
  salt: number,
  header: BatchHeader,
): NoBatch | undefined {
  const end = start + header.length;
  let sum = batchSeed(salt, header.number);
  let at = start;
  for (let record = 0; record < header.count; record++) {
    const expected = recordFault(view, at, end, sum);
    if (expected !== undefined) return { expected, offset: at };
    sum = recordSum(view, at);
    at += recordBytes(view.getUint32(at + 8, true) & 0xff_ffff);
  }
  if (at !== end) return { expected: `records of ${header.length} bytes in all`, offset: at };
  if (sum !== header.last) return { expected: `a last record with checksum ${header.last}`, offset: at };
  return undefined;
}

/** Calls `visit` with the header of each record, which is used again for the next one, and where it is in the view. */
export function forEachRecord(
  view: DataView,
  found: FoundBatch,
  visit: (record: RecordHeader, at: number) => void,
): void {
  const record = emptyHeader();
  let { at } = found;
  for (let count = 0; count < found.header.count; count++) {
    readRecordHeader(view, at, record);
    visit(record, at);
    at += recordBytes(record.length);
  }
}
