import type {
  Clock,
  GroupId,
  NodeId,
  SendResult,
  Transport,
  TransportCapabilities,
  TransportHandlers,
} from '@quorate/core';

/** A message that waits, to or from a peer. */
interface HeldMessage {
  readonly peer: NodeId;
  readonly go: () => void;
}

/**
 * A transport that can be told to hold everything back for a while, both ways, and to let it go then in its order, as a link
 * does on which nothing gets through. What a connection carried that breaks meanwhile is lost with it.
 */
export class HeldTransport implements Transport {
  readonly #inner: Transport;
  readonly #clock: Clock;
  #holding = false;
  #held: HeldMessage[] = [];

  constructor(inner: Transport, clock: Clock) {
    this.#inner = inner;
    this.#clock = clock;
  }

  get self(): NodeId {
    return this.#inner.self;
  }

  get capabilities(): TransportCapabilities {
    return this.#inner.capabilities;
  }

  get holding(): boolean {
    return this.#holding;
  }

  holdFor(ms: number): void {
    if (this.#holding) return;
    this.#holding = true;
    this.#clock.setTimer(ms, () => this.#release());
  }

  async start(handlers: TransportHandlers): Promise<void> {
    await this.#inner.start({
      ...handlers,
      onMessage: (peer, bytes, group) => {
        if (!this.#holding) {
          handlers.onMessage(peer, bytes, group);
          return;
        }
        const message = new Uint8Array(bytes);
        this.#held.push({ peer, go: () => handlers.onMessage(peer, message, group) });
      },
      onDisconnect: (peer, cause) => {
        this.#held = this.#held.filter(held => held.peer !== peer);
        handlers.onDisconnect?.(peer, cause);
      },
    });
  }

  send(peer: NodeId, bytes: Uint8Array, group?: GroupId): SendResult {
    if (!this.#holding) return this.#inner.send(peer, bytes, group);
    const message = new Uint8Array(bytes);
    this.#held.push({ peer, go: () => this.#inner.send(peer, message, group) });
    return 'sent';
  }

  queuedBytes(peer: NodeId): number {
    return this.#inner.queuedBytes(peer);
  }

  disconnect(peer: NodeId, cause: unknown): void {
    this.#inner.disconnect?.(peer, cause);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#held = [];
    await this.#inner[Symbol.asyncDispose]();
  }

  #release(): void {
    const held = this.#held;
    this.#held = [];
    this.#holding = false;
    for (const { go } of held) go();
  }
}
