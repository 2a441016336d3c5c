import type { Socket } from 'node:net';
import { messageBytes } from './line.ts';

/** How messages of one turn come to be one write: not at all, by the socket's own cork, or in a buffer of our own. */
export type Corking = 'none' | 'cork' | 'copy';

const turnBytes = 65_536;

/** Messages of one length on a bare socket: no frames, no checksums, no limits, as one writes it by hand. */
export class PlainSocket {
  readonly #socket: Socket;
  readonly #corking: Corking;
  #buffer: Buffer = Buffer.allocUnsafeSlow(turnBytes);
  #at = 0;
  #flushing = false;
  #rest: Buffer = Buffer.alloc(0);

  constructor(socket: Socket, corking: Corking, hear: (message: Buffer, socket: PlainSocket) => void) {
    this.#socket = socket;
    this.#corking = corking;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
      let at = 0;
      if (corking !== 'none') this.#begin();
      for (; at + messageBytes <= bytes.length; at += messageBytes) {
        hear(bytes.subarray(at, at + messageBytes), this);
      }
      if (corking !== 'none') this.#flush();
      this.#rest = bytes.subarray(at);
    });
  }

  send(message: Uint8Array): void {
    if (this.#corking !== 'none' && !this.#flushing) {
      this.#begin();
      process.nextTick(() => this.#flush());
    }
    if (this.#corking !== 'copy') {
      this.#socket.write(message);
      return;
    }
    if (this.#at + messageBytes > turnBytes) this.#write();
    this.#buffer.set(message, this.#at);
    this.#at += messageBytes;
  }

  #begin(): void {
    this.#flushing = true;
    if (this.#corking === 'cork') this.#socket.cork();
  }

  #flush(): void {
    this.#flushing = false;
    if (this.#corking === 'cork') this.#socket.uncork();
    else if (this.#at > 0) this.#write();
  }

  #write(): void {
    this.#socket.write(this.#buffer.subarray(0, this.#at));
    this.#at = 0;
    // What the kernel did not take at once must stay as it is.
    if (this.#socket.writableLength > 0) this.#buffer = Buffer.allocUnsafeSlow(turnBytes);
  }
}
