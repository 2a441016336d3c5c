import type { LogIndex, NodeId, Term, WaitOptions } from '@quorate/core';
import type { ReadMode, SemiSync, WriteOptions, WriteReceipt } from '../replica/write-options.ts';
import { ByteSlab } from '../wire/byte-slab.ts';
import type { SessionOperation } from '../wire/entry-payload.ts';
import { readUint32, readUint48, uint48Max, writeUint32, writeUint48 } from '../wire/uint48.ts';
import { readUint64, writeUint64 } from '../wire/uint64.ts';

/**
 * What a client asks a replica, version 1. All numbers are little-endian.
 *
 * ```text
 *  write:   | version | ack | on timeout | session? | others u32 | timeoutMs u48 | session u48 | sequence u48 | settled u48 | command
 *  read:    | version | mode | staleness u48 | query
 *  session: | version | verb | value u48
 *
 *  answer:  | 0: done, 1: not the leader | then of 1: the leader's id, or nothing
 *  of a write:   | flags | durability | reserved | replicas u32 | index u64 | term u64 | reply
 *  of a session: | id u48 | ttlMs u48
 * ```
 *
 * @module
 */

const version = 1;
const writeHeadBytes = 32;
const receiptHeadBytes = 24;
/** Memory of its own for each piece. */
const apart = new ByteSlab(0);
/** Stands for a time that was not given. */
const notGiven = uint48Max;
const acks = ['leader', 'quorum', 'all', 'semiSync'] as const;
const modes: readonly ReadMode[] = ['linearizable', 'lease', 'follower', 'local'];
const durabilities = ['memory', 'os', 'fsync'] as const;

/** What is done to a session. */
export const sessionVerbs = { open: 0, close: 1, keep: 2 } as const;
export type SessionVerb = (typeof sessionVerbs)[keyof typeof sessionVerbs];

/** An answer is done, or says who may lead. */
export const answerDone = 0;
export const answerNotLeader = 1;

export function encodeWrite(
  command: Uint8Array,
  { ack = 'quorum', session }: WriteOptions,
  slab: ByteSlab = apart,
): Uint8Array {
  const bytes = slab.take(writeHeadBytes + command.length);
  const semiSync = typeof ack === 'string' ? undefined : ack;
  bytes[0] = version;
  bytes[1] = acks.indexOf(typeof ack === 'string' ? ack : 'semiSync');
  bytes[2] = semiSync?.onTimeout === 'degrade' ? 1 : 0;
  bytes[3] = session === undefined ? 0 : 1;
  writeUint32(bytes, 4, semiSync?.semiSync ?? 0);
  writeUint48(bytes, 8, Math.min(notGiven, Math.ceil(semiSync?.timeoutMs ?? notGiven)));
  writeUint48(bytes, 14, session?.session ?? 0);
  writeUint48(bytes, 20, session?.sequence ?? 0);
  writeUint48(bytes, 26, session?.settled ?? 0);
  bytes.set(command, writeHeadBytes);
  return bytes;
}

/**
 * Undefined for what is none of this version.
 *
 * @param limits how long it is waited for here
 */
export function decodeWrite(
  bytes: Uint8Array,
  { signal, deadlineMs }: WaitOptions = {},
): { readonly command: Uint8Array; readonly options: WriteOptions } | undefined {
  const name = acks[bytes[1] ?? acks.length];
  if (bytes.length < writeHeadBytes || bytes[0] !== version || name === undefined) return undefined;
  return {
    command: bytes.subarray(writeHeadBytes),
    options: {
      ack: name === 'semiSync' ? decodeSemiSync(bytes) : name,
      session: bytes[3] === 1 ? decodeOperation(bytes) : undefined,
      signal,
      deadlineMs,
    },
  };
}

function decodeSemiSync(bytes: Uint8Array): SemiSync {
  const timeoutMs = readUint48(bytes, 8);
  return {
    semiSync: readUint32(bytes, 4),
    onTimeout: bytes[2] === 1 ? 'degrade' : 'fail',
    ...(timeoutMs === notGiven ? {} : { timeoutMs }),
  };
}

