import { crc32, type LogIndex, type SnapshotMetadata, type Term } from '@quorate/core';
import { type Block, getUint56, makeBlock, setUint56, viewOf } from './block.ts';
import { aligned } from './position.ts';
import { formatVersion } from './record.ts';

/**
 * A snapshot's file: a header, the membership, pieces, and a footer. Little-endian.
 *
 * ```
 * header  0 u32 magic "QJSN"   4 u32 sum of bytes 8 to the end of the membership
 *         8 u32 group  12 u32 length of the membership  16 u56 index, u8 version  24 u56 term, u8 0
 *        32 membership, filled up with zeros to a multiple of 8
 * piece   0 u32 length, at least 1   4 u32 sum, continued from the piece before, or the header   8 bytes, not filled up
 * footer  0 u32 0   4 u32 sum of the rest, continued from the last piece   8 u56 bytes in all pieces, u8 1
 * ```
 */
export const snapshotHeaderBytes = 32;
export const pieceHeaderBytes = 8;
export const snapshotFooterBytes = 16;

/** Longer chunks are stored in several pieces, so that reading needs no more memory than this. */
export const pieceBytesMax: number = 1024 * 1024;

/** The longest membership. */
export const membershipBytesMax: number = 1024 * 1024;

const magic = 0x4e53_4a51;

export function encodeSnapshotHeader(group: number, metadata: SnapshotMetadata): Block {
  const { membership } = metadata;
  const block = makeBlock(snapshotHeaderBytes + aligned(membership.length));
  const { view, bytes } = block;
  view.setUint32(0, magic, true);
  view.setUint32(8, group, true);
  view.setUint32(12, membership.length, true);
  setUint56(view, 16, metadata.index, formatVersion);
  setUint56(view, 24, metadata.term, 0);
  bytes.set(membership, snapshotHeaderBytes);
  view.setUint32(4, crc32(bytes, 8), true);
  return block;
}

/** How many bytes header and membership take, or what was expected. `view` has the first 32 bytes. */
export function snapshotHeaderLength(view: DataView): number | string {
  if (view.byteLength < snapshotHeaderBytes) return 'a snapshot header of 32 bytes';
  if (view.getUint32(0, true) !== magic) return 'the magic number of a snapshot';
  const length = view.getUint32(12, true);
  if (length > membershipBytesMax) return `a membership of at most ${membershipBytesMax} bytes`;
  return snapshotHeaderBytes + aligned(length);
}

/** The metadata and the sum from which the first piece continues, or what was expected. `bytes` are header and membership. */
export function decodeSnapshotHeader(
  bytes: Uint8Array,
  group: number,
): { readonly metadata: SnapshotMetadata; readonly sum: number } | string {
  const view = viewOf(bytes);
  const sum = crc32(bytes, 8);
  if (sum !== view.getUint32(4, true)) return `a snapshot header with checksum ${sum}`;
  if (view.getUint8(23) !== formatVersion) return `format version ${formatVersion}, not ${view.getUint8(23)}`;
  if (view.getUint32(8, true) !== group)
    return `a snapshot of group ${group}, not ${view.getUint32(8, true)}`;
  const length = view.getUint32(12, true);
  const membership = new Uint8Array(bytes.subarray(snapshotHeaderBytes, snapshotHeaderBytes + length));
  const index = getUint56(view, 16) as LogIndex;
  return { metadata: { index, term: getUint56(view, 24) as Term, membership }, sum };
}

/** What stands before a piece. */
export function encodePieceHeader(piece: Uint8Array, before: number): { header: Uint8Array; sum: number } {
  const sum = crc32(piece, 0, piece.length, before);
  const { bytes, view } = makeBlock(pieceHeaderBytes);
  view.setUint32(0, piece.length, true);
  view.setUint32(4, sum, true);
  return { header: bytes, sum };
}

export function encodeSnapshotFooter(total: number, before: number): Uint8Array {
  const { bytes, view } = makeBlock(snapshotFooterBytes);
  setUint56(view, 8, total, 1);
  view.setUint32(4, crc32(bytes, 8, snapshotFooterBytes, before), true);
  return bytes;
}

/** The length of all pieces by the footer. Its sum is only checked where `before` is known. */
export function decodeSnapshotFooter(bytes: Uint8Array, before?: number): number | undefined {
  const view = viewOf(bytes);
  if (view.byteLength < snapshotFooterBytes || view.getUint32(0, true) !== 0 || view.getUint8(15) !== 1) {
    return undefined;
  }
  const isSound =
    before === undefined || crc32(bytes, 8, snapshotFooterBytes, before) === view.getUint32(4, true);
  return isSound ? getUint56(view, 8) : undefined;
}
