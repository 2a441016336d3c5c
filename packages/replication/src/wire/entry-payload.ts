import { ByteSlab } from './byte-slab.ts';
import { readUint48, uint48Max, writeUint48 } from './uint48.ts';

/**
 * What the payload of a command's entry holds, little-endian.
 *
 * ```text
 *  0       1           7              13
 *  | type  | timeMs    | elapsedMs    | (early: length u8, leader's id) | body …
 *     u8      u48         u48
 *
 *  type: 0 command, 1 command of a session, 2 open session, 3 close session, 4 keep session; + 0x80: acknowledged early
 *
 *  body of 1: | session u48 | sequence u48 | settled back u16 | command …
 *  body of 2: | ttlMs u48 |        of 3 and 4: | session u48 |
 * ```
 *
 * `timeMs` is the leader's wall clock and never decreases along the log. `elapsedMs` is how long the leader had been in
 * office, on its monotonic clock: sessions go by it, so that neither a wall clock that jumps nor an election ends one.
 * An entry that may be acknowledged before it is committed names its leader, so that this leader can tell after a restart
 * what of it was lost.
 *
 * @module
 */

/** What an entry asks for. */
export const payloadTypes = {
  command: 0,
  sessionCommand: 1,
  openSession: 2,
  closeSession: 3,
  keepSession: 4,
} as const;

export type PayloadType = (typeof payloadTypes)[keyof typeof payloadTypes];

const earlyFlag = 0x80;
const headerBytes = 13;
const sessionBytes = 14;
/** How far `settled` may lie behind `sequence`: also how many replies of a session are kept. */
export const sessionWindowMax = 1024;

/** Which operation of which session a command is. */
export interface SessionOperation {
  /** What opening the session gave. */
  readonly session: number;
  /** Counts the session's operations, from 1, without gaps. */
  readonly sequence: number;
  /** Replies up to this one will not be asked for again. */
  readonly settled: number;
}

/** When the leader took an entry on. */
export interface LeaderMoment {
  readonly timeMs: number;
  readonly elapsedMs: number;
}

/** Makes payloads, many in one buffer, since each buffer of its own costs more than the copy. */
export class PayloadWriter {
  readonly #leader: Uint8Array;
  readonly #slab = new ByteSlab(0x1_0000);

  /** @param leader the id that early entries name */
  constructor(leader: string) {
    const id = new TextEncoder().encode(leader);
    this.#leader = new Uint8Array(id.length + 1);
    // A node id has at most 255 UTF-16 units, up to 765 bytes; what does not fit is cut off at both ends of the comparison.
    const length = Math.min(id.length, 255);
    this.#leader[0] = length;
    this.#leader.set(id.subarray(0, length), 1);
  }

  /** The payload of a command, which is copied. */
  command(
    moment: LeaderMoment,
    command: Uint8Array,
    session: SessionOperation | undefined,
    early: boolean,
  ): Uint8Array {
    const bodyBytes = command.length + (session === undefined ? 0 : sessionBytes);
    const type = session === undefined ? payloadTypes.command : payloadTypes.sessionCommand;
    const payload = this.#begin(type, moment, bodyBytes, early);
    let at = payload.length - bodyBytes;
    if (session !== undefined) {
      writeUint48(payload, at, session.session);
      writeUint48(payload, at + 6, session.sequence);
      const back = session.sequence - session.settled;
      payload[at + 12] = back;
      payload[at + 13] = back >>> 8;
      at += sessionBytes;
    }
    payload.set(command, at);
    return payload;
  }

  /** The payload of what is done to a session itself: `value` is its id, or the time to live of a new one. */
  session(
    type:
      | typeof payloadTypes.openSession
      | typeof payloadTypes.closeSession
      | typeof payloadTypes.keepSession,
    moment: LeaderMoment,
    value: number,
  ): Uint8Array {
    const payload = this.#begin(type, moment, 6, false);
    writeUint48(payload, headerBytes, value);
    return payload;
  }

