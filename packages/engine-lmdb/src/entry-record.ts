import type { Entry, Revision, SessionId } from '@quorate/core';

/** What stands before the session and the value: creation, modification, length of the session. */
const headBytes = 18;

/** An entry as it is stored: everything but its key. */
export function encodeEntry({ created, modified, session = '' as SessionId, value }: Entry): Buffer {
  const sessionBytes = session === '' ? 0 : Buffer.byteLength(session, 'utf8');
  const bytes = Buffer.allocUnsafe(headBytes + sessionBytes + value.length);
  bytes.writeDoubleLE(created, 0);
  bytes.writeDoubleLE(modified, 8);
  bytes.writeUInt16LE(sessionBytes, 16);
  if (sessionBytes > 0) bytes.write(session, headBytes, 'utf8');
  bytes.set(value, headBytes + sessionBytes);
  return bytes;
}

/** The entry of a record. Its value is a copy. */
export function decodeEntry(key: string, bytes: Buffer): Entry {
  const valueStart = headBytes + bytes.readUInt16LE(16);
  const entry = {
    key,
    value: new Uint8Array(bytes.subarray(valueStart)),
    created: bytes.readDoubleLE(0) as Revision,
    modified: bytes.readDoubleLE(8) as Revision,
  };
  if (valueStart === headBytes) return entry;
  return { ...entry, session: bytes.toString('utf8', headBytes, valueStart) as SessionId };
}
