import type { Socket } from 'node:net';

/** How one way of every connection is treated now. */
export interface WayState {
  isMuted: boolean;
  delayMs: number;
  bytes: number;
  readonly onBytes: () => void;
}

interface Held {
  readonly chunk: Buffer;
  readonly dueMs: number;
}

/** How much is held before the sender is no longer read from. */
const HELD_MAX = 1_048_576;

/** One way of one connection: what is read from one socket is written to the other, in order, at once or later. */
export class Way {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #state: WayState;
  readonly #isMuted: { readonly value: boolean };
  #held: Held[] = [];
  #heldBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #isEnded = false;

  constructor(from: Socket, to: Socket, state: WayState, isMuted: { readonly value: boolean }) {
    this.#from = from;
    this.#to = to;
    this.#state = state;
    this.#isMuted = isMuted;
    from.on('data', (chunk: Buffer) => this.#take(chunk));
    from.once('end', () => {
      this.#isEnded = true;
      this.flush();
    });
    from.once('close', () => clearTimeout(this.#timer));
    to.once('close', () => clearTimeout(this.#timer));
    to.on('drain', () => this.#readOn());
  }

  /** Passes on what is due. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#state.isMuted || this.#isMuted.value) return;
    while (this.#held[0] !== undefined) {
      const { chunk, dueMs } = this.#held[0];
      // The delay may have been undone meanwhile.
      const leftMs = this.#state.delayMs === 0 ? 0 : dueMs - performance.now();
      if (leftMs > 0) {
        this.#timer = setTimeout(() => this.flush(), leftMs);
        return;
      }
      this.#held.shift();
      this.#heldBytes -= chunk.length;
      this.#to.write(chunk);
    }
    if (this.#isEnded) this.#to.end();
    this.#readOn();
  }

  #take(chunk: Buffer): void {
    this.#state.bytes += chunk.length;
    this.#held.push({ chunk, dueMs: performance.now() + this.#state.delayMs });
    this.#heldBytes += chunk.length;
    this.#state.onBytes();
    if (this.#timer === undefined) this.flush();
    if (this.#heldBytes > HELD_MAX || this.#to.writableNeedDrain) this.#from.pause();
  }

  #readOn(): void {
    if (this.#heldBytes <= HELD_MAX && !this.#to.writableNeedDrain) this.#from.resume();
  }
}
