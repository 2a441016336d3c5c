import { crc32 } from '@quorate/core';
import {
  formatVersion,
  readRecordHeader,
  recordBytes,
  recordHeaderBytes,
  type RecordHeader,
} from './record.ts';

/**
 * The records of a batch stand in sections, each of which has one checksum. Little-endian.
 *
 * ```
 *  0  u32 sum      CRC-32 of bytes 8 to the end of the section, continued from `before`
 *  4  u32 before   the sum of the section before it in its batch; of the batch's number at the first
 *  8  u32 length   of the records, in bytes
 * 12  u32 count    of the records
 * 16  records
 * ```
 *
 * One sum for many records costs a call of `zlib` where each record's own would cost a loop. A single record is still checked
 * with little reading, since it says how far behind it its section begins, and that is never far.
 */
export const sectionHeaderBytes = 16;

/**
 * The longest section of more than one record, header included. CRC-32 finds every change of up to three bits in up to 11,450
 * bytes (Koopman, "32-Bit Cyclic Redundancy Codes for Internet Applications", 2002).
 */
export const sectionBytesMax = 8192;

/** Writes the header of a section whose records are there, and returns its sum. */
export function writeSectionHeader(
  view: DataView,
  bytes: Uint8Array,
  start: number,
  end: number,
  count: number,
  before: number,
): number {
  view.setUint32(start + 8, end - start - sectionHeaderBytes, true);
  view.setUint32(start + 12, count, true);
  const sum = crc32(bytes, start + 8, end, before);
  view.setUint32(start, sum, true);
  view.setUint32(start + 4, before, true);
  return sum;
}

/** Where a section ends that begins at `start`, as its header says. There must be a header's bytes. */
export function sectionEnd(view: DataView, start: number): number {
  return start + sectionHeaderBytes + view.getUint32(start + 8, true);
}

/** How many records a section has. */
export function sectionCount(view: DataView, start: number): number {
  return view.getUint32(start + 12, true);
}

/** The sum that a section's header holds, and the one from which it continues. */
export function sectionSum(view: DataView, start: number): number {
  return view.getUint32(start, true);
}

export function sectionSumBefore(view: DataView, start: number): number {
  return view.getUint32(start + 4, true);
}

/** Why what stands here is no section that continues from `before`; `undefined` if it is one. Nothing is read at or above `end`. */
export function sectionFault(
  view: DataView,
  bytes: Uint8Array,
  start: number,
  end: number,
  before: number,
): string | undefined {
  if (start + sectionHeaderBytes > end) return 'a section';
  const own = sectionEnd(view, start);
  if (own > end) return `a section of at most ${end - start} bytes, not of ${own - start}`;
  if (sectionSumBefore(view, start) !== before) return `a section that continues from checksum ${before}`;
  const sum = crc32(bytes, start + 8, own, before);
  const written = sectionSum(view, start);
  return sum === written ? undefined : `checksum ${sum}, not ${written}`;
}

/**
 * Calls `visit` with the header of each record of a sound section, which is used again for the next one, and where it is.
 *
 * @returns what was expected where the records are not as this version writes them
 */
export function visitSection(
  view: DataView,
  start: number,
  record: RecordHeader,
  visit: (record: RecordHeader, at: number) => void,
): string | undefined {
  const end = sectionEnd(view, start);
  const count = sectionCount(view, start);
  let at = start + sectionHeaderBytes;
  for (let read = 0; read < count; read++) {
    if (at + recordHeaderBytes > end) return `${count} records, not ${read}`;
    readRecordHeader(view, at, record);
    if (record.version !== formatVersion)
      return `records of format version ${formatVersion}, not ${record.version}`;
    const next = at + recordBytes(record.length);
    if (next > end || record.back !== at - start) return `a record within its section`;
    visit(record, at);
    at = next;
  }
  return at === end ? undefined : `records of ${end - start - sectionHeaderBytes} bytes in all`;
}
