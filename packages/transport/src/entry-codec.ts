import { crc32, type GroupId, type LogEntry, type LogIndex, type Term } from '@quorate/core';

/**
 * The layout of batches of log entries. All numbers are little-endian.
 *
 * ```text
 *  0         1       2          4       8       12             16
 *  | version | flags | reserved | group | count | checksum     | entries …
 *     u8        u8      u16        u32     u32     CRC-32 of the entries, continued over the 12 bytes before it
 *
 *  flags: 1 = there is a checksum; without it the field is 0
 *
 *  entry: 0       8      16     20       24
 *         | index | term | kind | length | payload …
 *            u64    u64    u32     u32
 * ```
 *
 * The layout is fixed: another one is another version.
 *
 * @module
 */

/** The version that this code writes, and the only one that it reads. */
export const entryBatchVersion = 1;

/** Bytes before the first entry of a batch. */
export const entryBatchHeaderBytes = 16;

/** Bytes of an entry before its payload. */
export const entryHeaderBytes = 24;

const flagChecksum = 1;
const checksumAt = 12;
const word = 0x1_0000_0000;
/** What is left of 2^53 - 1 above 32 bits. */
const highMax = 0x1f_ffff;

/** What a batch holds. */
export interface EntryBatch {
  readonly fault: undefined;
  readonly group: GroupId;
  readonly entries: readonly LogEntry[];
}

/** Why bytes are no batch. */
export interface EntryBatchFault {
  readonly fault: 'truncated' | 'version' | 'reserved' | 'checksum' | 'count' | 'range' | 'trailing';
}

/** How many bytes {@link encodeEntries} will write. */
export function entryBatchBytes(entries: readonly LogEntry[]): number {
  let bytes = entryBatchHeaderBytes + entries.length * entryHeaderBytes;
  for (const { payload } of entries) bytes += payload.length;
  return bytes;
}

/** How a batch is written. */
export interface EncodeOptions {
  /**
   * Default `true`. Costs about as much as all the rest. Say `false` for a batch that travels inside something with a
   * checksum of its own, such as a frame or a journal's record.
   */
  readonly checksum?: boolean;
}

/** How a batch is read. */
export interface DecodeOptions {
  /** Whether payloads outlive the input. Default `false`. */
  readonly copy?: boolean;
}

/**
 * Writes a batch at `at`, and gives the place behind it. The payloads are copied. Entries may be any, in any order.
 *
 * @throws RangeError when there is no room for it, or a kind is no integer from 0 to 2^32 - 1; what was written then is no
 *   batch
 */
export function encodeEntries(
  target: Uint8Array,
  at: number,
  group: GroupId,
  entries: readonly LogEntry[],
  options: EncodeOptions = {},
): number {
  const { checksum = true } = options;
  let end = at + entryBatchHeaderBytes;
  if (end > target.length) throw noRoom(entries, target.length - at);
  const view = new DataView(target.buffer, target.byteOffset, target.length);
  view.setUint32(at, entryBatchVersion | (checksum ? flagChecksum << 8 : 0), true);
  view.setUint32(at + 4, group, true);
  view.setUint32(at + 8, entries.length, true);
  view.setUint32(at + checksumAt, 0, true);
  for (const { index, term, kind, payload } of entries) {
    const body = end + entryHeaderBytes;
    const { length } = payload;
    if (body + length > target.length) throw noRoom(entries, target.length - at);
    if (kind >>> 0 !== kind)
      throw new RangeError(`Kind of an entry must be an integer from 0 to ${word - 1}: received ${kind}`);
    view.setUint32(end, index, true);
    view.setUint32(end + 4, index / word, true);
    view.setUint32(end + 8, term, true);
    view.setUint32(end + 12, term / word, true);
    view.setUint32(end + 16, kind, true);
    view.setUint32(end + 20, length, true);
    target.set(payload, body);
    end = body + length;
  }
  if (checksum) view.setUint32(at + checksumAt, checksumOf(target, at, end), true);
  return end;
}

/**
 * Reads a batch that fills `bytes` exactly, or says what is wrong with it.
 *
 * The payloads are views of `bytes`: they are whatever becomes of it. With `copy`, which costs one copy of the whole batch,
 * they are views of a buffer of their own, which lives as long as any of them does. Without a checksum an altered payload
 * cannot be told; lengths and counts are checked all the same.
 */
export function decodeEntries(bytes: Uint8Array, options: DecodeOptions = {}): EntryBatch | EntryBatchFault {
  if (bytes.length < entryBatchHeaderBytes) return { fault: 'truncated' };
  // Not `slice`: that of Node's Buffer is a view.
  const source = options.copy ? new Uint8Array(bytes) : bytes;
  const { buffer, byteOffset, length: size } = source;
  const view = new DataView(buffer, byteOffset, size);
  const fault = faultOfHeader(source, view);
  if (fault !== undefined) return { fault };
  const count = view.getUint32(8, true);
  const entries: LogEntry[] = [];
  let at = entryBatchHeaderBytes;
  for (let number = 0; number < count; number++) {
    const body = at + entryHeaderBytes;
    if (body > size) return { fault: 'truncated' };
    const indexHigh = view.getUint32(at + 4, true);
    const termHigh = view.getUint32(at + 12, true);
    if (indexHigh > highMax || termHigh > highMax) return { fault: 'range' };
    const length = view.getUint32(at + 20, true);
    if (body + length > size) return { fault: 'truncated' };
    entries.push({
      index: (view.getUint32(at, true) + indexHigh * word) as LogIndex,
      term: (view.getUint32(at + 8, true) + termHigh * word) as Term,
      kind: view.getUint32(at + 16, true),
      payload: new Uint8Array(buffer, byteOffset + body, length),
    });
    at = body + length;
  }
  if (at !== size) return { fault: 'trailing' };
  return { fault: undefined, group: view.getUint32(4, true) as GroupId, entries };
}

function faultOfHeader(bytes: Uint8Array, view: DataView): EntryBatchFault['fault'] | undefined {
  if (bytes[0] !== entryBatchVersion) return 'version';
  const flags = bytes[1] as number;
  if (flags > flagChecksum || view.getUint16(2, true) !== 0) return 'reserved';
  const expected = flags === flagChecksum ? checksumOf(bytes, 0, bytes.length) : 0;
  if (view.getUint32(checksumAt, true) !== expected) return 'checksum';
  // Checked before anything is read by it: each entry takes a header at least.
  const room = Math.floor((bytes.length - entryBatchHeaderBytes) / entryHeaderBytes);
  return view.getUint32(8, true) > room ? 'count' : undefined;
}

/** The long part first, so that the head in front of it needs no second pass. */
function checksumOf(bytes: Uint8Array, start: number, end: number): number {
  return crc32(bytes, start, start + checksumAt, crc32(bytes, start + entryBatchHeaderBytes, end));
}

function noRoom(entries: readonly LogEntry[], room: number): RangeError {
  return new RangeError(
    `Room for a batch of ${entries.length} entries must be at least ${entryBatchBytes(entries)} bytes: received ${room}`,
  );
}
