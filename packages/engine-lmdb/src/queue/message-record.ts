import type { MessageId } from '@quorate/core';
import { queueTables, readWhole, sequenceKey, type WaitingPlace, writeWhole } from './queue-keys.ts';
import { checksumBytes, isSound, sealed } from './queue-record.ts';
import { textBytes, textOf } from './queue-text.ts';

/** A message as it is stored, but for what changes with a lease. */
export interface StoredMessage extends Omit<WaitingPlace, 'wasOut'> {
  readonly cell: number;
  readonly sequence: number;
  readonly id: MessageId;
  readonly key: string | undefined;
  readonly keyActiveMax: number;
  readonly putAtMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

const hasId = 1;
const hasKey = 2;
const hasHeaders = 4;
const hasTurn = 8;

/** Checksum, flags, lane, when it was put, since when it is ready. */
const headBytes = checksumBytes + 2 + 7 + 7;

/** The id that a message has when its sender chose none. */
export function ownId(sequence: number): MessageId {
  return `~${sequence.toString(36)}` as MessageId;
}

/** Whether an id names the sequence of its message. */
export function isOwnId(id: string, sequence: number): boolean {
  // No sender's begins with it, and to write the other is slow.
  return id.startsWith('~') && id === ownId(sequence);
}

/** The sequence that an id names, if it is one that the engine chose. */
export function sequenceOfId(id: string): number | undefined {
  if (!id.startsWith('~')) return undefined;
  const sequence = Number.parseInt(id.slice(1), 36);
  return Number.isSafeInteger(sequence) && sequence > 0 && ownId(sequence) === id ? sequence : undefined;
}

export function encodeMessage(message: StoredMessage): Buffer {
  const { cell, sequence, id, key, headers, body, turn } = message;
  const idBytes = isOwnId(id, sequence) ? undefined : textBytes(id);
  const keyBytes = key === undefined ? undefined : textBytes(key);
  const headerBytes = Object.keys(headers).length === 0 ? undefined : textBytes(JSON.stringify(headers));
  const length =
    headBytes +
    (idBytes === undefined ? 0 : 2 + idBytes.length) +
    (keyBytes === undefined ? 0 : 6 + keyBytes.length) +
    (headerBytes === undefined ? 0 : 4 + headerBytes.length) +
    (turn === sequence ? 0 : 7) +
    body.length;
  const bytes = Buffer.allocUnsafe(length);
  bytes[4] =
    (idBytes === undefined ? 0 : hasId) |
    (keyBytes === undefined ? 0 : hasKey) |
    (headerBytes === undefined ? 0 : hasHeaders) |
    (turn === sequence ? 0 : hasTurn);
  bytes[5] = message.lane;
  writeWhole(bytes, 6, message.putAtMs);
  writeWhole(bytes, 13, message.readyAtMs);
  let at = headBytes;
  if (idBytes !== undefined) {
    at = bytes.writeUInt16LE(idBytes.length, at);
    at += idBytes.copy(bytes, at);
  }
  if (keyBytes !== undefined) {
    at = bytes.writeUInt32LE(Math.min(message.keyActiveMax, 0xffff_ffff), at);
    at = bytes.writeUInt16LE(keyBytes.length, at);
    at += keyBytes.copy(bytes, at);
  }
  if (headerBytes !== undefined) {
    at = bytes.writeUInt32LE(headerBytes.length, at);
    at += headerBytes.copy(bytes, at);
  }
  if (turn !== sequence) {
    writeWhole(bytes, at, turn);
    at += 7;
  }
  bytes.set(body, at);
  return sealed(sequenceKey(queueTables.message, cell, sequence), bytes);
}

/** The message of a record; its body is a copy. Undefined where the record is not what was written there. */
export function decodeMessage(cell: number, sequence: number, bytes: Buffer): StoredMessage | undefined {
  if (!isSound(sequenceKey(queueTables.message, cell, sequence), bytes)) return undefined;
  const flags = bytes[4] as number;
  let at = headBytes;
  let id = '';
  let key: string | undefined;
  let keyActiveMax = 1;
  let headers: Readonly<Record<string, string>> = {};
  let turn = sequence;
  if ((flags & hasId) !== 0) {
    const end = at + 2 + bytes.readUInt16LE(at);
    id = textOf(bytes, at + 2, end);
    at = end;
  }
  if ((flags & hasKey) !== 0) {
    keyActiveMax = bytes.readUInt32LE(at);
    const end = at + 6 + bytes.readUInt16LE(at + 4);
    key = textOf(bytes, at + 6, end);
    at = end;
  }
  if ((flags & hasHeaders) !== 0) {
    const end = at + 4 + bytes.readUInt32LE(at);
    headers = JSON.parse(textOf(bytes, at + 4, end)) as Record<string, string>;
    at = end;
  }
  if ((flags & hasTurn) !== 0) {
    turn = readWhole(bytes, at);
    at += 7;
  }
  return {
    cell,
    sequence,
    id: (flags & hasId) === 0 ? ownId(sequence) : (id as MessageId),
    lane: bytes[5] as number,
    key,
    keyActiveMax,
    putAtMs: readWhole(bytes, 6),
    readyAtMs: readWhole(bytes, 13),
    turn,
    headers,
    body: Uint8Array.prototype.slice.call(bytes, at),
  };
}
