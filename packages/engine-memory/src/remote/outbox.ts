import type { GroupId, NodeId, Transport } from '@quorate/core';

/** One message on its way out. */
interface Outgoing {
  readonly frames: readonly Uint8Array[];
  readonly bytes: number;
  /** Frames that the transport has taken. */
  taken: number;
}

/** A message that was taken on. */
export interface Sent {
  /** Whether the transport has taken all of it. */
  readonly hasLeft: () => boolean;
  /** Takes it back. False where it has left, or has begun to: then the rest has to follow. */
  readonly withdraw: () => boolean;
}

/** What waits to be sent to one peer, in order: what the transport does not take now it is handed when it drains. */
export class Outbox {
  readonly #transport: Transport;
  readonly #peer: NodeId;
  readonly #group: GroupId;
  readonly #bytesMax: number;
  #queue: Outgoing[] = [];
  #bytes = 0;

  constructor(transport: Transport, peer: NodeId, group: GroupId, bytesMax: number) {
    this.#transport = transport;
    this.#peer = peer;
    this.#group = group;
    this.#bytesMax = bytesMax;
  }

  /** Whether nothing waits: a message of any size is taken on then. */
  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  /**
   * Sends a message, or keeps it until it can be.
   *
   * @param isVital taken on however much waits: what is small, and sent once at most for each message that was taken on
   * @returns whether it was taken on
   */
  send(frames: readonly Uint8Array[], isVital = false): Sent | undefined {
    const bytes = frames.reduce((sum, frame) => sum + frame.length, 0);
    const isFull = this.#queue.length > 0 && this.#bytes + bytes > this.#bytesMax;
    if (isFull && !isVital) return undefined;
    const outgoing: Outgoing = { frames, bytes, taken: 0 };
    this.#queue.push(outgoing);
    this.#bytes += bytes;
    if (!this.drain()) {
      this.clear();
      return undefined;
    }
    return {
      hasLeft: () => outgoing.taken === frames.length,
      withdraw: () => this.#withdraw(outgoing),
    };
  }

  /** Hands over as much as the transport takes. False without a connection. */
  drain(): boolean {
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      while (next.taken < next.frames.length) {
        const result = this.#transport.send(this.#peer, next.frames[next.taken] as Uint8Array, this.#group);
        if (result === 'disconnected') return false;
        if (result === 'full') return true;
        next.taken++;
      }
      this.#queue.shift();
      this.#bytes -= next.bytes;
    }
    return true;
  }

  #withdraw(outgoing: Outgoing): boolean {
    if (outgoing.taken === outgoing.frames.length) return false;
    const index = this.#queue.indexOf(outgoing);
    // It was forgotten with its connection.
    if (index === -1) return true;
    if (outgoing.taken > 0) return false;
    this.#queue.splice(index, 1);
    this.#bytes -= outgoing.bytes;
    return true;
  }

  /** Forgets what has not left: its connection is gone. */
  clear(): void {
    this.#queue = [];
    this.#bytes = 0;
  }
}
