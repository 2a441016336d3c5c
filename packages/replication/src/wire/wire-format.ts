import type { LogIndex, Term } from '@quorate/core';

/**
 * The messages of replicas, version 1. All numbers are little-endian, reserved bytes are 0, and a message has exactly the
 * length that follows from its fields.
 *
 * ```text
 *  0         1      2       3          4       8      16      24
 *  | version | type | flags | reserved | group | term | index | …
 *     u8        u8     u8      u8         u32     u64    u64
 *
 *  append            | log term u64 | commit u64 | count u32 | reserved u32 | entries: term u64, kind u32, length u32, payload
 *  append reply      | hint u64 | hint's term u64                              flag 1: rejected
 *  heartbeat         | round u64                 index: the commit index
 *  heartbeat reply   | round u64                 index: 0
 *  vote, pre-vote    | log term u64                                            flag 2: a transfer
 *  their replies     | commit's term u64         index: the commit index       flag 1: rejected
 *  timeout now       |                           index: 0
 *  read index        | request u64               index: 0
 *  read index reply  | request u64
 *  snapshot piece    | its term u64 | offset u64 | transfer u32 | membership's length u32 | membership | bytes
 *                                                                              flag 4: the last piece
 *  snapshot receipt  | received u64 | transfer u32 | reserved u32              flag 1: given up; 4: all of it is here
 * ```
 *
 * Who sent a message, the transport knows.
 *
 * @module
 */

export const wireVersion = 1;
export const headBytes = 24;
export const appendHeadBytes = 48;
export const entryHeadBytes = 16;
export const pieceHeadBytes = 48;
export const receiptBytes = 40;

export const flagRejected = 1;
export const flagTransfer = 2;
export const flagLast = 4;

/** The byte that says what a message is. */
export const wireTypes = {
  append: 1,
  'append-reply': 2,
  heartbeat: 3,
  'heartbeat-reply': 4,
  vote: 5,
  'pre-vote': 6,
  'vote-reply': 7,
  'pre-vote-reply': 8,
  'timeout-now': 9,
  'read-index': 10,
  'read-index-reply': 11,
  piece: 12,
  receipt: 13,
} as const;

/** A part of a snapshot, from the leader to a follower. */
export interface SnapshotPiece {
  readonly type: 'piece';
  readonly term: Term;
  /** The snapshot's own index and term. */
  readonly index: LogIndex;
  readonly snapshotTerm: Term;
  /** Tells one sending of a snapshot from another. */
  readonly transfer: number;
  readonly offset: number;
  /** The membership at `index`; empty in all pieces but the first. */
  readonly membership: Uint8Array;
  readonly bytes: Uint8Array;
  readonly last: boolean;
}

/** How far a snapshot has come, from the follower to the leader. */
export interface SnapshotReceipt {
  readonly type: 'receipt';
  readonly term: Term;
  readonly index: LogIndex;
  readonly transfer: number;
  /** How many bytes are taken: what is sent next begins there. */
  readonly received: number;
  /** The follower cannot go on with this transfer, or has no use for it. */
  readonly refused: boolean;
  /** Everything is there. */
  readonly complete: boolean;
}
