import type { Entry, Revision, SessionId } from '@quorate/core';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { type OperationKind, operationKinds, readMany } from './delta.ts';

/** The last operation of a session that took effect, with what it gave. */
export interface Remembered {
  readonly sequence: number;
  readonly kind: OperationKind;
  readonly revision: Revision;
  /** As it was written, or before it was deleted; of a batch none. */
  readonly entry: Entry | undefined;
}

/** All that a partition holds and remembers. */
export interface PartitionContents {
  /** Of the last change. */
  readonly revision: Revision;
  /** In order of creation. */
  readonly entries: Iterable<Entry>;
  readonly remembered: Iterable<readonly [SessionId, Remembered]>;
  /** Sessions that ended here, the oldest first. */
  readonly ended: Iterable<SessionId>;
}

export function encodeSnapshot({ revision, entries, remembered, ended }: PartitionContents): Uint8Array {
  const writer = new ByteWriter(1024);
  const places = new Map<Entry, number>();
  for (const entry of entries) places.set(entry, places.size + 1);
  writer.integer(revision).integer(places.size);
  for (const entry of places.keys()) writeEntry(writer, entry);
  const operations = [...remembered];
  writer.integer(operations.length);
  for (const [session, { sequence, kind, revision: given, entry }] of operations) {
    writer.text(session).integer(sequence).byte(operationKinds.indexOf(kind)).integer(given);
    // What still stands as it was written is not written again.
    const place = entry === undefined ? 0 : (places.get(entry) ?? places.size + 1);
    writer.integer(place);
    if (entry !== undefined && place > places.size) writeEntry(writer, entry);
  }
  const sessions = [...ended];
  writer.integer(sessions.length);
  for (const session of sessions) writer.text(session);
  return writer.done();
}

export function decodeSnapshot(bytes: Uint8Array): PartitionContents {
  const reader = new ByteReader(bytes);
  const revision = reader.integer() as Revision;
  const entries = readMany(reader, readEntry);
  const remembered = readMany(reader, (): [SessionId, Remembered] => {
    const session = reader.text() as SessionId;
    const sequence = reader.integer();
    const kind = operationKinds[reader.byte()] as OperationKind;
    const given = reader.integer() as Revision;
    const place = reader.integer();
    const entry = place > entries.length ? readEntry(reader) : entries[place - 1];
    return [session, { sequence, kind, revision: given, entry }];
  });
  return { revision, entries, remembered, ended: readMany(reader, () => reader.text() as SessionId) };
}

function writeEntry(writer: ByteWriter, { key, value, created, modified, session }: Entry): void {
  writer
    .text(key)
    .bytes(value)
    .integer(created)
    .integer(modified)
    .text(session ?? '');
}

function readEntry(reader: ByteReader): Entry {
  const key = reader.text();
  const value = reader.bytes();
  const created = reader.integer() as Revision;
  const modified = reader.integer() as Revision;
  const session = reader.text() as SessionId;
  return { key, value, created, modified, ...(session === ('' as SessionId) ? {} : { session }) };
}
