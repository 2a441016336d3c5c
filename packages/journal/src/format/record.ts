import { crc32c } from '../crc32c.ts';
import { getUint56, setUint56 } from './block.ts';
import { alignBytes, aligned } from './position.ts';

/**
 * A record: 32 bytes of header and its payload, filled up with zeros to a multiple of 8. Little-endian.
 *
 * ```
 *  0  u32 sum      CRC32C of bytes 8 to the end of the payload, continued from `before`
 *  4  u32 before   the sum of the record before it in its batch; of the batch's number at the first
 *  8  u24 length   of the payload, in bytes
 * 11  u8  kind     of an entry, for the replication layer; flags of other types
 * 12  u32 group
 * 16  u56 term
 * 23  u8  version  of the format
 * 24  u56 index
 * 31  u8  type     see recordTypes
 * ```
 */
export const recordHeaderBytes = 32;

/** The version of the format that this code writes, and the only one that it reads. */
export const formatVersion = 1;

/** The longest payload that the field for its length can tell. */
export const payloadLengthMax = 0xff_ffff;

/** The largest `kind` of an entry. */
export const kindMax = 0xff;

/** What a record says about its group. */
export const recordTypes = {
  /** Appends an entry. */
  entry: 1,
  /** Repeats an entry that is held, because the segment in which it stood is given back. */
  moved: 2,
  /** Drops every entry from `index` on. */
  truncate: 3,
  /** Hard state: `term`, `index` is what is committed, the payload names who has the vote if `kind` is 1. */
  hardState: 4,
  /** Entries up to `index`, whose term is `term`, are given back; with `kind` 1 all others too. */
  base: 5,
} as const;

/** Everything of a record but its payload. */
export interface RecordHeader {
  type: number;
  kind: number;
  group: number;
  term: number;
  index: number;
  length: number;
}

/** How many bytes a record with such a payload takes. */
export function recordBytes(payloadLength: number): number {
  return recordHeaderBytes + aligned(payloadLength);
}

/** Writes a record and returns its sum. There must be room for it. */
export function writeRecord(
  view: DataView,
  bytes: Uint8Array,
  at: number,
  header: RecordHeader,
  payload: Uint8Array,
  before: number,
): number {
  view.setUint32(at + 8, header.length | (header.kind << 24), true);
  view.setUint32(at + 12, header.group, true);
  setUint56(view, at + 16, header.term, formatVersion);
  setUint56(view, at + 24, header.index, header.type);
  bytes.set(payload, at + recordHeaderBytes);
  const end = at + recordHeaderBytes + header.length;
  for (let pad = end; pad % alignBytes !== 0; pad++) view.setUint8(pad, 0);
  const sum = crc32c(before, view, at + 8, end);
  view.setUint32(at, sum, true);
  view.setUint32(at + 4, before, true);
  return sum;
}

/** Reads a header as it stands, without a look at the sum. */
export function readRecordHeader(view: DataView, at: number, into: RecordHeader): void {
  const lengthAndKind = view.getUint32(at + 8, true);
  into.length = lengthAndKind & payloadLengthMax;
  into.kind = lengthAndKind >>> 24;
  into.group = view.getUint32(at + 12, true);
  into.term = getUint56(view, at + 16);
  into.index = getUint56(view, at + 24);
  into.type = view.getUint8(at + 31);
}

export function emptyHeader(): RecordHeader {
  return { type: 0, kind: 0, group: 0, term: 0, index: 0, length: 0 };
}

/** Why what stands here is no record that continues from `before`; `undefined` if it is one. Nothing is read at or above `end`. */
export function recordFault(view: DataView, at: number, end: number, before: number): string | undefined {
  if (at + recordHeaderBytes > end) return 'a record';
  const length = view.getUint32(at + 8, true) & payloadLengthMax;
  if (at + recordBytes(length) > end) return `a record of at most ${end - at} bytes, not of ${length}`;
  if (view.getUint32(at + 4, true) !== before) return `a record that continues from checksum ${before}`;
  const sum = crc32c(before, view, at + 8, at + recordHeaderBytes + length);
  const written = view.getUint32(at, true);
  if (sum !== written) return `checksum ${sum}, not ${written}`;
  const version = view.getUint8(at + 23);
  return version === formatVersion ? undefined : `format version ${formatVersion}, not ${version}`;
}

/** The sum that a record's header holds, and the one from which it continues. */
export function recordSum(view: DataView, at: number): number {
  return view.getUint32(at, true);
}

export function recordSumBefore(view: DataView, at: number): number {
  return view.getUint32(at + 4, true);
}
