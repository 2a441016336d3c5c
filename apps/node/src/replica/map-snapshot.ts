import { bufferOver, type MapEntry } from './map-command.ts';

/**
 * A snapshot of the replicated map: a byte for the version of this format, then a record for each key.
 *
 * ```text
 * record   key length 2 · value length 4 · version 6 · key · value
 * ```
 */
const formatVersion = 1;
const headBytes = 12;

/** One chunk for each key: values are at most half a megabyte, and they are not copied before they are asked for. */
export async function* snapshotChunks(
  entries: readonly (readonly [string, MapEntry])[],
): AsyncIterable<Uint8Array> {
  yield Uint8Array.of(formatVersion);
  for (const [key, { version, value }] of entries) {
    const name = Buffer.from(key);
    const head = Buffer.alloc(headBytes);
    head.writeUInt16BE(name.length, 0);
    head.writeUInt32BE(value.length, 2);
    head.writeUIntBE(version, 6, 6);
    yield Buffer.concat([head, name, value]);
  }
}

/** The map of a snapshot, whose chunks may be cut anywhere. @throws RangeError for another version and for one that is cut off */
export async function readSnapshot(chunks: AsyncIterable<Uint8Array>): Promise<Map<string, MapEntry>> {
  const entries = new Map<string, MapEntry>();
  let rest: Buffer = Buffer.alloc(0);
  let isFirst = true;
  for await (const chunk of chunks) {
    rest = Buffer.concat([rest, chunk]);
    if (isFirst && rest.length > 0) {
      if (rest[0] !== formatVersion)
        throw new RangeError(`Snapshot must be of version 1: received ${rest[0]}`);
      rest = rest.subarray(1);
      isFirst = false;
    }
    rest = rest.subarray(takeRecords(rest, entries));
  }
  if (isFirst || rest.length > 0) {
    throw new RangeError(`Snapshot must end after a record: received ${rest.length} bytes of another`);
  }
  return entries;
}

/** Reads the whole records at the front. @returns where they end */
function takeRecords(bytes: Buffer, entries: Map<string, MapEntry>): number {
  let at = 0;
  while (bytes.length - at >= headBytes) {
    const keyAt = at + headBytes;
    const valueAt = keyAt + bytes.readUInt16BE(at);
    const end = valueAt + bytes.readUInt32BE(at + 2);
    if (end > bytes.length) break;
    const version = bytes.readUIntBE(at + 6, 6);
    const value = new Uint8Array(bufferOver(bytes).subarray(valueAt, end));
    entries.set(bytes.toString('utf8', keyAt, valueAt), { version, value });
    at = end;
  }
  return at;
}
