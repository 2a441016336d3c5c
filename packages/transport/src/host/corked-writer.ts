import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Clock } from '@quorate/core';
import { type BufferPool, FrameCork } from '../frame-cork.ts';
import type { FrameKind } from '../frame.ts';
import type { FlushTurn, Flushable } from './flush-turn.ts';

/** The first part of much leaves before the end of the turn: its reader is at work while the rest is being made. */
const earlyBytes = 16_384;
/** What is collected after that before it is written without waiting either. */
const flushBytes = 65_536;
/** The most that one write takes along, of a long message too: progress is seen from write to write. */
const writeMaxBytes = 262_144;
const nothing = Buffer.alloc(0);

/**
 * Writes the frames of one connection: what one turn sends leaves in one write, and much in a few.
 *
 * Were much to wait for the end of the turn, too, two nodes that answer each other would take turns: one idle while the other
 * works, and the kernel waking a thread for every batch.
 *
 * One write is under way at a time. What is sent meanwhile is collected in shared buffers and joins the next, so that a slow
 * peer costs the bytes that wait for it and not a buffer for each of them.
 */
export class CorkedWriter implements Flushable {
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #cork: FrameCork;
  readonly #turn: FlushTurn;
  readonly #onProgress: () => void;
  /** TLS never writes within the call: nothing of it leaves early, and its callbacks are asked for at once. */
  readonly #encrypted: boolean;
  #scheduled = false;
  /** Bytes with which the first write of a turn leaves. */
  readonly #firstBytes: number;
  #enoughBytes: number;
  #writing = false;
  #closed = false;
  #ending = false;
  /** Callbacks to come for writes that were over when the call returned. */
  #overdue = 0;
  #writingSinceMs = 0;

  /** @param onProgress called, never within {@link append}, when something that waited has left */
  constructor(socket: Socket, pool: BufferPool, turn: FlushTurn, clock: Clock, onProgress: () => void) {
    this.#socket = socket;
    this.#turn = turn;
    this.#clock = clock;
    this.#encrypted = socket instanceof TLSSocket;
    this.#firstBytes = this.#enoughBytes = this.#encrypted ? flushBytes : earlyBytes;
    this.#cork = new FrameCork(pool);
    this.#onProgress = onProgress;
  }

  get queuedBytes(): number {
    return this.#cork.collectedBytes + this.#cork.outBytes;
  }

  /** How long the write that is under way has been. */
  stalledMs(nowMs: number): number {
    return this.#writing ? nowMs - this.#writingSinceMs : 0;
  }

  append(kind: FrameKind, group: number, payload: Uint8Array): void {
    if (this.#closed || this.#ending) return;
    this.#cork.append(kind, group, payload);
    if (this.#writing) return;
    if (!this.#scheduled) {
      this.#scheduled = true;
      this.#turn.request(this);
    }
    if (this.#cork.collectedBytes < this.#enoughBytes) return;
    this.#enoughBytes = flushBytes;
    this.#write();
  }

  /** Time during which this process did not run does not count. */
  forgive(lostMs: number): void {
    this.#writingSinceMs += lostMs;
  }

  /** Ends the socket once all is written; nothing more is taken on. */
  end(): void {
    this.#ending = true;
    if (!this.#scheduled) this.#write();
  }

  /** Nothing is written any more. */
  close(): void {
    this.#closed = true;
    this.#writing = false;
    this.#cork.discard();
  }

  /** Writes what was collected, unless a write is under way, which will. */
  flush(): void {
    this.#scheduled = false;
    this.#enoughBytes = this.#firstBytes;
    this.#write();
    // Where the kernel took it all within the call, no callback will tell.
    if (!this.#writing && !this.#closed) this.#onProgress();
  }

  #write(): void {
    const socket = this.#socket;
    while (!this.#writing && !this.#closed && this.#cork.collectedBytes > 0) {
      const whole = this.#cork.takeWhole(writeMaxBytes);
      if (whole === undefined) this.#writeBatch(this.#cork.take(writeMaxBytes));
      else if (this.#encrypted) socket.write(whole, this.#onWritten);
      else socket.write(whole);
      if (socket.writableLength === 0) {
        // The kernel took it all within the call.
        if (this.#encrypted) this.#overdue++;
        this.#cork.release();
        continue;
      }
      this.#writing = true;
      this.#writingSinceMs = this.#clock.monotonicMs();
      // A callback costs a tick even where there was nothing to wait for: it is asked for only now, behind what waits.
      if (!this.#encrypted) socket.write(nothing, this.#onWritten);
    }
    if (this.#ending && !this.#writing && !this.#closed) this.#socket.end();
  }

  #writeBatch(batch: readonly Uint8Array[]): void {
    const socket = this.#socket;
    const last = batch.length - 1;
    socket.cork();
    for (let index = 0; index <= last; index++) {
      if (index === last && this.#encrypted) socket.write(batch[index] as Uint8Array, this.#onWritten);
      else socket.write(batch[index] as Uint8Array);
    }
    socket.uncork();
  }

  readonly #onWritten = (): void => {
    if (this.#overdue > 0) {
      this.#overdue--;
      return;
    }
    if (this.#closed) return;
    this.#writing = false;
    this.#cork.release();
    this.#write();
    this.#onProgress();
  };
}
