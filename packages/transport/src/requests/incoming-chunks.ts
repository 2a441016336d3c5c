import type { Clock, QuorateError, WaitOptions } from '@quorate/core';
import { chunkOverheadBytes } from './limits.ts';
import { beginWait } from './begin-wait.ts';

/** The chunks of one direction of a stream at its reader: as many as the window lets the peer send ahead. */
export class IncomingChunks {
  readonly #clock: Clock;
  readonly #windowBytes: number;
  readonly #grant: (bytes: number) => void;
  #chunks: Uint8Array[] = [];
  /** What the peer may still send, and what was read and not given back. */
  #leftBytes: number;
  #readBytes = 0;
  #reading = false;
  #wakeReader: (() => void) | undefined;
  #ended = false;
  #error: QuorateError | undefined;

  /** @param grant gives the peer room for so many bytes more */
  constructor(clock: Clock, windowBytes: number, grant: (bytes: number) => void) {
    this.#clock = clock;
    this.#windowBytes = windowBytes;
    this.#leftBytes = windowBytes;
    this.#grant = grant;
  }

  /** Whether nothing more comes. */
  get ended(): boolean {
    return this.#ended || this.#error !== undefined;
  }

  /** Takes a chunk, which is copied; says what is wrong with it, if anything is. */
  add(chunk: Uint8Array): string | undefined {
    const cost = chunk.length + chunkOverheadBytes;
    if (this.#ended) return 'a chunk after the end';
    if (chunk.length === 0 || cost > this.#leftBytes) return 'a chunk that the window has no room for';
    this.#leftBytes -= cost;
    this.#chunks.push(new Uint8Array(chunk));
    this.#wakeReader?.();
    return undefined;
  }

  /** Nothing more comes, and all did. Says whether that was news. */
  end(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    this.#wakeReader?.();
    return true;
  }

  /** Nothing more comes, and what was not read is gone. */
  fail(error: QuorateError): void {
    if (this.#error !== undefined || (this.#ended && this.#chunks.length === 0)) return;
    this.#error = error;
    this.#chunks = [];
    this.#wakeReader?.();
  }

  async read(options: WaitOptions): Promise<Uint8Array | undefined> {
    if (this.#reading) throw new TypeError('A read is under way: wait for it before the next');
    this.#reading = true;
    const wait = beginWait(this.#clock, options);
    try {
      for (;;) {
        const chunk = this.#chunks.shift();
        if (chunk !== undefined) {
          this.#giveBack(chunk.length + chunkOverheadBytes);
          return chunk;
        }
        if (this.#error !== undefined) throw this.#error;
        if (this.#ended) return undefined;
        await wait(wake => {
          this.#wakeReader = wake;
        });
      }
    } finally {
      this.#reading = false;
    }
  }

  #giveBack(bytes: number): void {
    this.#readBytes += bytes;
    if (this.#ended || this.#readBytes < this.#windowBytes / 2) return;
    this.#leftBytes += this.#readBytes;
    this.#grant(this.#readBytes);
    this.#readBytes = 0;
  }
}
