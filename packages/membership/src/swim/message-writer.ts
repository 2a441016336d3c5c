import type { Member, StateCode } from './member.ts';
import { accuserFlag, detailsFlag, type MessageCode, wireVersion } from './message.ts';

const utf8 = new TextEncoder();

/** Messages are parts of buffers of this size, for a buffer of its own costs several times what a part does. */
const slabBytes = 16_384;

/** What a record is written from, where it is not what the table believes. */
export interface RecordChoice {
  readonly state: StateCode;
  readonly accuser: string;
  readonly withDetails: boolean;
}

/** Writes one message at a time into a buffer of its own. What would not fit is taken back. */
export class MessageWriter {
  readonly #bytes: Uint8Array;
  readonly #maxBytes: number;
  #at = 0;
  #slab: Uint8Array = new Uint8Array(0);
  #slabAt = 0;

  /** @param maxBytes the longest message; the buffer has room for a record beyond it, which is then taken back */
  constructor(maxBytes: number, recordMaxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#bytes = new Uint8Array(maxBytes + recordMaxBytes);
  }

  /** How long the message is so far. */
  get length(): number {
    return this.#at;
  }

  begin(type: MessageCode): void {
    this.#bytes[0] = wireVersion;
    this.#bytes[1] = type;
    this.#at = 2;
  }

  u8(value: number): void {
    this.#bytes[this.#at++] = value;
  }

  u32(value: number): void {
    const bytes = this.#bytes;
    const at = this.#at;
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
    this.#at = at + 4;
  }

  text(value: string): void {
    const start = this.#at;
    let at = start + 2;
    for (let index = 0; index < value.length; index++) {
      const unit = value.charCodeAt(index);
      if (unit > 127) {
        at = start + 2 + utf8.encodeInto(value, this.#bytes.subarray(start + 2)).written;
        break;
      }
      this.#bytes[at++] = unit;
    }
    const length = at - start - 2;
    this.#bytes[start] = length >>> 8;
    this.#bytes[start + 1] = length;
    this.#at = at;
  }

  /** Sets a byte that was written before, of the body. */
  patch(at: number, value: number): void {
    this.#bytes[at] = value;
  }

  /** Writes a record if the message is then at most `maxBytes` long; says whether. */
  record(
    member: Member,
    { state, accuser, withDetails }: RecordChoice,
    maxBytes: number = this.#maxBytes,
  ): boolean {
    const start = this.#at;
    this.u8(state | (withDetails ? detailsFlag : 0) | (accuser === '' ? 0 : accuserFlag));
    this.text(member.id);
    this.#counter(member.incarnation);
    this.u32(member.life);
    if (withDetails) {
      this.#counter(member.metaVersion);
      this.u8(member.meta.length >>> 8);
      this.u8(member.meta.length);
      this.#bytes.set(member.meta, this.#at);
      this.#at += member.meta.length;
      this.text(member.address);
    }
    if (accuser !== '') this.text(accuser);
    if (this.#at <= Math.min(maxBytes, this.#maxBytes)) return true;
    this.#at = start;
    return false;
  }

  /** A copy of the message, which stays as it is. */
  finish(): Uint8Array {
    const length = this.#at;
    if (this.#slabAt + length > this.#slab.length) {
      this.#slab = new Uint8Array(Math.max(slabBytes, length));
      this.#slabAt = 0;
    }
    const message = this.#slab.subarray(this.#slabAt, this.#slabAt + length);
    // Most messages are probes and answers, and shorter than a call into the platform's copy is worth.
    if (length > 64) message.set(this.#bytes.subarray(0, length));
    else for (let at = 0; at < length; at++) message[at] = this.#bytes[at] as number;
    this.#slabAt += length;
    return message;
  }

  #counter(value: number): void {
    this.u32(Math.floor(value / 0x1_0000_0000));
    this.u32(value >>> 0);
  }
}
