import { type GroupId, type NodeId, QuorateError, type SendResult, type Transport } from '@quorate/core';

interface Waiting {
  readonly frame: Uint8Array;
  readonly taken: (() => void) | undefined;
}

/** Sends one peer what must not be refused, in order, also where its transport is full for a while. */
export class Outbox {
  readonly #transport: Transport;
  readonly #peer: NodeId;
  readonly #group: GroupId;
  readonly #maxBytes: number;
  #waiting: Waiting[] = [];
  /** Bytes of frames that nobody accounts for. */
  #looseBytes = 0;
  #roomListeners: Set<() => void> = new Set();
  #ended = false;

  constructor(transport: Transport, peer: NodeId, group: GroupId, maxBytes: number) {
    this.#transport = transport;
    this.#peer = peer;
    this.#group = group;
    this.#maxBytes = maxBytes;
  }

  /** Sends a frame that its sender can do without, or can send later: not while others wait. */
  offer(frame: Uint8Array): SendResult {
    // What belongs to a connection that has ended must not be sent over the next.
    if (this.#ended) return 'disconnected';
    return this.#waiting.length > 0 ? 'full' : this.#transport.send(this.#peer, frame, this.#group);
  }

  /**
   * Sends a frame now or as soon as there is room.
   *
   * @param taken called when the transport has it, or never where the connection ends first. Frames without it are bounded here
   */
  post(frame: Uint8Array, taken?: () => void): void {
    const result = this.offer(frame);
    if (result === 'sent') taken?.();
    if (result !== 'full') return; // Without a connection there is nobody to tell: its end is on its way to here.
    if (taken === undefined) {
      if (this.#looseBytes + frame.length > this.#maxBytes) {
        const message = `"${this.#peer}" asks for more than it takes answers`;
        this.#transport.disconnect?.(this.#peer, new QuorateError('PROTOCOL_VIOLATION', message));
        return;
      }
      this.#looseBytes += frame.length;
    }
    this.#waiting.push({ frame: frame.slice(), taken });
  }

  /** Calls `listener` once when there may be room again, or when the connection has ended. */
  onRoom(listener: () => void): void {
    this.#roomListeners.add(listener);
  }

  /** The transport takes frames again. */
  drain(): void {
    let sent = 0;
    for (const { frame, taken } of this.#waiting) {
      if (this.#transport.send(this.#peer, frame, this.#group) !== 'sent') break;
      sent++;
      if (taken === undefined) this.#looseBytes -= frame.length;
      else queueMicrotask(taken); // Not within the loop: it may post.
    }
    this.#waiting.splice(0, sent);
    if (this.#waiting.length === 0) this.#tellRoom();
  }

  /** The connection has ended. */
  end(): void {
    this.#ended = true;
    this.#waiting = [];
    this.#tellRoom();
  }

  #tellRoom(): void {
    const listeners = this.#roomListeners;
    this.#roomListeners = new Set();
    for (const listener of listeners) listener();
  }
}
