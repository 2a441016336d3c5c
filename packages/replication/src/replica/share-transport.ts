import {
  type GroupId,
  groupId,
  type NodeId,
  QuorateError,
  type SendResult,
  type Transport,
  type TransportCapabilities,
  type TransportHandlers,
} from '@quorate/core';

/** One transport for many groups. */
export interface SharedTransport {
  /**
   * A transport of one group's own. It is started by its replica; the one underneath with the first of them. Disposing of it
   * leaves the one underneath as it is.
   *
   * @throws RangeError when the group has one already
   */
  forGroup(group: GroupId): Transport;
}

/**
 * Lets many groups share a transport, which is started once: messages go to whom they are for, and what happens to
 * connections is told to all.
 *
 * @param others hears of messages for groups that have no transport of their own, and of connections
 */
export function shareTransport(
  transport: Transport,
  others: Partial<TransportHandlers> = {},
): SharedTransport {
  return new Shared(transport, others);
}

class Shared implements SharedTransport {
  readonly transport: Transport;
  readonly #others: Partial<TransportHandlers>;
  readonly #groups = new Map<GroupId, GroupTransport>();
  readonly #connected = new Set<NodeId>();
  #started: Promise<void> | undefined;

  constructor(transport: Transport, others: Partial<TransportHandlers>) {
    this.transport = transport;
    this.#others = others;
  }

  forGroup(group: GroupId): Transport {
    groupId(group);
    if (this.#groups.has(group)) throw new RangeError(`Group must not be in use: ${group} is`);
    const own = new GroupTransport(this, group);
    this.#groups.set(group, own);
    return own;
  }

  /** Starts what is underneath, if nobody has, and tells a late group whom it may talk to. */
  async start(own: GroupTransport): Promise<void> {
    const isLate = this.#started !== undefined;
    this.#started ??= this.transport.start({
      onMessage: (from, message, group) => {
        const to = this.#groups.get(group)?.handlers ?? this.#others;
        to.onMessage?.(from, message, group);
      },
      onConnect: peer => {
        this.#connected.add(peer);
        for (const handlers of this.#everybody()) handlers.onConnect?.(peer);
      },
      onDisconnect: (peer, cause) => {
        this.#connected.delete(peer);
        for (const handlers of this.#everybody()) handlers.onDisconnect?.(peer, cause);
      },
      onDrain: peer => {
        for (const handlers of this.#everybody()) handlers.onDrain?.(peer);
      },
    });
    await this.#started;
    if (isLate) for (const peer of this.#connected) own.handlers?.onConnect?.(peer);
  }

  remove(own: GroupTransport, group: GroupId): void {
    if (this.#groups.get(group) === own) this.#groups.delete(group);
  }

  #everybody(): readonly Partial<TransportHandlers>[] {
    const everybody: Partial<TransportHandlers>[] = [this.#others];
    for (const { handlers } of this.#groups.values()) if (handlers !== undefined) everybody.push(handlers);
    return everybody;
  }
}

class GroupTransport implements Transport {
  readonly #shared: Shared;
  readonly #group: GroupId;
  handlers: TransportHandlers | undefined;

  constructor(shared: Shared, group: GroupId) {
    this.#shared = shared;
    this.#group = group;
  }

  get self(): NodeId {
    return this.#shared.transport.self;
  }

  get capabilities(): TransportCapabilities {
    return this.#shared.transport.capabilities;
  }

  async start(handlers: TransportHandlers): Promise<void> {
    if (this.handlers !== undefined) {
      throw new QuorateError('ALREADY_STARTED', `The transport of group ${this.#group} was started before`, {
        outcome: 'not-applied',
      });
    }
    this.handlers = handlers;
    await this.#shared.start(this);
  }

  send(to: NodeId, message: Uint8Array, group: GroupId = this.#group): SendResult {
    return this.#shared.transport.send(to, message, group);
  }

  queuedBytes(peer: NodeId): number {
    return this.#shared.transport.queuedBytes(peer);
  }

  disconnect(peer: NodeId, cause: unknown): void {
    this.#shared.transport.disconnect?.(peer, cause);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.handlers = undefined;
    this.#shared.remove(this, this.#group);
  }
}
