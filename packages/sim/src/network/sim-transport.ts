import type {
  GroupId,
  NodeId,
  SendResult,
  Transport,
  TransportCapabilities,
  TransportHandlers,
} from '@quorate/core';
import type { Incarnation } from '../engine/incarnation.ts';
import type { World } from '../engine/world.ts';
import type { Endpoint } from './endpoint.ts';
import type { Network } from './network.ts';

const messageMaxBytes = 1 << 20;

/** The transport of one incarnation. */
export class SimTransport implements Transport {
  readonly self: NodeId;
  readonly capabilities: TransportCapabilities = { messageMaxBytes, authenticated: true, reach: 'network' };
  readonly #world: World;
  readonly #network: Network;
  readonly #endpoint: Endpoint;
  readonly #incarnation: Incarnation;
  #state: 'new' | 'started' | 'closed' = 'new';

  constructor(world: World, network: Network, endpoint: Endpoint, incarnation: Incarnation) {
    this.self = endpoint.id;
    this.#world = world;
    this.#network = network;
    this.#endpoint = endpoint;
    this.#incarnation = incarnation;
  }

  async start(handlers: TransportHandlers): Promise<void> {
    if (this.#state !== 'new') throw new TypeError('Transport can be started once');
    this.#state = 'started';
    if (this.#incarnation.alive) this.#network.listen(this.#endpoint, this.#incarnation, handlers);
  }

  send(to: NodeId, message: Uint8Array, group: GroupId = 0 as GroupId): SendResult {
    const link = this.#endpoint.links.get(to);
    if (link === undefined) throw new RangeError(`Peer must be a host of the scenario: received "${to}"`);
    if (message.length > messageMaxBytes) {
      throw new RangeError(`Message must be at most ${messageMaxBytes} bytes: received ${message.length}`);
    }
    this.#world.touch();
    if (this.#state !== 'started' || !this.#incarnation.alive) return 'disconnected';
    return this.#network.send(link, message, group);
  }

  queuedBytes(peer: NodeId): number {
    return this.#endpoint.links.get(peer)?.heldBytes ?? 0;
  }

  disconnect(peer: NodeId, _cause: unknown): void {
    const link = this.#endpoint.links.get(peer);
    if (link === undefined) throw new RangeError(`Peer must be a host of the scenario: received "${peer}"`);
    if (this.#state !== 'started') return;
    this.#world.after(this.#incarnation, 0, () => this.#network.reset(link));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === 'started' && this.#incarnation.alive) this.#network.hangUp(this.#endpoint, 'closed');
    this.#state = 'closed';
  }
}
