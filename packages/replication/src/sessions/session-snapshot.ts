import type { Term } from '@quorate/core';
import { readUint32, readUint48, writeUint32, writeUint48 } from '../wire/uint48.ts';
import type { ChunkReader } from './chunk-reader.ts';
import type { SessionRecord, SessionTableState } from './session-table.ts';

/**
 * How sessions stand at the head of a snapshot, before what the state machine writes. Little-endian.
 *
 * ```text
 *  0          4           10           16          22         28
 *  | version  | term u48  | elapsedMs  | clockMs   | timeMs   | count u32 | sessions …
 *     u32                    u48          u48         u48
 *
 *  session: | id u48 | ttlMs u48 | seenMs u48 | last u48 | base u48 | replies u32 | each: length u32 (2^32 - 1: unknown), reply
 * ```
 *
 * @module
 */

const version = 1;
const headBytes = 32;
const recordBytes = 34;
const unknownReply = 0xffff_ffff;
const chunkBytes = 0x1_0000;

/** The bytes of a frozen table, in chunks of about 64 KiB; a longer reply makes a longer one. */
export function* encodeSessions(state: SessionTableState): Generator<Uint8Array> {
  let pieces: Uint8Array[] = [encodeHead(state)];
  let byteCount = headBytes;
  for (const session of state.sessions) {
    for (const piece of encodeSession(session)) {
      pieces.push(piece);
      byteCount += piece.length;
    }
    if (byteCount < chunkBytes) continue;
    yield join(pieces, byteCount);
    pieces = [];
    byteCount = 0;
  }
  if (byteCount > 0) yield join(pieces, byteCount);
}

/** Reads a table and leaves the reader at what the state machine wrote; undefined where the bytes are none of this version. */
export async function decodeSessions(reader: ChunkReader): Promise<SessionTableState | undefined> {
  const head = await reader.take(headBytes);
  if (head === undefined || readUint32(head, 0) !== version) return undefined;
  const count = readUint32(head, 28);
  const sessions: SessionRecord[] = [];
  for (let number = 0; number < count; number++) {
    const session = await decodeSession(reader);
    if (session === undefined) return undefined;
    sessions.push(session);
  }
  return {
    term: readUint48(head, 4) as Term,
    elapsedMs: readUint48(head, 10),
    clockMs: readUint48(head, 16),
    timeMs: readUint48(head, 22),
    sessions,
  };
}

function encodeHead(state: SessionTableState): Uint8Array {
  const head = new Uint8Array(headBytes);
  writeUint32(head, 0, version);
  writeUint48(head, 4, state.term);
  writeUint48(head, 10, state.elapsedMs);
  writeUint48(head, 16, state.clockMs);
  writeUint48(head, 22, state.timeMs);
  writeUint32(head, 28, state.sessions.length);
  return head;
}

function* encodeSession({ id, ttlMs, seenMs, last, base, replies }: SessionRecord): Generator<Uint8Array> {
  const record = new Uint8Array(recordBytes);
  writeUint48(record, 0, id);
  writeUint48(record, 6, ttlMs);
  writeUint48(record, 12, seenMs);
  writeUint48(record, 18, last);
  writeUint48(record, 24, base);
  writeUint32(record, 30, replies.length);
  yield record;
  for (const reply of replies) {
    const length = new Uint8Array(4);
    writeUint32(length, 0, reply === undefined ? unknownReply : reply.length);
    yield length;
    if (reply !== undefined) yield reply;
  }
}

async function decodeSession(reader: ChunkReader): Promise<SessionRecord | undefined> {
  const record = await reader.take(recordBytes);
  if (record === undefined) return undefined;
  const replyCount = readUint32(record, 30);
  const replies: (Uint8Array | undefined)[] = [];
  for (let number = 0; number < replyCount; number++) {
    const head = await reader.take(4);
    if (head === undefined) return undefined;
    const length = readUint32(head, 0);
    const reply = length === unknownReply ? undefined : await reader.take(length);
    if (length !== unknownReply && reply === undefined) return undefined;
    replies.push(reply);
  }
  return {
    id: readUint48(record, 0),
    ttlMs: readUint48(record, 6),
    seenMs: readUint48(record, 12),
    last: readUint48(record, 18),
    base: readUint48(record, 24),
    replies,
  };
}

function join(pieces: readonly Uint8Array[], byteCount: number): Uint8Array {
  const joined = new Uint8Array(byteCount);
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
