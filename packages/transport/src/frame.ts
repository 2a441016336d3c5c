import { crc32 } from '@quorate/core';

/**
 * The layout of frames on a byte stream. All numbers are little-endian; a frame is 20 bytes longer than its payload.
 *
 * ```text
 *  0        4         5      6       8       12                 16                20
 *  | length | version | kind | flags | group | payload checksum | header checksum | payload …
 *     u32       u8       u8     u16     u32         CRC-32             CRC-32
 * ```
 *
 * The header has a checksum of its own, so that a length is believed only after it was checked: a flipped bit in it costs
 * the connection at once, rather than after a wait for bytes that nobody will send. That checksum starts from the number of
 * the frame on its connection (0, 1, 2, … modulo 2^32), so that a frame that was dropped, repeated or moved as a whole within
 * the stream is found as well, and costs not a byte. Checksums are against accidents; against people there is TLS.
 *
 * The layout is fixed: another one is another version.
 *
 * @module
 */

/** The version that this code writes, and the only one that it reads. */
export const frameVersion = 1;

/** Bytes before the payload. */
export const frameHeaderBytes = 20;

/** What a frame is for. */
export const FrameKind: {
  readonly hello: 1;
  readonly welcome: 2;
  readonly ready: 3;
  readonly refusal: 4;
  readonly message: 5;
  readonly heartbeat: 6;
  readonly goodbye: 7;
} = { hello: 1, welcome: 2, ready: 3, refusal: 4, message: 5, heartbeat: 6, goodbye: 7 };

export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

/** The largest kind that there is; the smallest is 1. */
export const frameKindMax = 7;

/** The longest payload that the layout and this code can carry; connections set a lower limit. */
export const framePayloadMaxBytes: number = 0x3fff_ffff;

/**
 * Writes a frame at `at`, where there must be room for it, and gives the place behind it.
 *
 * @param sequence the number of the frame on its connection
 */
export function writeFrame(
  target: Uint8Array,
  at: number,
  kind: FrameKind,
  group: number,
  payload: Uint8Array,
  sequence: number,
): number {
  const body = at + frameHeaderBytes;
  target.set(payload, body);
  return writeFrameHeader(target, at, kind, group, payload.length, sequence);
}

/** Writes the header of a frame whose payload of `length` bytes stands in `target` already, and gives the place behind it. */
export function writeFrameHeader(
  target: Uint8Array,
  at: number,
  kind: FrameKind,
  group: number,
  length: number,
  sequence: number,
): number {
  const body = at + frameHeaderBytes;
  putUint32(target, at, length);
  target[at + 4] = frameVersion;
  target[at + 5] = kind;
  target[at + 6] = 0;
  target[at + 7] = 0;
  putUint32(target, at + 8, group);
  putUint32(target, at + 12, crc32(target, body, body + length));
  putUint32(target, at + 16, crc32(target, at, at + 16, sequence));
  return body + length;
}

/** Writes an unsigned 32-bit number, lowest byte first. */
export function putUint32(target: Uint8Array, at: number, value: number): void {
  target[at] = value;
  target[at + 1] = value >>> 8;
  target[at + 2] = value >>> 16;
  target[at + 3] = value >>> 24;
}

/** Reads an unsigned 32-bit number, lowest byte first. */
export function getUint32(source: Uint8Array, at: number): number {
  return (
    ((source[at] as number) |
      ((source[at + 1] as number) << 8) |
      ((source[at + 2] as number) << 16) |
      ((source[at + 3] as number) << 24)) >>>
    0
  );
}
