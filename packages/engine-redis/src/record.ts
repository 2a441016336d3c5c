import { type Entry, type Revision, type SessionId, type StoreChange } from '@quorate/core';

/**
 * How an entry is kept under its key: `created modified length session value`, the first three in decimal digits with a space after
 * each, the length that of the session's id in bytes (0 where there is none), and the rest without spaces between.
 *
 * Text, so that it can be read with any client and cut apart in Lua with one pattern.
 */

const space = 0x20;

/** What a client sends of a new record: all but the revisions, which the script puts before it. */
export function recordTail(session: string | undefined, value: Uint8Array): string | Buffer {
  const head = session === undefined ? '0 ' : `${Buffer.byteLength(session)} ${session}`;
  if (value.length === 0) return head;
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  // A client writes a command of text alone at once, and one with bytes in a dozen parts.
  if (isShortText(value)) return head + bytes.toString('latin1');
  return Buffer.concat([Buffer.from(head), bytes]);
}

const shortMaxBytes = 256;

function isShortText(value: Uint8Array): boolean {
  if (value.length > shortMaxBytes) return false;
  for (let index = 0; index < value.length; index++) if ((value[index] as number) > 0x7f) return false;
  return true;
}

/** An entry from its record. Its value is a copy. */
export function readRecord(key: string, record: Buffer): Entry {
  const [created, afterCreated] = readNumber(record, 0);
  const [modified, afterModified] = readNumber(record, afterCreated);
  const [length, start] = readNumber(record, afterModified);
  const entry = {
    key,
    value: new Uint8Array(record.subarray(start + length)),
    created: created as Revision,
    modified: modified as Revision,
  };
  if (length === 0) return entry;
  return { ...entry, session: record.toString('utf8', start, start + length) as SessionId };
}

/** Where in a partition's own field it says that an entry stands behind it, see the scripts. */
const loneAt = 29;
const isThere = 0x50;

/** The record of a key that stands behind its partition's own field, if it does. */
export function loneRecord(key: string, own: Buffer): Buffer | undefined {
  if (own.length <= loneAt || own[loneAt] !== isThere) return undefined;
  const from = loneAt + 2 + (own[loneAt + 1] as number) + 1;
  const end = own.indexOf(0, from);
  return own.toString('utf8', from, end) === key ? own.subarray(end + 1) : undefined;
}

/** A number and the space after it; gives the number and what comes behind. */
export function readNumber(bytes: Buffer, from: number): readonly [value: number, next: number] {
  let value = 0;
  let at = from;
  for (; at < bytes.length && bytes[at] !== space; at++) value = value * 10 + ((bytes[at] as number) - 0x30);
  return [value, at + 1];
}

/** Where the revision begins in a change: behind its kind and the revision before, in eight bytes. */
const revisionAt = 9;

/** A change as it is logged and published, see the scripts. */
export function readChange(change: Buffer): StoreChange {
  const keyAt = change.indexOf(0, revisionAt) + 1;
  const recordAt = change.indexOf(0, keyAt) + 1;
  return {
    type: change[0] === 0x70 ? 'put' : 'delete',
    revision: Number(change.toString('latin1', revisionAt, keyAt - 1)) as Revision,
    entry: readRecord(change.toString('utf8', keyAt, recordAt - 1), change.subarray(recordAt)),
  };
}
