import type { SessionId } from '@quorate/core';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';

/** One effect on the entries of a partition. What it refers to, such as the revision of its message, each reader fills in. */
export type Change =
  | {
      readonly type: 'put';
      readonly key: string;
      readonly value: Uint8Array;
      readonly session: SessionId | undefined;
      /** The key is a queue's prefix: its revision is put behind it. */
      readonly isQueued: boolean;
      /** It has the revision of the change before it. */
      readonly isJoined: boolean;
    }
  | { readonly type: 'delete'; readonly key: string; readonly isJoined: boolean }
  /** Takes a revision and changes nothing: a batch that deleted what was not there. */
  | { readonly type: 'none' };

export const operationKinds = ['put', 'delete', 'enqueue', 'add', 'batch'] as const;
export type OperationKind = (typeof operationKinds)[number];

/** An operation to be remembered. */
export interface OperationRecord {
  readonly session: SessionId;
  readonly sequence: number;
  readonly kind: OperationKind;
  /** How many changes of the message stand before it; its result is what the last of them did. */
  readonly at: number;
}

/** What one message does to its partition. */
export interface Delta {
  readonly changes: readonly Change[];
  readonly operations: readonly OperationRecord[];
  /** Sessions that are dead: their operations are forgotten, and who names them is refused. */
  readonly ended: readonly SessionId[];
}

const flags = { put: 1, delete: 2, session: 4, queued: 8, joined: 16 } as const;

export function writeDelta(writer: ByteWriter, { changes, operations, ended }: Delta): void {
  writer.integer(changes.length);
  for (const change of changes) writeChange(writer, change);
  writer.integer(operations.length);
  for (const { session, sequence, kind, at } of operations) {
    writer.text(session).integer(sequence).byte(operationKinds.indexOf(kind)).integer(at);
  }
  writer.integer(ended.length);
  for (const session of ended) writer.text(session);
}

export function readDelta(reader: ByteReader): Delta {
  const changes = readMany(reader, readChange);
  const operations = readMany(reader, () => ({
    session: reader.text() as SessionId,
    sequence: reader.integer(),
    kind: operationKinds[reader.byte()] as OperationKind,
    at: reader.integer(),
  }));
  const ended = readMany(reader, () => reader.text() as SessionId);
  return { changes, operations, ended };
}

/** As many items as the number before them says. */
export function readMany<Item>(reader: ByteReader, read: (reader: ByteReader) => Item): Item[] {
  const items: Item[] = [];
  for (let left = reader.integer(); left > 0; left--) items.push(read(reader));
  return items;
}

function writeChange(writer: ByteWriter, change: Change): void {
  if (change.type === 'none') {
    writer.byte(0);
    return;
  }
  const joined = change.isJoined ? flags.joined : 0;
  if (change.type === 'delete') {
    writer.byte(flags.delete | joined).text(change.key);
    return;
  }
  const { key, value, session, isQueued } = change;
  const named = (session === undefined ? 0 : flags.session) | (isQueued ? flags.queued : 0);
  writer
    .byte(flags.put | joined | named)
    .text(key)
    .bytes(value);
  if (session !== undefined) writer.text(session);
}

function readChange(reader: ByteReader): Change {
  const bits = reader.byte();
  if (bits === 0) return { type: 'none' };
  const isJoined = (bits & flags.joined) !== 0;
  const key = reader.text();
  if ((bits & flags.delete) !== 0) return { type: 'delete', key, isJoined };
  const value = reader.bytes();
  const session = (bits & flags.session) === 0 ? undefined : (reader.text() as SessionId);
  return { type: 'put', key, value, session, isQueued: (bits & flags.queued) !== 0, isJoined };
}
