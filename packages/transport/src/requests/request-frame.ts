import { encodeFailure } from './wire-failure.ts';

/**
 * The layout of what requests and streams send. All numbers are little-endian.
 *
 * ```text
 *  0         1      2         4         8        12
 *  | version | kind | id high | session | id low | by kind …
 *     u8        u8      u16       u32      u32
 *
 *  request  remaining ms u32 (2^32 - 1: none) | 0 u32      | method | body
 *  open     remaining ms u32                  | window u32 | method | head
 *  method   length u16 | UTF-8, or 2^16 - 1 | number u32
 *  response body                       accept  window u32
 *  failure  see wire-failure           credit  bytes u32
 *  reset    see wire-failure           chunk   bytes
 *  cancel, end: nothing
 * ```
 *
 * Id and session are those of whoever asked, in both directions; the highest bit of the kind says that the one who was asked
 * is speaking. Ids have 48 bits: at a million a second they last for eight years. The session is drawn at random by each asker when it starts, so that the ids of one that is gone mean nothing.
 *
 * @module
 */

/** The version that this code writes, and the only one that it reads. */
export const requestVersion = 1;

export const FrameType: {
  readonly request: 1;
  readonly response: 2;
  readonly failure: 3;
  readonly cancel: 4;
  readonly open: 5;
  readonly accept: 6;
  readonly chunk: 7;
  readonly credit: 8;
  readonly end: 9;
  readonly reset: 10;
} = {
  request: 1,
  response: 2,
  failure: 3,
  cancel: 4,
  open: 5,
  accept: 6,
  chunk: 7,
  credit: 8,
  end: 9,
  reset: 10,
};

export type FrameType = (typeof FrameType)[keyof typeof FrameType];

const typeMax = 10;
/** The kinds that the asked one sends alone; of the others the first five are the asker's, the rest are both's. */
const answers: ReadonlySet<number> = new Set([FrameType.response, FrameType.failure, FrameType.accept]);
const both: ReadonlySet<number> = new Set([
  FrameType.chunk,
  FrameType.credit,
  FrameType.end,
  FrameType.reset,
]);
const answerBit = 0x80;

/** Bytes that every frame begins with. */
export const headerBytes = 12;
/** The most that stands before the body of a request with a method's name of so many bytes. */
export function requestOverheadBytes(methodBytes: number): number {
  return headerBytes + 10 + Math.max(4, methodBytes);
}

/** Whom a method is called by: a name, or a number below 2^32. */
export type Method = string | number;

const named = new TextEncoder();
const naming = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const methodMaxBytes = 255;
const noDeadline = 0xffff_ffff;
const numbered = 0xffff;

/** Writes frames into one buffer, which the next frame overwrites. */
export class FrameEncoder {
  readonly #messageMaxBytes: number;
  #bytes = new Uint8Array(1024);

  /** @param messageMaxBytes of the transport: failures are cut to fit, everything else is checked by its caller */
  constructor(messageMaxBytes: number = Number.POSITIVE_INFINITY) {
    this.#messageMaxBytes = messageMaxBytes;
  }

  /** A frame with a body. */
  body(type: FrameType, answer: boolean, session: number, id: number, body: Uint8Array): Uint8Array {
    const frame = this.#begin(type, answer, session, id, body.length);
    frame.set(body, headerBytes);
    return frame;
  }

