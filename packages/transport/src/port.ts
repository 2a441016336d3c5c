import {
  type GroupId,
  type NodeId,
  QuorateError,
  type SendResult,
  type Transport,
  type TransportCapabilities,
  type TransportHandlers,
} from '@quorate/core';
import type { MemberId, Port, Team } from '@quorate/threads';
import { recordBytes } from './port-batches.ts';
import { type PortLimits, PortLink, type PortLinkHost } from './port-link.ts';
import { TransportState, checkInteger, checkMessage } from './transport-state.ts';

/** How a {@link PortTransport} behaves. */
export interface PortOptions {
  /** The longest message; the same at both ends. Default 1 MiB. */
  readonly messageMaxBytes?: number | undefined;
  /** How much waits here for one peer before it is `full`. Default 4 MiB. */
  readonly queueMaxBytes?: number | undefined;
  /** How much a peer may send that this thread has not taken yet. Default 1 MiB. */
  readonly windowBytes?: number | undefined;
}

/** Who holds the other end of a port: in a browser a port does not tell that its thread has died, a team does. */
export interface AttachOptions {
  readonly peer?: { readonly team: Team; readonly member: MemberId } | undefined;
}

/** A transport whose connections are ports. */
export interface PortTransport extends Transport {
  /**
   * Makes a connection of a port whose other end is attached to a transport in another thread; each says who it is. The port is
   * the transport's from now on. When another port leads to the same peer, the newer one takes its place. A connection that
   * ended is not renewed: attach another port.
   *
   * @throws QuorateError `CLOSED`
   */
  attach(port: Port<never>, options?: AttachOptions): void;
}

/**
 * A transport between threads over the platform's `MessagePort`, in Node and in browsers. What is sent in one go travels as one
 * buffer, which is moved rather than copied, and no more than a window of it is on its way to a thread that is busy.
 */
export function createPortTransport(self: NodeId, options: PortOptions = {}): PortTransport {
  return new PortsTransport(self, options);
}

class PortsTransport implements PortTransport, PortLinkHost {
  readonly self: NodeId;
  readonly capabilities: TransportCapabilities;
  readonly limits: PortLimits;
  readonly #state = new TransportState();
  readonly #links: Map<PortLink, Disposable | undefined> = new Map();
  readonly #byPeer: Map<NodeId, PortLink> = new Map();
  #waiting: { readonly port: Port<never>; readonly options: AttachOptions }[] = [];

  constructor(self: NodeId, options: PortOptions) {
    const { messageMaxBytes = 0x10_0000, queueMaxBytes = 0x40_0000, windowBytes = 0x10_0000 } = options;
    checkInteger('Longest message in bytes', messageMaxBytes, 1, 0x4000_0000);
    checkInteger(
      'Queue limit in bytes',
      queueMaxBytes,
      messageMaxBytes + recordBytes,
      Number.MAX_SAFE_INTEGER,
    );
    checkInteger('Window in bytes', windowBytes, 1, 0x4000_0000);
    this.self = self;
    this.limits = { messageMaxBytes, queueMaxBytes, windowBytes };
    this.capabilities = { messageMaxBytes, authenticated: true, reach: 'process' };
  }

  get handlers(): TransportHandlers | undefined {
    return this.#state.handlers;
  }

  async start(handlers: TransportHandlers): Promise<void> {
    this.#state.start(handlers);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { port, options } of waiting) this.#connect(port, options);
  }

  attach(port: Port<never>, options: AttachOptions = {}): void {
    if (this.#state.disposed)
      throw new QuorateError('CLOSED', 'The transport was disposed of', { outcome: 'not-applied' });
    if (this.#state.live) this.#connect(port, options);
    else this.#waiting.push({ port, options });
  }

  send(to: NodeId, message: Uint8Array, group?: GroupId): SendResult {
    checkMessage(message, this.limits.messageMaxBytes);
    return this.#byPeer.get(to)?.send(message, group ?? 0) ?? 'disconnected';
  }

  queuedBytes(peer: NodeId): number {
    return this.#byPeer.get(peer)?.queuedBytes ?? 0;
  }

  disconnect(peer: NodeId, cause: unknown): void {
    this.#byPeer.get(peer)?.end(cause, true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#state.dispose()) return;
    for (const { port } of this.#waiting) port.close();
    this.#waiting = [];
    for (const link of this.#links.keys()) link.leave();
  }

  named(link: PortLink, peer: NodeId): QuorateError | undefined {
    if (peer === this.self) {
      return new QuorateError('NAME_IN_USE', `Both ends of a port are called "${peer}"`);
    }
    this.#byPeer
      .get(peer)
      ?.end(new QuorateError('CONNECTION_LOST', `A newer port leads to "${peer}"`, { retryable: true }));
    this.#byPeer.set(peer, link);
    return undefined;
  }

  ended(link: PortLink): void {
    this.#links.get(link)?.[Symbol.dispose]();
    this.#links.delete(link);
    if (link.peer !== undefined && this.#byPeer.get(link.peer) === link) this.#byPeer.delete(link.peer);
    else for (const [peer, other] of this.#byPeer) if (other === link) this.#byPeer.delete(peer);
  }

  #connect(port: Port<never>, { peer }: AttachOptions): void {
    const link = new PortLink(this, port);
    if (peer === undefined) {
      this.#links.set(link, undefined);
      return;
    }
    const { team, member } = peer;
    const check = (): void => {
      if (team.isAlive(member)) return;
      link.end(new QuorateError('CONNECTION_LOST', `Member ${member} has died`, { retryable: true }), true);
    };
    this.#links.set(link, team.watch(check));
    check();
  }
}
