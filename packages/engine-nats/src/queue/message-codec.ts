import { BytePieces, type MessageId, type NewMessage, type QueuePut, type StateWrite } from '@quorate/core';
import { readMany } from '../delta.ts';
import type { NameReader, NameWriter } from './name-codec.ts';

const has = { headers: 1, lane: 2, key: 4, readyAt: 8, delay: 16, remember: 32 } as const;

/** A message on its way in, which has its id. */
export function writePut(writer: NameWriter, { queue, message }: QueuePut): void {
  const { id = '', headers = {}, lane = 0, key, keyActiveMax = 1 } = message;
  const { readyAtMs, delayMs, rememberMs = 0, body } = message;
  const names = Object.keys(headers);
  let flags = names.length > 0 ? has.headers : 0;
  if (lane > 0) flags |= has.lane;
  if (key !== undefined) flags |= has.key;
  if (readyAtMs !== undefined) flags |= has.readyAt;
  if (delayMs !== undefined) flags |= has.delay;
  if (rememberMs > 0) flags |= has.remember;
  writer.name(queue);
  writer.text(id).byte(flags);
  if (names.length > 0) writeHeaders(writer, headers);
  if (lane > 0) writer.byte(lane);
  if (key !== undefined) writer.text(key).integer(keyActiveMax);
  if (readyAtMs !== undefined) writer.integer(Math.ceil(readyAtMs));
  if (delayMs !== undefined) writer.integer(Math.ceil(delayMs));
  if (rememberMs > 0) writer.integer(Math.ceil(rememberMs));
  writer.bytes(body);
}

export function readPut(reader: NameReader): QueuePut {
  const queue = reader.name();
  const id = reader.text() as MessageId;
  const flags = reader.byte();
  const message: { -readonly [Name in keyof NewMessage]: NewMessage[Name] } = {
    id,
    body: noBytes,
    headers: noHeaders,
  };
  if ((flags & has.headers) !== 0) message.headers = readHeaders(reader);
  if ((flags & has.lane) !== 0) message.lane = reader.byte();
  if ((flags & has.key) !== 0) {
    message.key = reader.text();
    message.keyActiveMax = reader.integer();
  }
  if ((flags & has.readyAt) !== 0) message.readyAtMs = reader.integer();
  if ((flags & has.delay) !== 0) message.delayMs = reader.integer();
  if ((flags & has.remember) !== 0) message.rememberMs = reader.integer();
  message.body = readBody(reader, (flags & (has.readyAt | has.delay)) !== 0);
  return { queue, message };
}

/** A copy. One that stays shares no memory with those that go at once: it would keep theirs. */
export function readBody(reader: NameReader, isDelayed: boolean): Uint8Array {
  return (isDelayed ? delayedBodies : otherBodies).copyOf(reader.view());
}

const [delayedBodies, otherBodies] = [new BytePieces(), new BytePieces()];
const noBytes = new Uint8Array();
/** What most messages have: an object for each would be a tenth of what they take. */
export const noHeaders: Readonly<Record<string, string>> = Object.freeze({});

const record = { value: 1, version: 2, expiresAt: 4 } as const;

export function writeState(writer: NameWriter, { key, value, version, expiresAtMs }: StateWrite): void {
  let flags = value === undefined ? 0 : record.value;
  if (version !== undefined) flags |= record.version;
  if (expiresAtMs !== undefined) flags |= record.expiresAt;
  writer.text(key).byte(flags);
  if (value !== undefined) writer.bytes(value);
  if (version !== undefined) writer.integer(version);
  if (expiresAtMs !== undefined) writer.integer(Math.ceil(expiresAtMs));
}

export function readState(reader: NameReader): StateWrite {
  const key = reader.text();
  const flags = reader.byte();
  const value = (flags & record.value) === 0 ? undefined : reader.bytes();
  const version = (flags & record.version) === 0 ? undefined : reader.integer();
  const expiresAtMs = (flags & record.expiresAt) === 0 ? undefined : reader.integer();
  return {
    key,
    value,
    ...(version === undefined ? {} : { version }),
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
  };
}

export function writeHeaders(writer: NameWriter, headers: Readonly<Record<string, string>>): void {
  const entries = Object.entries(headers);
  writer.integer(entries.length);
  for (const [name, value] of entries) writer.name(name).text(value);
}

export function readHeaders(reader: NameReader): Record<string, string> {
  // A header may have any name: `__proto__`, too.
  return Object.fromEntries(readMany(reader, () => [reader.name(), reader.text()] as const));
}
