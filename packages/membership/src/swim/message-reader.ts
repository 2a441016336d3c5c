import { idLengthMax, type NodeId } from '@quorate/core';
import { knownAscii } from './known-texts.ts';
import { type MemberDetails, type MemberRecord, noMeta, State, type StateCode } from './member.ts';
import {
  accuserFlag,
  counterMax,
  detailsFlag,
  lastFlag,
  type Message,
  type MessageCode,
  MessageType,
  wantedFlag,
  wireVersion,
} from './message.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const noRecords: readonly MemberRecord[] = [];

/** Thrown and caught within this file alone. */
class Malformed extends Error {}

/** What a message may be at most. */
export interface ReadLimits {
  readonly messageMaxBytes: number;
  readonly metaMaxBytes: number;
}

/**
 * Reads a message that a peer sent, whole or not at all. What is kept of it is copied.
 *
 * @returns what is wrong with it, where it is none
 */
export function readMessage(bytes: Uint8Array, limits: ReadLimits): Message | string {
  if (bytes.length < 2) return `it has ${bytes.length} bytes`;
  if (bytes.length > limits.messageMaxBytes) return `it has ${bytes.length} bytes, more than a message may`;
  if (bytes[0] !== wireVersion) return `its version is ${bytes[0]}, not ${wireVersion}`;
  try {
    return new MessageReader(bytes, limits.metaMaxBytes).read();
  } catch (thrown) {
    if (thrown instanceof Malformed) return thrown.message;
    throw thrown;
  }
}

class MessageReader {
  readonly #bytes: Uint8Array;
  readonly #metaMaxBytes: number;
  #at = 2;

  constructor(bytes: Uint8Array, metaMaxBytes: number) {
    this.#bytes = bytes;
    this.#metaMaxBytes = metaMaxBytes;
  }

  read(): Message {
    const type = this.#bytes[1] as MessageCode;
    if (!(type >= MessageType.ping && type <= MessageType.state)) throw new Malformed(`its type is ${type}`);
    const hasSequence = type <= MessageType.pingReq;
    const isSync = type === MessageType.sync;
    // Fields are read in the order in which they stand in the literal, which is the order on the wire.
    const sequence = hasSequence ? this.#u32() : 0;
    const target = type === MessageType.pingReq ? this.#id() : '';
    const digestHigh = isSync ? this.#u32() : 0;
    const digestLow = isSync ? this.#u32() : 0;
    const flags = type === MessageType.state ? this.#u8() : 0;
    return {
      type,
      sequence,
      target,
      digestHigh,
      digestLow,
      isLast: (flags & lastFlag) !== 0,
      isWanted: (flags & wantedFlag) !== 0,
      records: this.#at === this.#bytes.length ? noRecords : this.#records(),
    };
  }

  #records(): readonly MemberRecord[] {
    const records: MemberRecord[] = [];
    while (this.#at < this.#bytes.length) records.push(this.#record());
    return records;
  }

  #record(): MemberRecord {
    const head = this.#u8();
    const state = (head & 3) as StateCode;
    if (head >= 16) throw new Malformed(`a record begins with ${head}`);
    if (state === State.alive && (head & detailsFlag) === 0)
      throw new Malformed('a living member has no details');
    const id = this.#id();
    const incarnation = this.#counter();
    const life = this.#u32();
    const details = (head & detailsFlag) === 0 ? undefined : this.#details();
    const accuser = (head & accuserFlag) === 0 ? '' : this.#id();
    return { id, state, incarnation, life, details, accuser };
  }

  #details(): MemberDetails {
    const metaVersion = this.#counter();
    const length = this.#u16();
    if (length > this.#metaMaxBytes) throw new Malformed(`metadata has ${length} bytes`);
    const start = this.#skip(length);
    const meta = length === 0 ? noMeta : this.#bytes.slice(start, start + length);
    return { metaVersion, meta, address: this.#text() };
  }

  #id(): NodeId {
    const id = this.#text();
    if (id === '') throw new Malformed('an id is empty');
    return id as NodeId;
  }

  #text(): string {
    const length = this.#u16();
    const start = this.#skip(length);
    // No character takes more than three bytes for each of its UTF-16 units.
    if (length > idLengthMax * 3) throw new Malformed(`a text has ${length} bytes`);
    const text = knownAscii(this.#bytes, start, length) ?? this.#utf8(start, length);
    if (text.length > idLengthMax) throw new Malformed(`a text has ${text.length} characters`);
    return text;
  }

  #utf8(start: number, length: number): string {
    try {
      return utf8.decode(this.#bytes.subarray(start, start + length));
    } catch {
      throw new Malformed('a text is not UTF-8');
    }
  }

  #counter(): number {
    const high = this.#u32();
    const value = high * 0x1_0000_0000 + this.#u32();
    if (value > counterMax) throw new Malformed(`a counter is ${value}`);
    return value;
  }

  #u8(): number {
    return this.#bytes[this.#skip(1)] as number;
  }

  #u16(): number {
    const at = this.#skip(2);
    return ((this.#bytes[at] as number) << 8) | (this.#bytes[at + 1] as number);
  }

  #u32(): number {
    const at = this.#skip(4);
    const bytes = this.#bytes;
    return (
      (((bytes[at] as number) << 24) |
        ((bytes[at + 1] as number) << 16) |
        ((bytes[at + 2] as number) << 8) |
        (bytes[at + 3] as number)) >>>
      0
    );
  }

  /** Goes past `count` bytes; says where they began. */
  #skip(count: number): number {
    const start = this.#at;
    if (start + count > this.#bytes.length) throw new Malformed('it ends within a field');
    this.#at = start + count;
    return start;
  }
}