function decodeOperation(bytes: Uint8Array): SessionOperation {
  return { session: readUint48(bytes, 14), sequence: readUint48(bytes, 20), settled: readUint48(bytes, 26) };
}

/** How long the answer to a write is. */
export function receiptBytes({ reply }: WriteReceipt): number {
  return receiptHeadBytes + (reply?.length ?? 0);
}

/** Writes {@link receiptBytes} into zeros from `at` on. */
export function writeReceipt(
  target: Uint8Array,
  at: number,
  { index, term, replicas, degraded, durability, reply }: WriteReceipt,
): void {
  target[at] = answerDone;
  target[at + 1] = (degraded ? 1 : 0) | (reply === undefined ? 0 : 2);
  target[at + 2] = durabilities.indexOf(durability);
  writeUint32(target, at + 4, replicas);
  writeUint64(target, at + 8, index);
  writeUint64(target, at + 16, term);
  if (reply !== undefined) target.set(reply, at + receiptHeadBytes);
}

/** @param slab where the reply is copied to, which is the caller's */
export function decodeReceipt(bytes: Uint8Array, slab: ByteSlab = apart): WriteReceipt | undefined {
  const durability = durabilities[bytes[2] ?? durabilities.length];
  if (bytes.length < receiptHeadBytes || durability === undefined) return undefined;
  const flags = bytes[1] as number;
  return {
    index: readUint64(bytes, 8) as LogIndex,
    term: readUint64(bytes, 16) as Term,
    durability,
    replicas: readUint32(bytes, 4),
    degraded: (flags & 1) !== 0,
    reply: (flags & 2) === 0 ? undefined : slab.copy(bytes, receiptHeadBytes),
  };
}

export function encodeRead(
  query: Uint8Array,
  mode: ReadMode,
  maxStalenessMs: number | undefined,
  slab: ByteSlab = apart,
): Uint8Array {
  const bytes = slab.take(8 + query.length);
  bytes[0] = version;
  bytes[1] = modes.indexOf(mode);
  writeUint48(bytes, 2, Math.min(notGiven, Math.floor(maxStalenessMs ?? notGiven)));
  bytes.set(query, 8);
  return bytes;
}

export function decodeRead(
  bytes: Uint8Array,
):
  | { readonly query: Uint8Array; readonly mode: ReadMode; readonly maxStalenessMs: number | undefined }
  | undefined {
  const mode = modes[bytes[1] ?? modes.length];
  if (bytes.length < 8 || bytes[0] !== version || mode === undefined) return undefined;
  const staleness = readUint48(bytes, 2);
  return { query: bytes.subarray(8), mode, maxStalenessMs: staleness === notGiven ? undefined : staleness };
}

/** An answer with nothing but bytes. */
export function encodeAnswer(bytes: Uint8Array): Uint8Array {
  const answer = new Uint8Array(1 + bytes.length);
  answer.set(bytes, 1);
  return answer;
}

export function encodeNotLeader(leader: NodeId | undefined): Uint8Array {
  const id = new TextEncoder().encode(leader ?? '');
  const answer = encodeAnswer(id);
  answer[0] = answerNotLeader;
  return answer;
}

/** Who may lead, as somebody said who does not. */
export function decodeNotLeader(bytes: Uint8Array): NodeId | undefined {
  return bytes.length === 1 ? undefined : (new TextDecoder().decode(bytes.subarray(1)) as NodeId);
}

/** @param value the session's id, or the time to live of a new one */
export function encodeSession(verb: SessionVerb, value: number | undefined): Uint8Array {
  const bytes = new Uint8Array(8);
  bytes[0] = version;
  bytes[1] = verb;
  writeUint48(bytes, 2, value ?? notGiven);
  return bytes;
}

export function decodeSession(
  bytes: Uint8Array,
): { readonly verb: SessionVerb; readonly value: number | undefined } | undefined {
  const verb = bytes[1];
  if (bytes.length !== 8 || bytes[0] !== version || verb === undefined || verb > sessionVerbs.keep)
    return undefined;
  const value = readUint48(bytes, 2);
  return { verb: verb as SessionVerb, value: value === notGiven ? undefined : value };
}
