import { type GroupId, groupId, type NodeId, type Transport, type TransportHandlers } from '@quorate/core';
import type { MemoryStore } from '../memory-store.ts';
import { serveRequest } from './serve-request.ts';
import { defaultMaxBytes, ServedPeer } from './served-peer.ts';

/** How a store is served. */
export interface ServeStoreOptions {
  /** What messages are sent to, where the transport has other users as well. Default 0. */
  readonly group?: GroupId;
  /** How many bytes of answers may wait for one slow client before its connection is ended. Default 16 MiB. */
  readonly outgoingMaxBytes?: number;
  /** The largest request. Default 16 MiB. */
  readonly requestMaxBytes?: number;
  /** How many requests of one client may wait for something to happen: watches, and waits for sessions. Default 10,000. */
  readonly requestsMax?: number;
}

/** A store that is served. Disposing ends the serving, and leaves the store and the transport to their owners. */
export interface StoreServer extends AsyncDisposable {
  /** How many requests wait for something to happen. */
  readonly waitingCount: number;
}

/**
 * Serves a memory to the clients that `connectStore` makes at other nodes, over a transport that is not started yet.
 *
 * All state of a client is in the memory: its sessions. What it waits for, it asks for again after a reconnect, so a lost connection
 * costs nothing but the wait.
 */
export async function serveStore(
  store: MemoryStore,
  transport: Transport,
  options: ServeStoreOptions = {},
): Promise<StoreServer> {
  const server = new Server(store, transport, options);
  await transport.start(server);
  return server;
}

class Server implements StoreServer, TransportHandlers {
  readonly #store: MemoryStore;
  readonly #transport: Transport;
  readonly #options: ServeStoreOptions;
  readonly #group: GroupId;
  readonly #peers = new Map<NodeId, ServedPeer>();
  #isClosed = false;

  constructor(store: MemoryStore, transport: Transport, options: ServeStoreOptions) {
    this.#store = store.open();
    this.#transport = transport;
    this.#options = options;
    this.#group = options.group ?? groupId(0);
  }

  get waitingCount(): number {
    let count = 0;
    for (const peer of this.#peers.values()) count += peer.waitingCount;
    return count;
  }

  onMessage(from: NodeId, message: Uint8Array, group: GroupId): void {
    if (!this.#isClosed && group === this.#group) this.#peer(from).receive(message);
  }

  onConnect(peer: NodeId): void {
    this.#leave(peer);
  }

  onDisconnect(peer: NodeId): void {
    this.#leave(peer);
  }

  onDrain(peer: NodeId): void {
    this.#peers.get(peer)?.drain();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const peer of this.#peers.keys()) this.#leave(peer);
    await this.#store[Symbol.asyncDispose]();
  }

  #peer(id: NodeId): ServedPeer {
    const known = this.#peers.get(id);
    if (known !== undefined) return known;
    const { requestMaxBytes = defaultMaxBytes } = this.#options;
    const served = { store: this.#store, memory: this.#store.memory, requestMaxBytes };
    const peer = new ServedPeer(this.#transport, id, {
      ...this.#options,
      group: this.#group,
      serve: (verb, args, signal) => serveRequest(served, verb, args, signal),
      onEnd: () => this.#peers.delete(id),
    });
    this.#peers.set(id, peer);
    return peer;
  }

  #leave(id: NodeId): void {
    this.#peers.get(id)?.end();
    this.#peers.delete(id);
  }
}
