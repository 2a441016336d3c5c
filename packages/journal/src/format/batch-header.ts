import { crc32 } from '@quorate/core';
import { type Block, getUint56, makeBlock, setUint56 } from './block.ts';
import { type Position, offsetOf, positionOf, segmentOf } from './position.ts';
import { formatVersion } from './record.ts';

/**
 * What stands before the sections that one sync makes durable. Little-endian.
 *
 * ```
 *  0  u32 magic "QJB1"
 *  4  u32 sum      CRC-32 of bytes 8 to 63, continued from the journal's salt
 *  8  u32 before   the sum of the batch before it: batches are a chain too
 * 12  u32 last     the sum of the last section
 * 16  u56 number   of the batch, from 1; u8 version
 * 24  u32 segment, u32 offset: where it stands, so that it counts nowhere else
 * 32  u32 segment, u32 offset: everything below was durable before this was written
 * 40  u32 length   of the sections, in bytes
 * 44  u32 count    of the records
 * 48  u32 oldest   the first segment that is still needed
 * 52  zeros
 * ```
 */
export const batchHeaderBytes = 64;

const magic = 0x3142_4a51;

export interface BatchHeader {
  readonly before: number;
  readonly last: number;
  readonly number: number;
  readonly position: Position;
  readonly durable: Position;
  readonly length: number;
  readonly count: number;
  readonly oldest: number;
  /** Of the format; of another one than this code's, nothing else is known. */
  readonly version: number;
}

/** Writes a header and returns its sum. */
export function writeBatchHeader(
  { view, bytes }: Block,
  at: number,
  salt: number,
  header: Omit<BatchHeader, 'version'>,
): number {
  view.setUint32(at, magic, true);
  view.setUint32(at + 8, header.before, true);
  view.setUint32(at + 12, header.last, true);
  setUint56(view, at + 16, header.number, formatVersion);
  view.setUint32(at + 24, segmentOf(header.position), true);
  view.setUint32(at + 28, offsetOf(header.position), true);
  view.setUint32(at + 32, segmentOf(header.durable), true);
  view.setUint32(at + 36, offsetOf(header.durable), true);
  view.setUint32(at + 40, header.length, true);
  view.setUint32(at + 44, header.count, true);
  view.setUint32(at + 48, header.oldest, true);
  for (let pad = at + 52; pad < at + batchHeaderBytes; pad += 4) view.setUint32(pad, 0, true);
  const sum = crc32(bytes, at + 8, at + batchHeaderBytes, salt);
  view.setUint32(at + 4, sum, true);
  return sum;
}

/** The sum of a header: what the next one continues from. */
export function batchSum(view: DataView, at: number): number {
  return view.getUint32(at + 4, true);
}

/** The header, of whatever version, that stands here and belongs here, or `undefined`. The caller makes sure that there are 64 bytes. */
export function readBatchHeader(
  view: DataView,
  bytes: Uint8Array,
  at: number,
  salt: number,
  position: Position,
): BatchHeader | undefined {
  if (view.getUint32(at, true) !== magic) return undefined;
  if (view.getUint32(at + 24, true) !== segmentOf(position)) return undefined;
  if (view.getUint32(at + 28, true) !== offsetOf(position)) return undefined;
  if (crc32(bytes, at + 8, at + batchHeaderBytes, salt) !== batchSum(view, at)) return undefined;
  return {
    before: view.getUint32(at + 8, true),
    last: view.getUint32(at + 12, true),
    number: getUint56(view, at + 16),
    position,
    durable: positionOf(view.getUint32(at + 32, true), view.getUint32(at + 36, true)),
    length: view.getUint32(at + 40, true),
    count: view.getUint32(at + 44, true),
    oldest: view.getUint32(at + 48, true),
    version: view.getUint8(at + 23),
  };
}

const seedBlock = makeBlock(8);

/** What the first section of a batch continues from: no section of another batch fits into its chain. */
export function batchSeed(salt: number, number: number): number {
  setUint56(seedBlock.view, 0, number, 0);
  return crc32(seedBlock.bytes, 0, 8, salt);
}
