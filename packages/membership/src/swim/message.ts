import type { NodeId } from '@quorate/core';
import type { MemberRecord } from './member.ts';

/**
 * What members tell each other, version 1. Numbers are big-endian, texts a 16-bit length and UTF-8.
 *
 * ```text
 *  message  u8 version · u8 type · body · records, to the end
 *  body     ping, ack, nack   u32 sequence
 *           ping-req          u32 sequence · text target
 *           gossip, same      nothing
 *           sync              u32 u32 digest
 *           state             u8 flags: 1 the last one, 2 yours is wanted
 *  record   u8 state (2 bits) · 4 has details · 8 has an accuser
 *           text id · u21 u32 incarnation · u32 life
 *           details           u21 u32 meta version · u16 length and bytes of meta · text address
 *           accuser           text
 * ```
 *
 * @module
 */

/** The version that this code speaks; another one's messages are not read. */
export const wireVersion = 1;

/** The types, by their numbers on the wire. */
export const MessageType = {
  ping: 1,
  ack: 2,
  nack: 3,
  pingReq: 4,
  gossip: 5,
  sync: 6,
  same: 7,
  state: 8,
} as const;

/** One of {@link MessageType}. */
export type MessageCode = (typeof MessageType)[keyof typeof MessageType];

export const detailsFlag = 4;
export const accuserFlag = 8;
export const lastFlag = 1;
export const wantedFlag = 2;

/** Incarnations and versions above this are refused: beyond it numbers would lose their last bits. Wall time takes 140,000 years to it. */
export const counterMax: number = 2 ** 52;

/** A message that was read. Fields that its type does not have are 0 or empty. */
export interface Message {
  readonly type: MessageCode;
  readonly sequence: number;
  readonly target: NodeId | '';
  readonly digestHigh: number;
  readonly digestLow: number;
  readonly isLast: boolean;
  readonly isWanted: boolean;
  readonly records: readonly MemberRecord[];
}
