import { getUint56, setUint56 } from './block.ts';
import { alignBytes, aligned } from './position.ts';

/**
 * A record: 28 bytes of header and its payload, filled up with zeros to a multiple of 8. Little-endian.
 *
 * ```
 *  0  u24 length   of the payload, in bytes
 *  3  u8  kind     of an entry, for the replication layer; flags of other types
 *  4  u32 group
 *  8  u56 term
 * 15  u8  version  of the format
 * 16  u56 index
 * 23  u8  type     see recordTypes
 * 24  u32 back     how many bytes before this record its section begins
 * 28  payload
 * ```
 */
export const recordHeaderBytes = 28;

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
  back: number;
  version: number;
}

/** How many bytes a record with such a payload takes. */
export function recordBytes(payloadLength: number): number {
  return aligned(recordHeaderBytes + payloadLength);
}

/** Writes a record; there must be room for it. `back` is where its section begins, in bytes before it. */
export function writeRecord(
  view: DataView,
  bytes: Uint8Array,
  at: number,
  type: number,
  kind: number,
  group: number,
  term: number,
  index: number,
  payload: Uint8Array,
  back: number,
): void {
  const { length } = payload;
  // What fills the record up is within its last eight bytes: all of them are zeros first, and no loop is needed.
  view.setFloat64(at + recordBytes(length) - alignBytes, 0, true);
  view.setUint32(at, length | (kind << 24), true);
  view.setUint32(at + 4, group, true);
  setUint56(view, at + 8, term, formatVersion);
  setUint56(view, at + 16, index, type);
  view.setUint32(at + 24, back, true);
  bytes.set(payload, at + recordHeaderBytes);
}

/** Reads a header as it stands. Only in a section that was checked does it mean anything. */
export function readRecordHeader(view: DataView, at: number, into: RecordHeader): void {
  const lengthAndKind = view.getUint32(at, true);
  into.length = lengthAndKind & payloadLengthMax;
  into.kind = lengthAndKind >>> 24;
  into.group = view.getUint32(at + 4, true);
  into.term = getUint56(view, at + 8);
  into.version = view.getUint8(at + 15);
  into.index = getUint56(view, at + 16);
  into.type = view.getUint8(at + 23);
  into.back = view.getUint32(at + 24, true);
}

export function emptyHeader(): RecordHeader {
  return { type: 0, kind: 0, group: 0, term: 0, index: 0, length: 0, back: 0, version: 0 };
}
