import type { Socket } from 'node:net';
import {
  type Clock,
  type GroupId,
  type NodeId,
  type Random,
  type TransportHandlers,
  defineChannel,
} from '@quorate/core';
import type { BufferPool } from '../frame-cork.ts';
import { type Hello, encodeHello, protocolVersion } from '../hello.ts';
import { reportUncaught } from '../report-uncaught.ts';
import type { TransportState } from '../transport-state.ts';
import { FlushTurn } from './flush-turn.ts';
import type { CheckedLimits } from './tcp-limits.ts';
import { TcpConnection } from './tcp-connection.ts';
import type { TlsIdentity } from './tls-identity.ts';

/** What happened to a connection, for whoever watches. */
export interface ConnectionEvent {
  readonly self: NodeId;
  /** `undefined` while it is not known. */
  readonly peer: NodeId | undefined;
  readonly event: 'connected' | 'disconnected' | 'failed' | 'refused';
  /** Who dialed. */
  readonly dialer: 'self' | 'peer';
  /** Why, unless it connected: a `QuorateError`, or what `disconnect` was given. */
  readonly cause: unknown;
}

/** Every connection that comes up, ends, cannot be made, or is refused here. */
const connections = defineChannel<ConnectionEvent>('quorate:transport:connection');

/** What all connections of one transport share. */
export class TcpNode {
  readonly self: NodeId;
  readonly cluster: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: CheckedLimits;
  readonly pool: BufferPool;
  readonly incarnation: string;
  readonly turn: FlushTurn = new FlushTurn();
  readonly state: TransportState;
  /** What proves who is who; without it nothing does. */
  readonly tls: TlsIdentity | undefined;
  readonly open: Set<TcpConnection> = new Set();
  /** The payload of this node's `hello` and `welcome`. */
  readonly helloPayload: Uint8Array;

  constructor(parts: {
    readonly self: NodeId;
    readonly cluster: string;
    readonly clock: Clock;
    readonly random: Random;
    readonly limits: CheckedLimits;
    readonly pool: BufferPool;
    readonly state: TransportState;
    readonly tls: TlsIdentity | undefined;
  }) {
    this.self = parts.self;
    this.cluster = parts.cluster;
    this.clock = parts.clock;
    this.random = parts.random;
    this.limits = parts.limits;
    this.pool = parts.pool;
    this.state = parts.state;
    this.tls = parts.tls;
    this.incarnation = Buffer.from(parts.random.bytes(16)).toString('hex');
    const hello: Hello = {
      protocol: protocolVersion,
      messageMaxBytes: parts.limits.messageMaxBytes,
      silenceMs: parts.limits.silenceMs,
      incarnation: this.incarnation,
      cluster: parts.cluster,
      node: parts.self,
    };
    this.helloPayload = encodeHello(hello);
  }

  connection(socket: Socket): TcpConnection {
    const connection = new TcpConnection(socket, this.pool, this.turn, this.clock);
    this.open.add(connection);
    void connection.closed.then(() => this.open.delete(connection));
    return connection;
  }

  /** Hands a message over. */
  hand(from: NodeId, message: Uint8Array, group: number): void {
    const { handlers } = this.state;
    if (handlers === undefined) return;
    try {
      handlers.onMessage(from, message, group as GroupId);
    } catch (thrown) {
      reportUncaught(thrown);
    }
  }

  /** Tells the user's handlers, if there still are any; what they throw is their owner's. */
  tell(what: (handlers: TransportHandlers) => void): void {
    const { handlers } = this.state;
    if (handlers === undefined) return;
    try {
      what(handlers);
    } catch (thrown) {
      reportUncaught(thrown);
    }
  }

  publish(
    event: ConnectionEvent['event'],
    peer: NodeId | undefined,
    dialer: 'self' | 'peer',
    cause?: unknown,
  ): void {
    if (connections.active) connections.publish({ self: this.self, peer, event, dialer, cause });
  }
}
