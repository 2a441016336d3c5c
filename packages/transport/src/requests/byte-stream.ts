import type { NodeId, QuorateError, WaitOptions } from '@quorate/core';
import type { Outbox } from './outbox.ts';
import { FrameType, headerBytes } from './request-frame.ts';
import { aborted, connectionLost, type RequestContext } from './request-context.ts';
import { IncomingChunks } from './incoming-chunks.ts';
import { chunkOverheadBytes } from './limits.ts';
import { beginWait } from './begin-wait.ts';

/**
 * Bytes both ways between two peers, each way in order and with an end of its own. What one side sends ahead of the other's
 * reading is bounded by a window.
 *
 * Iterating reads to the end; leaving the loop early cancels the stream. Disposing cancels what has not ended.
 */
export interface ByteStream extends AsyncIterable<Uint8Array>, AsyncDisposable {
  readonly peer: NodeId;
  /** Aborts when the stream breaks: cancelled by the peer, disconnected, disposed of. Not when it ends well. */
  readonly signal: AbortSignal;

  /**
   * The next chunk, or undefined at the end. Chunks are not kept as they were written: pieces of long ones come apart. One
   * read at a time.
   *
   * @throws QuorateError `ABORTED`, `DEADLINE_EXCEEDED`: nothing was read. Whatever ended the stream
   */
  read(options?: WaitOptions): Promise<Uint8Array | undefined>;

  /**
   * Sends a chunk, and settles when the transport has taken all of it: wait for it before the next. The bytes must not change
   * before.
   *
   * @throws TypeError after {@link end}, and while another write is under way
   * @throws QuorateError `ABORTED`, `DEADLINE_EXCEEDED`: some of it may be sent. Whatever ended the stream
   */
  write(chunk: Uint8Array, options?: WaitOptions): Promise<void>;

  /** Sends no more. The peer's side goes on. */
  end(): void;

  /** Ends both sides at once; the peer sees `ABORTED`, with `reason` as its message. */
  cancel(reason?: string): void;
}

/** Where a stream belongs. */
export interface StreamPlace {
  readonly context: RequestContext;
  readonly outbox: Outbox;
  readonly peer: NodeId;
  readonly session: number;
  readonly id: number;
  /** This side was asked. */
  readonly answering: boolean;
  /** The peer's window. */
  readonly windowBytes: number;
  /** The stream needs no frames any more. */
  readonly forget: () => void;
}

/** Credit that nobody grants in good faith. */
const creditMaxBytes = 0x7fff_ffff;

/** One side of a stream. */
export class DuplexStream implements ByteStream {
  readonly peer: NodeId;
  readonly #place: StreamPlace;
  readonly #incoming: IncomingChunks;
  readonly #pieceBytes: number;
  #creditBytes: number;
  #writing = false;
  #wakeWriter: (() => void) | undefined;
  #sentEnd = false;
  #forgotten = false;
  /** Why nothing can be sent any more, when that is so. */
  #broken: QuorateError | undefined;
  #controller: AbortController | undefined;

