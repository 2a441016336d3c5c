import type { Socket } from 'node:net';
import { type Clock, QuorateError } from '@quorate/core';
import type { BufferPool } from '../frame-cork.ts';
import { FrameDecoder } from '../frame-decoder.ts';
import { FrameKind } from '../frame.ts';
import { type Refusal, encodeRefusal, helloMaxBytes } from '../hello.ts';
import { CorkedWriter } from './corked-writer.ts';
import type { FlushTurn } from './flush-turn.ts';

/** What a connection tells its owner, never within a call of its owner. */
export interface ConnectionEvents {
  /** `payload` is valid during the call. */
  onFrame(kind: FrameKind, group: number, payload: Uint8Array): void;
  /** It is over. Once; nothing comes after it. */
  onClose(cause: unknown): void;
  /** Something that waited has left. */
  onProgress(): void;
}

const nothing = new Uint8Array(0);

/** One socket that carries frames. It never throws for what a socket or a peer does: it ends, with the cause. */
export class TcpConnection {
  /** Settles when the socket is closed. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #decoder = new FrameDecoder({ payloadMaxBytes: helloMaxBytes });
  readonly #writer: CorkedWriter;
  readonly #turn: FlushTurn;
  readonly #openedMs: number;
  #events: ConnectionEvents | undefined;
  #heardMs: number;
  #heard = false;
  #beatMs: number;
  #ended = false;

  /** @param socket connected, or connecting: what is sent waits for that */
  constructor(socket: Socket, pool: BufferPool, turn: FlushTurn, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
    this.#turn = turn;
    this.#openedMs = this.#heardMs = this.#beatMs = clock.monotonicMs();
    this.#writer = new CorkedWriter(socket, pool, turn, clock, () => this.#events?.onProgress());
    this.closed = new Promise(resolve => {
      socket.once('close', () => {
        this.#finish(lost('The connection was closed without a word'));
        resolve();
      });
    });
    socket.on('error', error => this.#finish(lost(`The connection failed: ${error.message}`, error)));
    socket.setNoDelay(true);
  }

  /** Starts to hand over frames. */
  listen(events: ConnectionEvents): void {
    this.#events = events;
    this.#socket.on('data', (chunk: Buffer) => this.#read(chunk));
  }

  /** Hands frames to somebody else from now on. */
  handTo(events: ConnectionEvents): void {
    this.#events = events;
  }

  get ended(): boolean {
    return this.#ended;
  }

  get queuedBytes(): number {
    return this.#writer.queuedBytes;
  }

  get openedMs(): number {
    return this.#openedMs;
  }

  /** The peer is known: messages of this length are taken. */
  allow(payloadMaxBytes: number): void {
    this.#decoder.payloadMaxBytes = Math.max(helloMaxBytes, payloadMaxBytes);
  }

  send(kind: FrameKind, group: number, payload: Uint8Array): void {
    this.#writer.append(kind, group, payload);
  }

  /** Says that it lives, `intervalMs` after it last did. What is sent otherwise is not counted: that would cost each send. */
  beat(nowMs: number, intervalMs: number): void {
    if (nowMs - this.#beatMs < intervalMs) return;
    this.#beatMs = nowMs;
    // What waits to be written says as much.
    if (this.#writer.queuedBytes === 0) this.send(FrameKind.heartbeat, 0, nothing);
  }

  /** How long nothing was heard, to within the time since this was asked last: no clock is read for what arrives. */
  silentMs(nowMs: number): number {
    if (this.#heard) this.#heardMs = nowMs;
    this.#heard = false;
    return nowMs - this.#heardMs;
  }

  stalledMs(nowMs: number): number {
    return this.#writer.stalledMs(nowMs);
  }

  /** Time during which this process did not run is not held against the peer. */
  forgive(lostMs: number): void {
    this.#heardMs += lostMs;
    this.#writer.forgive(lostMs);
  }

  /** Says why, lets it leave for at most `withinMs`, and ends. Its owner hears nothing more. */
  close(kind: 4 | 7, refusal: Refusal, withinMs: number): void {
    if (this.#ended) return;
    this.send(kind, 0, encodeRefusal(refusal));
    this.#ended = true;
    this.#events = undefined;
    const timer = this.#clock.setTimer(withinMs, () => this.#socket.destroy());
    void this.closed.then(() => timer.cancel());
    this.#writer.end();
  }

  /** Ends at once. Its owner hears nothing more. */
  destroy(): void {
    this.#ended = true;
    this.#events = undefined;
    this.#writer.close();
    this.#socket.destroy();
  }

  #read(chunk: Uint8Array): void {
    if (this.#ended) return;
    this.#heard = true;
    this.#turn.begin();
    try {
      this.#decode(chunk);
    } finally {
      this.#turn.end();
    }
  }

  #decode(chunk: Uint8Array): void {
    const decoder = this.#decoder;
    decoder.feed(chunk);
    for (let verdict = decoder.next(); verdict !== 'more'; verdict = decoder.next()) {
      if (verdict === 'violation') {
        this.#finish(
          new QuorateError('PROTOCOL_VIOLATION', `The peer broke the protocol: ${decoder.describeFault()}`, {
            outcome: 'unknown',
          }),
        );
        return;
      }
      this.#events?.onFrame(decoder.kind as FrameKind, decoder.group, decoder.payload);
      if (this.#ended) return;
    }
  }

  #finish(cause: unknown): void {
    const events = this.#events;
    this.destroy();
    events?.onClose(cause);
  }
}

/** The error for a connection that ended by itself. */
export function lost(message: string, cause?: unknown): QuorateError {
  return new QuorateError('CONNECTION_LOST', message, { retryable: true, cause });
}
