/**
 * Messages of the protocol are cut into frames, none longer than a transport takes. A frame begins with 12 bytes:
 *
 * ```
 *  version  kind  flags  0   epoch (u32)   id (u32)
 * ```
 *
 * `epoch` is the client's, drawn when it started, so that nobody takes an answer to another for its own. Frames of one message come
 * one after the other, its last with a flag.
 */

/** What both sides must speak. */
export const protocolVersion = 1;

export const frameKinds = { request: 1, cancel: 2, answer: 3 } as const;

const headerBytes = 12;
const lastFlag = 1;

/** One frame as it comes in. */
export interface Frame {
  readonly kind: number;
  readonly epoch: number;
  readonly id: number;
  readonly isLast: boolean;
  /** A view of what came. */
  readonly body: Uint8Array;
}

/** Cuts a message into frames of at most `frameMaxBytes`. */
export function framesOf(
  kind: number,
  epoch: number,
  id: number,
  body: Uint8Array,
  frameMaxBytes: number,
): Uint8Array[] {
  const frames: Uint8Array[] = [];
  const bodyMaxBytes = frameMaxBytes - headerBytes;
  let at = 0;
  do {
    const part = body.subarray(at, at + bodyMaxBytes);
    at += part.length;
    const frame = new Uint8Array(headerBytes + part.length);
    const view = new DataView(frame.buffer);
    frame.set([protocolVersion, kind, at === body.length ? lastFlag : 0, 0]);
    view.setUint32(4, epoch, true);
    view.setUint32(8, id, true);
    frame.set(part, headerBytes);
    frames.push(frame);
  } while (at < body.length);
  return frames;
}

/** @throws RangeError where it is none of this version */
export function readFrame(message: Uint8Array): Frame {
  if (message.length < headerBytes)
    throw new RangeError(`Frame must have a header: received ${message.length} bytes`);
  const [version, kind = 0, flags = 0] = message;
  if (version !== protocolVersion) {
    throw new RangeError(`Frame must be of version ${protocolVersion}: received ${version}`);
  }
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  return {
    kind,
    epoch: view.getUint32(4, true),
    id: view.getUint32(8, true),
    isLast: (flags & lastFlag) !== 0,
    body: message.subarray(headerBytes),
  };
}

/** Puts the frames of messages together again, within a limit of bytes. */
export class Assembly {
  readonly #bytesMax: number;
  #parts: Uint8Array[] = [];
  #bytes = 0;
  #key = '';

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /**
   * Takes a frame; gives the whole message with its last one.
   *
   * @throws RangeError where messages are mixed up, or one is too long
   */
  take({ kind, epoch, id, isLast, body }: Frame): Uint8Array | undefined {
    const key = `${kind}/${epoch}/${id}`;
    if (this.#parts.length > 0 && key !== this.#key)
      throw new RangeError('Frames of a message must come together');
    this.#bytes += body.length;
    if (this.#bytes > this.#bytesMax) throw new RangeError(`Message must be at most ${this.#bytesMax} bytes`);
    if (isLast && this.#parts.length === 0) {
      this.#bytes = 0;
      return body;
    }
    this.#parts.push(new Uint8Array(body));
    this.#key = key;
    if (!isLast) return undefined;
    const whole = new Uint8Array(this.#bytes);
    let at = 0;
    for (const part of this.#parts) {
      whole.set(part, at);
      at += part.length;
    }
    this.clear();
    return whole;
  }

  /** Forgets what came of a message that will not be whole. */
  clear(): void {
    this.#parts = [];
    this.#bytes = 0;
  }
}
