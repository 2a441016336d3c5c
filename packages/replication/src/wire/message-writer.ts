import type { GroupId, LogEntry } from '@quorate/core';
import type { AppendMessage, RaftMessage, SnapshotMessage } from '../raft/raft-message.ts';
import { writeUint32 } from './uint48.ts';
import { writeUint64 } from './uint64.ts';
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

/** The longest message but appends and parts of snapshots. */
const shortMaxBytes = 40;

/** What one core tells another in one message; the parts of a snapshot travel as pieces. */
export type PlainMessage = Exclude<RaftMessage, SnapshotMessage>;

/**
 * Writes messages into one buffer that is used again: what a method returns is valid until the next call.
 *
 * A leader mostly sends the same entries to everybody, so the body of an append is written once for all of them.
 */
export class MessageWriter {
  readonly #group: GroupId;
  readonly #messageMaxBytes: number;
  #buffer: Uint8Array = new Uint8Array(4096);
  /** The beginning of the buffer, by its length. */
  #shorts: (Uint8Array | undefined)[] = [];
  /** The entries that stand in the buffer behind the head of an append, and where they end. */
  #entries: readonly LogEntry[] | undefined;
  #end = 0;

  constructor(group: GroupId, messageMaxBytes: number) {
    this.#group = group;
    this.#messageMaxBytes = messageMaxBytes;
  }

  /** Hands over one message, or several where an append is longer than a message may be. */
  write(message: PlainMessage, send: (bytes: Uint8Array) => void): void {
    if (message.type !== 'append') send(this.#writeShort(message));
    else if (message.entries === this.#entries) send(this.#writeAppendHead(message));
    else this.#writeAppend(message, send);
  }

  /** A piece, of which the caller has seen to it that it fits. */
  piece(piece: SnapshotPiece): Uint8Array {
    const { membership, bytes } = piece;
    const end = pieceHeadBytes + membership.length + bytes.length;
    const target = this.#reserve(end);
    this.#head(target, wireTypes.piece, piece.last ? flagLast : 0, piece.term, piece.index);
    writeUint64(target, 24, piece.snapshotTerm);
    writeUint64(target, 32, piece.offset);
    writeUint32(target, 40, piece.transfer);
    writeUint32(target, 44, membership.length);
    target.set(membership, pieceHeadBytes);
    target.set(bytes, pieceHeadBytes + membership.length);
    return target.subarray(0, end);
  }

  receipt(receipt: SnapshotReceipt): Uint8Array {
    const target = this.#reserve(receiptBytes);
    const flags = (receipt.refused ? flagRejected : 0) | (receipt.complete ? flagLast : 0);
    this.#head(target, wireTypes.receipt, flags, receipt.term, receipt.index);
    writeUint64(target, 24, receipt.received);
    writeUint32(target, 32, receipt.transfer);
    writeUint32(target, 36, 0);
    return target.subarray(0, receiptBytes);
  }

  #writeShort(message: Exclude<PlainMessage, AppendMessage>): Uint8Array {
    const target = this.#reserve(shortMaxBytes);
    const end = this.#fillShort(target, wireTypes[message.type], message);
    // To make a view costs more than to write the message.
    return (this.#shorts[end] ??= target.subarray(0, end));
  }

  /** @returns where it ends */
  #fillShort(target: Uint8Array, type: number, message: Exclude<PlainMessage, AppendMessage>): number {
    const { term } = message;
    let end = 32;
    switch (message.type) {
      case 'append-reply':
        this.#head(target, type, message.rejected ? flagRejected : 0, term, message.index);
        writeUint64(target, 24, message.hint);
        writeUint64(target, 32, message.hintTerm);
        end = 40;
        break;
      case 'heartbeat':
        this.#head(target, type, 0, term, message.commit);
        writeUint64(target, 24, message.round);
        break;
      case 'heartbeat-reply':
        this.#head(target, type, 0, term, 0);
        writeUint64(target, 24, message.round);
        break;
      case 'vote':
      case 'pre-vote':
        this.#head(target, type, message.transfer ? flagTransfer : 0, term, message.index);
        writeUint64(target, 24, message.logTerm);
        break;
      case 'vote-reply':
      case 'pre-vote-reply':
        this.#head(target, type, message.rejected ? flagRejected : 0, term, message.commit);
        writeUint64(target, 24, message.commitTerm);
        break;
      case 'timeout-now':
        this.#head(target, type, 0, term, 0);
        end = headBytes;
        break;
      case 'read-index':
        this.#head(target, type, 0, term, 0);
        writeUint64(target, 24, message.request);
        break;
      case 'read-index-reply':
        this.#head(target, type, 0, term, message.index);
        writeUint64(target, 24, message.request);
        break;
    }
    return end;
  }

  #writeAppend(message: AppendMessage, send: (bytes: Uint8Array) => void): void {
    const { entries } = message;
    let from = 0;
    let { index, logTerm } = message;
    do {
      let to = from;
      let bytes = appendHeadBytes;
      for (; to < entries.length; to++) {
        const more = entryHeadBytes + (entries[to] as LogEntry).payload.length;
        if (to > from && bytes + more > this.#messageMaxBytes) break;
        bytes += more;
      }
      const isWhole = from === 0 && to === entries.length;
      const part = isWhole ? entries : entries.slice(from, to);
      this.#writeEntries(part, bytes);
      send(this.#writeAppendHead(isWhole ? message : { ...message, index, logTerm, entries: part }));
      const last = part.at(-1);
      if (last !== undefined) ({ index, term: logTerm } = last);
      from = to;
    } while (from < entries.length);
  }

  #writeEntries(entries: readonly LogEntry[], byteCount: number): void {
    const target = this.#reserve(byteCount);
    let at = appendHeadBytes;
    for (const { term, kind, payload } of entries) {
      writeUint64(target, at, term);
      writeUint32(target, at + 8, kind);
      writeUint32(target, at + 12, payload.length);
      at += entryHeadBytes;
      target.set(payload, at);
      at += payload.length;
    }
    this.#entries = entries;
    this.#end = at;
  }

  #writeAppendHead(message: AppendMessage): Uint8Array {
    const target = this.#buffer;
    this.#head(target, wireTypes.append, 0, message.term, message.index);
    writeUint64(target, 24, message.logTerm);
    writeUint64(target, 32, message.commit);
    writeUint32(target, 40, message.entries.length);
    writeUint32(target, 44, 0);
    return target.subarray(0, this.#end);
  }

  #head(target: Uint8Array, type: number, flags: number, term: number, index: number): void {
    target[0] = wireVersion;
    target[1] = type;
    target[2] = flags;
    target[3] = 0;
    writeUint32(target, 4, this.#group);
    writeUint64(target, 8, term);
    writeUint64(target, 16, index);
  }

  /** Room for a new message, which takes the place of the last one. */
  #reserve(byteCount: number): Uint8Array {
    if (byteCount > this.#buffer.length) {
      this.#buffer = new Uint8Array(Math.max(byteCount, this.#buffer.length * 2));
      this.#shorts = [];
    }
    this.#entries = undefined;
    return this.#buffer;
  }
}
