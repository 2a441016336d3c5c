import type { Socket } from 'node:net';
import type { Clock } from '@quorate/core';
import { type BufferPool, FrameCork } from '../frame-cork.ts';
import type { FrameKind } from '../frame.ts';

/** What is collected before it is written without waiting for the end of the turn. */
const flushBytes = 65_536;
/** The most that one write takes along: progress is seen from write to write. */
const writeMaxBytes = 262_144;

/**
 * Writes the frames of one connection: what one turn sends leaves in one write.
 *
 * One write is under way at a time. What is sent meanwhile is collected in shared buffers and joins the next, so that a slow
 * peer costs the bytes that wait for it and not a buffer for each of them.
 */
export class CorkedWriter {
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #cork: FrameCork;
  readonly #onProgress: () => void;
  #scheduled = false;
  #writing = false;
  #closed = false;
  #ending = false;
  /** Callbacks to come for writes that were over when the call returned. */
  #overdue = 0;
  #writingSinceMs = 0;

  /** @param onProgress called, never within {@link append}, when a write that took its time is over */
  constructor(socket: Socket, pool: BufferPool, clock: Clock, onProgress: () => void) {
    this.#socket = socket;
    this.#clock = clock;
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
    if (this.#scheduled || this.#writing) return;
    if (this.#cork.collectedBytes >= flushBytes) {
      this.#write();
      return;
    }
    this.#scheduled = true;
    queueMicrotask(this.#flush);
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

  readonly #flush = (): void => {
    this.#scheduled = false;
    this.#write();
  };

  #write(): void {
    while (!this.#writing && !this.#closed && this.#cork.collectedBytes > 0) {
      const batch = this.#cork.take(writeMaxBytes);
      const socket = this.#socket;
      if (batch.length === 1) {
        socket.write(batch[0] as Uint8Array, this.#onWritten);
      } else {
        socket.cork();
        for (let index = 0; index < batch.length - 1; index++) socket.write(batch[index] as Uint8Array);
        socket.write(batch.at(-1) as Uint8Array, this.#onWritten);
        socket.uncork();
      }
      if (socket.writableLength === 0) {
        // The kernel took it all at once: the buffers are free again, though the callback is still to come.
        this.#overdue++;
        this.#cork.release();
      } else {
        this.#writing = true;
        this.#writingSinceMs = this.#clock.monotonicMs();
      }
    }
    if (this.#ending && !this.#writing && !this.#closed) this.#socket.end();
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