  constructor(place: StreamPlace) {
    const { context, windowBytes, peer } = place;
    const { limits, transport, clock } = context;
    this.peer = peer;
    this.#place = place;
    this.#creditBytes = windowBytes;
    // Half a window, so that a piece always fits once the peer has read everything and told of half.
    const fitting = Math.floor(windowBytes / 2) - chunkOverheadBytes;
    this.#pieceBytes = Math.max(
      1,
      Math.min(limits.chunkMaxBytes, fitting, transport.capabilities.messageMaxBytes - headerBytes),
    );
    this.#incoming = new IncomingChunks(clock, limits.windowBytes, bytes => this.#grant(bytes));
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#broken !== undefined) this.#controller.abort(this.#broken);
    }
    return this.#controller.signal;
  }

  read(options: WaitOptions = {}): Promise<Uint8Array | undefined> {
    return this.#incoming.read(options);
  }

  async write(chunk: Uint8Array, options: WaitOptions = {}): Promise<void> {
    if (!(chunk instanceof Uint8Array))
      throw new TypeError(`Chunk must be a Uint8Array: received ${typeof chunk}`);
    if (this.#writing) throw new TypeError('A write is under way: wait for it before the next');
    if (this.#sentEnd) throw new TypeError('Chunks must be written before the end');
    this.#writing = true;
    const wait = beginWait(this.#place.context.clock, options);
    try {
      for (let at = 0; at < chunk.length; ) {
        if (this.#broken !== undefined) throw this.#broken;
        const piece = chunk.subarray(at, at + this.#pieceBytes);
        if (this.#send(piece)) at += piece.length;
        else {
          await wait(wake => {
            this.#wakeWriter = wake;
          });
        }
      }
    } finally {
      this.#writing = false;
    }
  }

  end(): void {
    if (this.#sentEnd || this.#broken !== undefined) return;
    if (this.#writing) throw new TypeError('A write is under way: wait for it before the end');
    this.#sentEnd = true;
    this.#post(FrameType.end);
    this.#forgetWhenDone();
  }

  cancel(reason = 'The stream was cancelled'): void {
    this.reset(aborted(reason, 'unknown'));
  }

  /** Ends both sides, and tells the peer why. */
  reset(error: QuorateError): void {
    if (this.#forgotten) {
      this.#incoming.fail(error); // What has arrived is not wanted.
      return;
    }
    const { encoder } = this.#place.context;
    const { answering, session, id, outbox } = this.#place;
    outbox.post(encoder.failure(FrameType.reset, answering, session, id, error));
    this.fail(error);
  }

  /** The handler is done: sends the end, and wants nothing more. */
  finish(): void {
    this.end();
    if (!this.#incoming.ended) this.reset(aborted('The rest of the stream is not read', 'unknown'));
  }

  /** Both sides are over, without a word to the peer. */
  fail(error: QuorateError): void {
    this.#incoming.fail(error);
    this.#break(error);
  }

  /** The connection has ended. */
  lose(cause: unknown): void {
    this.fail(connectionLost(this.peer, cause));
  }

  /** Takes a frame of this stream; says what is wrong with it, if anything is. */
  receive(
    type: FrameType,
    payload: Uint8Array,
    value: number | undefined,
    error: QuorateError | undefined,
  ): string | undefined {
    if (type === FrameType.chunk) return this.#incoming.add(payload);
    if (type === FrameType.end) {
      if (!this.#incoming.end()) return 'a second end';
      this.#forgetWhenDone();
    } else if (type === FrameType.credit) {
      if (value === undefined || value === 0 || this.#creditBytes + value > creditMaxBytes)
        return 'a credit of no size';
      this.#creditBytes += value;
      this.#wakeWriter?.();
    } else {
      if (error === undefined) return 'a reset without an error';
      // What the peer sent whole stays readable: it only wants nothing more from here.
      if (!this.#incoming.ended) this.#incoming.fail(error);
      this.#break(error);
    }
    return undefined;
  }

  /** No generator: that would let nobody leave while it waits for a chunk, or before it was begun. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array, undefined> {
    let over = false;
    const leave = (): void => {
      if (!over) this.cancel();
      over = true;
    };
    return {
      next: async () => {
        try {
          const value = over ? undefined : await this.read();
          if (value !== undefined && !over) return { done: false, value };
          over = true;
        } catch (error) {
          if (!over) {
            leave();
            throw error;
          }
        }
        return { done: true, value: undefined };
      },
      return: async () => {
        leave();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#forgotten || !this.#incoming.ended) this.cancel();
  }

  readonly #onRoom = (): void => this.#wakeWriter?.();

  /** Sends a piece if the peer's window and the transport have room for it. */
  #send(piece: Uint8Array): boolean {
    const cost = piece.length + chunkOverheadBytes;
    if (this.#creditBytes < cost) return false;
    const { context, answering, session, id, outbox } = this.#place;
    const result = outbox.offer(context.encoder.body(FrameType.chunk, answering, session, id, piece));
    if (result === 'disconnected') throw connectionLost(this.peer, undefined);
    if (result === 'full') {
      outbox.onRoom(this.#onRoom);
      return false;
    }
    this.#creditBytes -= cost;
    return true;
  }

  #grant(bytes: number): void {
    if (this.#forgotten) return;
    const { context, answering, session, id, outbox } = this.#place;
    outbox.post(context.encoder.number(FrameType.credit, answering, session, id, bytes));
  }

  #post(type: FrameType): void {
    const { context, answering, session, id, outbox } = this.#place;
    outbox.post(context.encoder.bare(type, answering, session, id));
  }

  #break(error: QuorateError): void {
    if (this.#broken !== undefined) return;
    this.#broken = error;
    this.#wakeWriter?.();
    this.#forget();
    this.#controller?.abort(error);
  }

  #forgetWhenDone(): void {
    if (this.#sentEnd && this.#incoming.ended) this.#forget();
  }

  #forget(): void {
    if (this.#forgotten) return;
    this.#forgotten = true;
    this.#place.forget();
  }
}
