import {
  type Clock,
  type GroupId,
  groupId,
  type NodeId,
  type SendResult,
  type Transport,
  type TransportHandlers,
} from '@quorate/core';

/** Nodes that are connected to each other in one process, with links that can be cut, severed and made slow. */
export class Hub {
  readonly #clock: Clock;
  readonly #nodes = new Map<NodeId, HubTransport>();
  readonly #cut = new Set<NodeId>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  transport(self: NodeId): HubTransport {
    return new HubTransport(this, self);
  }

  join(node: HubTransport): void {
    for (const other of this.#nodes.values()) this.later(() => this.connect(node, other));
    this.#nodes.set(node.self, node);
  }

  connect(one: HubTransport, other: HubTransport): void {
    one.connected(other);
    other.connected(one);
  }

  /** Nothing reaches or leaves a node, and nobody is told. */
  cut(node: NodeId): void {
    this.#cut.add(node);
  }

  heal(node: NodeId): void {
    this.#cut.delete(node);
  }

  /** Ends the connections of a node, which are made again at once. */
  sever(node: NodeId): void {
    const transport = this.#nodes.get(node) as HubTransport;
    for (const other of this.#nodes.values()) if (other !== transport) this.part(transport, other);
  }

  part(one: HubTransport, other: HubTransport): void {
    if (!one.isConnected(other.self)) return;
    one.disconnected(other.self);
    other.disconnected(one.self);
    this.later(() => this.connect(one, other));
  }

  passes(one: NodeId, other: NodeId): boolean {
    return !this.#cut.has(one) && !this.#cut.has(other);
  }

  node(id: NodeId): HubTransport | undefined {
    return this.#nodes.get(id);
  }

  later(run: () => void): void {
    this.#clock.setTimer(0, run);
  }
}

/** A node's end. What was sent before a connection ended does not arrive after it. */
export class HubTransport implements Transport {
  readonly self: NodeId;
  readonly capabilities = { messageMaxBytes: 70_000, authenticated: false, reach: 'process' } as const;
  /** While true, `send` answers `full` to all. */
  isFull = false;
  readonly #hub: Hub;
  #handlers: TransportHandlers | undefined;
  readonly #connections = new Map<NodeId, object>();
  #drains = new Set<NodeId>();

  constructor(hub: Hub, self: NodeId) {
    this.#hub = hub;
    this.self = self;
  }

  async start(handlers: TransportHandlers): Promise<void> {
    this.#handlers = handlers;
    this.#hub.join(this);
  }

  send(to: NodeId, message: Uint8Array, group: GroupId = groupId(0)): SendResult {
    if (message.length > this.capabilities.messageMaxBytes) throw new RangeError('Message is too long');
    const connection = this.#connections.get(to);
    if (connection === undefined) return 'disconnected';
    if (this.isFull) {
      this.#drains.add(to);
      return 'full';
    }
    const copy = new Uint8Array(message);
    this.#hub.later(() => {
      if (this.#connections.get(to) !== connection || !this.#hub.passes(this.self, to)) return;
      this.#hub.node(to)?.receive(this.self, copy, group);
    });
    return 'sent';
  }

  queuedBytes(): number {
    return 0;
  }

  disconnect(peer: NodeId): void {
    const other = this.#hub.node(peer);
    if (other !== undefined) this.#hub.later(() => this.#hub.part(this, other));
  }

  /** Takes messages again. */
  drain(): void {
    this.isFull = false;
    for (const peer of this.#drains) {
      this.#drains.delete(peer);
      this.#handlers?.onDrain?.(peer);
    }
  }

  isConnected(peer: NodeId): boolean {
    return this.#connections.has(peer);
  }

  connected(other: HubTransport): void {
    if (this.#connections.has(other.self)) return;
    this.#connections.set(other.self, {});
    this.#handlers?.onConnect?.(other.self);
  }

  disconnected(peer: NodeId): void {
    this.#connections.delete(peer);
    this.#handlers?.onDisconnect?.(peer, 'severed');
  }

  receive(from: NodeId, message: Uint8Array, group: GroupId): void {
    this.#handlers?.onMessage(from, message, group);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#handlers = undefined;
  }
}
