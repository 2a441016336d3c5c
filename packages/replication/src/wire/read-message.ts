import type { GroupId, LogEntry, LogIndex, NodeId, Term } from '@quorate/core';
import type { PlainMessage } from './message-writer.ts';
import { readUint32 } from './uint48.ts';
import { readUint64 } from './uint64.ts';
import {
  appendHeadBytes,
  entryHeadBytes,
  flagLast,
  flagRejected,
  flagTransfer,
  headBytes,
  pieceHeadBytes,
  receiptBytes,
  type SnapshotPiece,
  type SnapshotReceipt,
  wireTypes,
  wireVersion,
} from './wire-format.ts';

/** Why bytes are no message. */
export interface MessageFault {
  readonly type: 'fault';
  readonly fault: 'length' | 'version' | 'kind' | 'flags' | 'group' | 'range';
}

/** What may arrive from another replica. */
export type WireMessage = PlainMessage | SnapshotPiece | SnapshotReceipt | MessageFault;

const lengths: readonly number[] = [0, 0, 40, 32, 32, 32, 32, 32, 32, 24, 32, 32, 0, receiptBytes];
const flagsOf: readonly number[] = [
  0,
  0,
  flagRejected,
  0,
  0,
  flagTransfer,
  flagTransfer,
  flagRejected,
  flagRejected,
  0,
  0,
  0,
  flagLast,
  flagRejected | flagLast,
];

/** Whose index says nothing, and is 0. */
const indexless: ReadonlySet<number> = new Set([
  wireTypes['heartbeat-reply'],
  wireTypes['timeout-now'],
  wireTypes['read-index'],
]);

/**
 * Reads a message, or says what is wrong with it; it never throws. Nothing is believed before it was checked. What is
 * returned does not share memory with `bytes`, which are copied once where they hold entries or a snapshot.
 */
export function readMessage(bytes: Uint8Array, group: GroupId, from: NodeId, to: NodeId): WireMessage {
  if (bytes.length < headBytes) return fault('length');
  if (bytes[0] !== wireVersion) return fault('version');
  const type = bytes[1] as number;
  const flags = bytes[2] as number;
  if (type < wireTypes.append || type > wireTypes.receipt) return fault('kind');
  if (bytes[3] !== 0 || (flags & ~(flagsOf[type] as number)) !== 0) return fault('flags');
  if (readUint32(bytes, 4) !== group) return fault('group');
  const length = lengths[type] as number;
  if (length !== 0 && bytes.length !== length) return fault('length');
  const term = readUint64(bytes, 8) as Term;
  const index = readUint64(bytes, 16) as LogIndex;
  if (Number.isNaN(term) || Number.isNaN(index)) return fault('range');
  if (type === wireTypes.append) return readAppend(bytes, { from, to, term }, index);
  if (type === wireTypes.piece) return readPiece(bytes, term, index, (flags & flagLast) !== 0);
  return readShort(bytes, type, flags, { from, to, term }, index);
}

interface Envelope {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly term: Term;
}

function readShort(
  bytes: Uint8Array,
  type: number,
  flags: number,
  { from, to, term }: Envelope,
  index: LogIndex,
): WireMessage {
  const first = bytes.length > headBytes ? readUint64(bytes, 24) : 0;
  if (Number.isNaN(first) || (index !== 0 && indexless.has(type))) return fault('range');
  const rejected = (flags & flagRejected) !== 0;
  switch (type) {
    case wireTypes['append-reply']: {
      const hintTerm = readUint64(bytes, 32) as Term;
      if (Number.isNaN(hintTerm)) return fault('range');
      return { type: 'append-reply', from, to, term, index, rejected, hint: first as LogIndex, hintTerm };
    }
    case wireTypes.heartbeat:
      return { type: 'heartbeat', from, to, term, commit: index, round: first };
    case wireTypes['heartbeat-reply']:
      return { type: 'heartbeat-reply', from, to, term, round: first };
    case wireTypes.vote:
    case wireTypes['pre-vote']: {
      const transfer = (flags & flagTransfer) !== 0;
      const name = type === wireTypes.vote ? 'vote' : 'pre-vote';
      return { type: name, from, to, term, index, logTerm: first as Term, transfer };
    }
    case wireTypes['vote-reply']:
    case wireTypes['pre-vote-reply']: {
      const name = type === wireTypes['vote-reply'] ? 'vote-reply' : 'pre-vote-reply';
      return { type: name, from, to, term, rejected, commit: index, commitTerm: first as Term };
    }
    case wireTypes['timeout-now']:
      return { type: 'timeout-now', from, to, term };
    case wireTypes['read-index']:
      return { type: 'read-index', from, to, term, request: first };
    case wireTypes['read-index-reply']:
      return { type: 'read-index-reply', from, to, term, request: first, index };
    default: {
      const complete = (flags & flagLast) !== 0;
      if (readUint32(bytes, 36) !== 0) return fault('range');
      const transfer = readUint32(bytes, 32);
      return { type: 'receipt', term, index, transfer, received: first, refused: rejected, complete };
    }
  }
}

function readAppend(message: Uint8Array, { from, to, term }: Envelope, index: LogIndex): WireMessage {
  if (message.length < appendHeadBytes) return fault('length');
  const logTerm = readUint64(message, 24) as Term;
  const commit = readUint64(message, 32) as LogIndex;
  if (Number.isNaN(logTerm) || Number.isNaN(commit)) return fault('range');
  if (readUint32(message, 44) !== 0) return fault('range');
  const count = readUint32(message, 40);
  // Checked before anything is read by it: each entry takes a head at least.
  if (count > (message.length - appendHeadBytes) / entryHeadBytes) return fault('length');
  const entries: LogEntry[] = [];
  // Not `slice`: that of Node's Buffer is a view.
  const bytes = count === 0 ? message : new Uint8Array(message);
  const { buffer, byteOffset } = bytes;
  let at = appendHeadBytes;
  for (let number = 1; number <= count; number++) {
    const body = at + entryHeadBytes;
    if (body > bytes.length) return fault('length');
    const entryTerm = readUint64(bytes, at) as Term;
    const kind = readUint32(bytes, at + 8);
    const length = readUint32(bytes, at + 12);
    if (Number.isNaN(entryTerm) || kind > 0xff) return fault('range');
    if (body + length > bytes.length) return fault('length');
    const payload = new Uint8Array(buffer, byteOffset + body, length);
    entries.push({ index: (index + number) as LogIndex, term: entryTerm, kind, payload });
    at = body + length;
  }
  if (at !== bytes.length) return fault('length');
  return { type: 'append', from, to, term, index, logTerm, commit, entries };
}

function readPiece(message: Uint8Array, term: Term, index: LogIndex, last: boolean): WireMessage {
  if (message.length < pieceHeadBytes) return fault('length');
  const snapshotTerm = readUint64(message, 24) as Term;
  const offset = readUint64(message, 32);
  if (Number.isNaN(snapshotTerm) || Number.isNaN(offset)) return fault('range');
  const transfer = readUint32(message, 40);
  const membershipEnd = pieceHeadBytes + readUint32(message, 44);
  if (membershipEnd > message.length) return fault('length');
  const bytes = new Uint8Array(message);
  return {
    type: 'piece',
    term,
    index,
    snapshotTerm,
    transfer,
    offset,
    membership: bytes.subarray(pieceHeadBytes, membershipEnd),
    bytes: bytes.subarray(membershipEnd),
    last,
  };
}

function fault(kind: MessageFault['fault']): MessageFault {
  return { type: 'fault', fault: kind };
}
