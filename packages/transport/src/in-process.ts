import {
  type GroupId,
  type NodeId,
  QuorateError,
  type SendResult,
  type Transport,
  type TransportCapabilities,
  type TransportHandlers,
  groupId,
} from '@quorate/core';
import type { Schedule } from '@quorate/threads';
import { nextTurn } from './next-turn.ts';
import { reportUncaught } from './report-uncaught.ts';
import { TransportState, checkInteger, checkMessage } from './transport-state.ts';

/** How the transports of a network behave. */
export interface InProcessOptions {
  /** The longest message. Default 1 MiB. */
  readonly messageMaxBytes?: number | undefined;
  /** How much one peer may have under way to another, 64 bytes for each message included. Default 4 MiB. */
  readonly queueMaxBytes?: number | undefined;
  /** Runs each delivery later, never within the call. Default: a later turn of the event loop. */
  readonly schedule?: Schedule | undefined;
}

/** Transports of one thread that know each other by name. */
export interface InProcessNetwork {
  /** Makes a transport, which connects to all others of the network once started. @throws RangeError when the name is in use */
  transport(self: NodeId): Transport;
  /** Breaks the connection of two peers, with all that is under way, until {@link heal}. */
  cut(one: NodeId, other: NodeId): void;
  /** Lets the two connect again. */
  heal(one: NodeId, other: NodeId): void;
}

/**
 * Makes a network inside this thread: for tests, and for nodes that share a thread. Messages are copied and arrive in a later
 * turn, so that code cannot come to depend on shared buffers or on being called back at once. It injects no faults: the
 * simulator does.
 */
export function createInProcessNetwork(options: InProcessOptions = {}): InProcessNetwork {
  return new Network(options);
}

/** What a queued message counts beside its bytes, so that empty ones are bounded too. */
const overheadBytes = 64;
const noGroup = groupId(0);

class Network implements InProcessNetwork {
  readonly messageMaxBytes: number;
  readonly queueMaxBytes: number;
  readonly schedule: Schedule;
  readonly #members: Map<NodeId, InProcessTransport> = new Map();
  readonly #cuts: Set<string> = new Set();

  constructor({
    messageMaxBytes = 0x10_0000,
    queueMaxBytes = 0x40_0000,
    schedule = nextTurn,
  }: InProcessOptions) {
    this.messageMaxBytes = checkInteger('Longest message in bytes', messageMaxBytes, 1, 0x4000_0000);
    const least = messageMaxBytes + overheadBytes;
    this.queueMaxBytes = checkInteger('Queue limit in bytes', queueMaxBytes, least, Number.MAX_SAFE_INTEGER);
    this.schedule = schedule;
  }

