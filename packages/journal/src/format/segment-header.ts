import { crc32 } from '@quorate/core';
import { type Block, makeBlock, viewOf } from './block.ts';
import { formatVersion } from './record.ts';

/**
 * The first 64 bytes of a segment's file, durable before the file has its name. Little-endian.
 *
 * ```
 *  0  u32 magic "QJS1"
 *  4  u32 sum      CRC-32 of bytes 8 to 63
 *  8  u32 number   of the segment
 * 12  u32 salt     of the journal: bytes that were written by another journal, or by a user, are no batches of this one
 * 16  u32 size     of the file
 * 20  u8  version
 * 21  zeros
 * ```
 */
export const segmentHeaderBytes = 64;

const magic = 0x3153_4a51;

export interface SegmentHeader {
  readonly number: number;
  readonly salt: number;
  readonly size: number;
  /** Of the format; of another one than this code's, nothing else is known. */
  readonly version: number;
}

export function encodeSegmentHeader(header: Omit<SegmentHeader, 'version'>): Block {
  const block = makeBlock(segmentHeaderBytes);
  const { view, bytes } = block;
  view.setUint32(0, magic, true);
  view.setUint32(8, header.number, true);
  view.setUint32(12, header.salt, true);
  view.setUint32(16, header.size, true);
  view.setUint8(20, formatVersion);
  view.setUint32(4, crc32(bytes, 8), true);
  return block;
}

/** The header, of whatever version, or what was expected in its place. */
export function decodeSegmentHeader(bytes: Uint8Array): SegmentHeader | string {
  if (bytes.length < segmentHeaderBytes) return 'a segment header of 64 bytes';
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== magic) return 'the magic number of a segment';
  const sum = crc32(bytes, 8, segmentHeaderBytes);
  if (sum !== view.getUint32(4, true)) return `a segment header with checksum ${sum}`;
  return {
    version: view.getUint8(20),
    number: view.getUint32(8, true),
    salt: view.getUint32(12, true),
    size: view.getUint32(16, true),
  };
}