  /** A failure or a reset. Never throws, whatever was thrown. */
  failure(type: FrameType, answer: boolean, session: number, id: number, thrown: unknown): Uint8Array {
    return this.body(type, answer, session, id, encodeFailure(thrown, this.#messageMaxBytes - headerBytes));
  }

  /** A frame with a number. */
  number(type: FrameType, answer: boolean, session: number, id: number, value: number): Uint8Array {
    const frame = this.#begin(type, answer, session, id, 4);
    putUint32(frame, headerBytes, value);
    return frame;
  }

  /** A frame with nothing. */
  bare(type: FrameType, answer: boolean, session: number, id: number): Uint8Array {
    return this.#begin(type, answer, session, id, 0);
  }

  /** A request, or with a window the opening of a stream. */
  request(session: number, id: number, { method, body, remainingMs, windowBytes }: RequestParts): Uint8Array {
    const name = typeof method === 'string' ? methodName(method) : undefined;
    const methodBytes = name?.length ?? 4;
    const type = windowBytes === 0 ? FrameType.request : FrameType.open;
    const frame = this.#begin(type, false, session, id, 10 + methodBytes + body.length);
    putUint32(
      frame,
      12,
      Number.isFinite(remainingMs) ? Math.min(Math.ceil(remainingMs), noDeadline - 1) : noDeadline,
    );
    putUint32(frame, 16, windowBytes);
    const length = name?.length ?? numbered;
    frame[20] = length;
    frame[21] = length >>> 8;
    if (name === undefined) putUint32(frame, 22, method as number);
    else frame.set(name, 22);
    frame.set(body, 22 + methodBytes);
    return frame;
  }

  #begin(type: FrameType, answer: boolean, session: number, id: number, bytes: number): Uint8Array {
    const length = headerBytes + bytes;
    if (this.#bytes.length < length) this.#bytes = new Uint8Array(length * 2);
    const frame = this.#bytes.subarray(0, length);
    const high = Math.floor(id / 0x1_0000_0000);
    frame[0] = requestVersion;
    frame[1] = answer ? type | answerBit : type;
    frame[2] = high;
    frame[3] = high >>> 8;
    putUint32(frame, 4, session);
    putUint32(frame, 8, id % 0x1_0000_0000);
    return frame;
  }
}

/** What a request, or the opening of a stream, says. */
export interface RequestParts {
  readonly method: Method;
  readonly body: Uint8Array;
  /** `Infinity` for none. */
  readonly remainingMs: number;
  /** 0 for a request. */
  readonly windowBytes: number;
}

/** What a frame begins with. */
export interface FrameHeader {
  readonly type: FrameType;
  /** It comes from the one who was asked. */
  readonly answer: boolean;
  readonly session: number;
  readonly id: number;
}

/** Reads the beginning of a frame; says what is wrong where it is none. */
export function readHeader(frame: Uint8Array): FrameHeader | string {
  if (frame.length < headerBytes) return `a frame of ${frame.length} bytes`;
  const [version, kind] = [frame[0] as number, frame[1] as number];
  if (version !== requestVersion) return `version ${version}`;
  const type = (kind & ~answerBit) as FrameType;
  const answer = kind >= answerBit;
  if (type < 1 || type > typeMax || (!both.has(type) && answers.has(type) !== answer)) return `kind ${kind}`;
  const high = (frame[2] as number) | ((frame[3] as number) << 8);
  return { type, answer, session: getUint32(frame, 4), id: high * 0x1_0000_0000 + getUint32(frame, 8) };
}

/** Reads a request or an opening. Its body is a copy. Says what is wrong where it is none. */
export function readRequest(frame: Uint8Array): RequestParts | string {
  if (frame.length < 22) return 'a request that is cut off';
  const remaining = getUint32(frame, 12);
  const length = (frame[20] as number) | ((frame[21] as number) << 8);
  const methodBytes = length === numbered ? 4 : length;
  const at = 22 + methodBytes;
  if (at > frame.length || methodBytes === 0 || methodBytes > methodMaxBytes) return 'a method of no length';
  let method: Method;
  try {
    method = length === numbered ? getUint32(frame, 22) : naming.decode(frame.slice(22, at));
  } catch {
    return 'a method that is no text';
  }
  return {
    method,
    body: new Uint8Array(frame.subarray(at)),
    remainingMs: remaining === noDeadline ? Number.POSITIVE_INFINITY : remaining,
    windowBytes: getUint32(frame, 16),
  };
}

/** Reads the number of an `accept` or a `credit`. */
export function readNumber(frame: Uint8Array): number | undefined {
  return frame.length === headerBytes + 4 ? getUint32(frame, headerBytes) : undefined;
}

/** Names that were used, by their bytes: a program has few, so they are kept until there are too many. */
const names: Map<string, Uint8Array> = new Map();
const namesMax = 1024;

/** A method's name as bytes. @throws TypeError, RangeError unless it is a method */
export function methodName(method: string): Uint8Array {
  const known = names.get(method);
  if (known !== undefined) return known;
  const bytes = named.encode(method);
  if (bytes.length === 0 || bytes.length > methodMaxBytes) {
    throw new RangeError(`Method must be 1 to ${methodMaxBytes} bytes: received ${bytes.length}`);
  }
  if (names.size >= namesMax) names.clear();
  names.set(method, bytes);
  return bytes;
}

/** The bytes that a method takes in a frame. @throws TypeError, RangeError unless it is a method */
export function checkMethod(method: Method): number {
  if (typeof method === 'string') return methodName(method).length;
  if (typeof method !== 'number')
    throw new TypeError(`Method must be a string or a number: received ${typeof method}`);
  if (!Number.isInteger(method) || method < 0 || method > 0xffff_ffff)
    throw new RangeError(`Method must be an integer from 0 to 4294967295: received ${method}`);
  return 4;
}

function putUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

function getUint32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)) >>>
    0
  );
}