  transport(self: NodeId): Transport {
    if (this.#members.has(self)) throw new RangeError(`Name must not be in use: "${self}" is`);
    const transport = new InProcessTransport(this, self);
    this.#members.set(self, transport);
    return transport;
  }

  cut(one: NodeId, other: NodeId): void {
    this.#cuts.add(pairKey(one, other));
    const cause = new QuorateError('CONNECTION_LOST', `"${one}" and "${other}" were cut apart`, {
      retryable: true,
    });
    this.#members.get(one)?.disconnect(other, cause, false);
  }

  heal(one: NodeId, other: NodeId): void {
    this.#cuts.delete(pairKey(one, other));
    this.connect(this.#members.get(one), this.#members.get(other));
  }

  join(transport: InProcessTransport): void {
    for (const other of this.#members.values()) if (other !== transport) this.connect(transport, other);
  }

  leave(transport: InProcessTransport): void {
    this.#members.delete(transport.self);
  }

  connect(one: InProcessTransport | undefined, other: InProcessTransport | undefined): void {
    if (one === undefined || other === undefined || !one.live || !other.live) return;
    if (one.linkedTo(other.self) || this.#cuts.has(pairKey(one.self, other.self))) return;
    const [there, back] = [new Lane(one, other), new Lane(other, one)];
    one.link(there, back);
    other.link(back, there);
  }
}

function pairKey(one: NodeId, other: NodeId): string {
  return JSON.stringify(one < other ? [one, other] : [other, one]);
}

/** One direction of one connection. */
class Lane {
  readonly from: InProcessTransport;
  readonly to: InProcessTransport;
  queuedBytes = 0;
  toldFull = false;
  /** Nothing more is taken on. */
  closed = false;
  /** What is under way is not handed over any more. */
  broken = false;
  /** The receiver has been told of the connection: from then on it sends, too. */
  announced = false;

  constructor(from: InProcessTransport, to: InProcessTransport) {
    this.from = from;
    this.to = to;
  }
}

/** What waits to be handed over, in the order in which it happened, whichever peer it is from. */
type Delivery =
  | { readonly type: 'message'; readonly lane: Lane; readonly message: Uint8Array; readonly group: GroupId }
  | { readonly type: 'connect'; readonly lane: Lane }
  | { readonly type: 'disconnect'; readonly lane: Lane; readonly cause: unknown }
  | { readonly type: 'drain'; readonly lane: Lane };

class InProcessTransport implements Transport {
  readonly self: NodeId;
  readonly capabilities: TransportCapabilities;
  readonly #network: Network;
  readonly #state = new TransportState();
  /** By peer: the lane that leads there and the one that leads here. */
  readonly #links: Map<NodeId, { readonly out: Lane; readonly in: Lane }> = new Map();
  #inbox: Delivery[] = [];
  #scheduled = false;

  constructor(network: Network, self: NodeId) {
    this.#network = network;
    this.self = self;
    this.capabilities = {
      messageMaxBytes: network.messageMaxBytes,
      authenticated: true,
      reach: 'process',
    };
  }

  get live(): boolean {
    return this.#state.live;
  }

  async start(handlers: TransportHandlers): Promise<void> {
    this.#state.start(handlers);
    this.#network.join(this);
  }

  send(to: NodeId, message: Uint8Array, group: GroupId = noGroup): SendResult {
    checkMessage(message, this.#network.messageMaxBytes);
    const link = this.#links.get(to);
    if (link === undefined || !link.in.announced) return 'disconnected';
    const lane = link.out;
    const bytes = message.length + overheadBytes;
    if (lane.queuedBytes + bytes > this.#network.queueMaxBytes) {
      lane.toldFull = true;
      return 'full';
    }
    lane.queuedBytes += bytes;
    lane.to.#receive({ type: 'message', lane, message: new Uint8Array(message), group });
    return 'sent';
  }

  queuedBytes(peer: NodeId): number {
    return this.#links.get(peer)?.out.queuedBytes ?? 0;
  }

  linkedTo(peer: NodeId): boolean {
    return this.#links.has(peer);
  }

  link(out: Lane, back: Lane): void {
    this.#links.set(out.to.self, { out, in: back });
    this.#receive({ type: 'connect', lane: back });
  }

  /** @param again whether the two connect again by themselves */
  disconnect(peer: NodeId, cause: unknown, again = true): void {
    const link = this.#links.get(peer);
    if (link === undefined) return;
    const { out, in: back } = link;
    for (const lane of [out, back]) {
      lane.closed = lane.broken = true;
      lane.to.#links.delete(lane.from.self);
      lane.to.#receive({ type: 'disconnect', lane, cause });
    }
    if (again) this.#network.schedule(() => this.#network.connect(out.from, out.to));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#state.dispose()) return;
    this.#network.leave(this);
    const cause = new QuorateError('CONNECTION_LOST', `"${this.self}" was disposed of`, { retryable: true });
    for (const { out, in: back } of this.#links.values()) {
      // What was sent before still arrives; what is under way to here has nobody to take it.
      out.closed = back.closed = back.broken = true;
      back.queuedBytes = 0;
      out.to.#links.delete(this.self);
      out.to.#receive({ type: 'disconnect', lane: out, cause });
    }
    this.#links.clear();
    this.#inbox = [];
  }

  #receive(delivery: Delivery): void {
    this.#inbox.push(delivery);
    if (this.#scheduled) return;
    this.#scheduled = true;
    const { schedule } = this.#network;
    schedule(() => this.#deliver());
  }

  /** Hands over what was waiting when the turn began; what comes meanwhile waits for the next. */
  #deliver(): void {
    const deliveries = this.#inbox;
    this.#inbox = [];
    this.#scheduled = false;
    for (const delivery of deliveries) {
      if (delivery.type === 'message') this.#settle(delivery.lane, delivery.message.length + overheadBytes);
      const handlers = this.#state.handlers;
      if (handlers === undefined) continue;
      try {
        this.#handOver(handlers, delivery);
      } catch (thrown) {
        reportUncaught(thrown);
      }
    }
  }

  #handOver(handlers: TransportHandlers, delivery: Delivery): void {
    const { lane } = delivery;
    if (delivery.type === 'message') {
      if (!lane.broken) handlers.onMessage(lane.from.self, delivery.message, delivery.group);
    } else if (delivery.type === 'connect') {
      if (lane.broken) return; // Over before it was told.
      lane.announced = true;
      handlers.onConnect?.(lane.from.self);
    } else if (delivery.type === 'disconnect') {
      if (lane.announced) handlers.onDisconnect?.(lane.from.self, delivery.cause);
    } else if (!lane.closed) handlers.onDrain?.(lane.to.self);
  }

  /** A message has left its lane. */
  #settle(lane: Lane, bytes: number): void {
    lane.queuedBytes = Math.max(0, lane.queuedBytes - bytes);
    if (!lane.toldFull || lane.closed || lane.queuedBytes > this.#network.queueMaxBytes / 2) return;
    lane.toldFull = false;
    lane.from.#receive({ type: 'drain', lane });
  }
}