  /** What a command takes in an entry beside itself, at most. */
  get overheadBytes(): number {
    return headerBytes + this.#leader.length + sessionBytes;
  }

  #begin(type: PayloadType, moment: LeaderMoment, bodyBytes: number, early: boolean): Uint8Array {
    const earlyBytes = early ? (this.#leader[0] as number) + 1 : 0;
    const payload = this.#slab.take(headerBytes + earlyBytes + bodyBytes);
    payload[0] = early ? type | earlyFlag : type;
    writeUint48(payload, 1, moment.timeMs);
    writeUint48(payload, 7, moment.elapsedMs);
    if (early) payload.set(this.#leader.subarray(0, earlyBytes), headerBytes);
    return payload;
  }
}

/** Where the body of a payload begins, or undefined where the payload is none of this version. */
export function payloadBodyAt(payload: Uint8Array): number | undefined {
  if (payload.length < headerBytes) return undefined;
  const first = payload[0] as number;
  const type = first & ~earlyFlag;
  if (type > payloadTypes.keepSession) return undefined;
  let at = headerBytes;
  if (first & earlyFlag) {
    if (payload.length === at) return undefined;
    at += 1 + (payload[at] as number);
  }
  const least = type === payloadTypes.command ? 0 : type === payloadTypes.sessionCommand ? sessionBytes : 6;
  return at + least > payload.length ? undefined : at;
}

/** What a payload asks for. Only for one that {@link payloadBodyAt} accepted, as all below. */
export function payloadTypeOf(payload: Uint8Array): PayloadType {
  return ((payload[0] as number) & ~earlyFlag) as PayloadType;
}

export function payloadTimeMs(payload: Uint8Array): number {
  return readUint48(payload, 1);
}

export function payloadElapsedMs(payload: Uint8Array): number {
  return readUint48(payload, 7);
}

/** The session's id, or the time to live of a new one. */
export function payloadSession(payload: Uint8Array, bodyAt: number): number {
  return readUint48(payload, bodyAt);
}

export function payloadSequence(payload: Uint8Array, bodyAt: number): number {
  return readUint48(payload, bodyAt + 6);
}

export function payloadSettled(payload: Uint8Array, bodyAt: number): number {
  const back = (payload[bodyAt + 12] as number) | ((payload[bodyAt + 13] as number) << 8);
  return Math.max(0, payloadSequence(payload, bodyAt) - back);
}

/** The command itself, as a view. */
export function payloadCommand(payload: Uint8Array, bodyAt: number): Uint8Array {
  const at = payloadTypeOf(payload) === payloadTypes.sessionCommand ? bodyAt + sessionBytes : bodyAt;
  return payload.subarray(at);
}

/** Who may have acknowledged the entry before it was committed, or undefined where nobody may. */
export function earlyLeader(payload: Uint8Array): string | undefined {
  if (payload.length <= headerBytes || ((payload[0] as number) & earlyFlag) === 0) return undefined;
  const length = payload[headerBytes] as number;
  return new TextDecoder().decode(payload.subarray(headerBytes + 1, headerBytes + 1 + length));
}

/** @throws TypeError, RangeError unless it is an operation of a session that fits into an entry */
export function checkSessionOperation(operation: SessionOperation): void {
  if (typeof operation !== 'object' || operation === null) {
    throw new TypeError(
      `Session must be what "begin" of a ClientSession gave: received ${String(operation)}`,
    );
  }
  const { session, sequence, settled } = operation;
  checkSessionId(session);
  checkInteger('Sequence number', sequence, 1, uint48Max);
  checkInteger('Settled sequence number', settled, Math.max(0, sequence - sessionWindowMax), sequence - 1);
}

/** @throws RangeError for what is the id of no session */
export function checkSessionId(id: number): void {
  checkInteger('Session', id, 1, uint48Max);
}

function checkInteger(what: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  throw new RangeError(`${what} must be an integer from ${least} to ${most}: received ${String(value)}`);
}
