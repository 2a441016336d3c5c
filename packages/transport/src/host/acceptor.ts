import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { type NodeId, QuorateError, type Timer } from '@quorate/core';
import { FrameKind } from '../frame.ts';
import { type Hello, type RefusalReason, decodeHello, protocolVersion } from '../hello.ts';
import { formatAddress } from '../peer-address.ts';
import type { PeerLinks } from './peer-links.ts';
import type { TcpConnection } from './tcp-connection.ts';
import type { TcpNode } from './tcp-node.ts';

/** A connection that somebody made to here and that has not said who it is, or has not been told that it may stay. */
interface Undecided {
  readonly connection: TcpConnection;
  readonly timer: Timer;
  readonly where: string;
  readonly hello: Hello | undefined;
}

/** Decides which incoming connections become a peer's. */
export class Acceptor {
  readonly #node: TcpNode;
  readonly #links: PeerLinks;
  /** In the order in which they came. */
  readonly #undecided: Map<TcpConnection, Undecided> = new Map();
  /** Those that were refused, while they are told why; in the order in which they were. */
  readonly #leaving: Set<TcpConnection> = new Set();
  refusedCount = 0;
  lastRefusal: { readonly cause: unknown; readonly wallMs: number } | undefined;

  constructor(node: TcpNode, links: PeerLinks) {
    this.#node = node;
    this.#links = links;
  }

  get undecidedCount(): number {
    return this.#undecided.size;
  }

  /** Takes in a socket whose TLS, where there is any, may still be under way: it says hello after that. */
  accept(socket: Socket): void {
    const { limits, clock } = this.#node;
    const { remoteAddress: host = 'an unknown address', remotePort: port = 0 } = socket;
    const where = formatAddress({ host, port });
    const connection = this.#node.connection(socket);
    this.#makeRoom();
    const timer = clock.setTimer(limits.helloMs, () =>
      this.#drop(connection, 'HELLO_TIMEOUT', `it did not say who it is within ${limits.helloMs} ms`),
    );
    this.#undecided.set(connection, { connection, timer, where, hello: undefined });
    connection.listen({
      onFrame: (kind, _group, payload) => this.#take(connection, socket, kind, payload),
      onClose: cause => {
        const code = cause instanceof QuorateError ? cause.code : 'CONNECTION_LOST';
        this.#drop(connection, code, cause instanceof Error ? cause.message : String(cause));
      },
      onProgress: () => {},
    });
  }

  /** A connection was refused before it came here. */
  note(reason: string): void {
    this.#note(undefined, `A connection was refused: ${reason}`, 'TLS_FAILED');
  }

  /** Ends all that is undecided. */
  close(): void {
    for (const { connection, timer } of this.#undecided.values()) {
      timer.cancel();
      connection.destroy();
    }
    this.#undecided.clear();
  }

  /**
   * Where too many are undecided the oldest goes: who means it is decided within milliseconds, so in a flood the oldest is
   * the one that least probably does.
   */
  #makeRoom(): void {
    const { unauthenticatedMax } = this.#node.limits;
    for (const connection of this.#undecided.keys()) {
      if (this.#undecided.size < unauthenticatedMax) return;
      this.#drop(connection, 'TOO_MANY_UNDECIDED', `${unauthenticatedMax} connections were undecided`);
    }
  }

  #take(connection: TcpConnection, socket: Socket, kind: FrameKind, payload: Uint8Array): void {
    const undecided = this.#undecided.get(connection);
    if (undecided === undefined) return;
    const { hello } = undecided;
    if (hello === undefined && kind === FrameKind.hello) {
      this.#greet(undecided, socket, decodeHello(payload));
    } else if (hello !== undefined && kind === FrameKind.ready) {
      this.#settle(connection);
      // Meanwhile it may have been given up, or others may have come.
      const objection = this.#links.objectionTo(hello.node);
      if (objection === undefined) this.#links.linkOf(hello.node).adopt(connection, hello, hello.node);
      else this.#refuse(undecided, ...objection);
    } else {
      this.#drop(connection, 'PROTOCOL_VIOLATION', `it sent a frame of kind ${kind} before its time`);
    }
  }

  #greet(undecided: Undecided, socket: Socket, hello: Hello | undefined): void {
    const { connection } = undecided;
    if (hello === undefined) {
      this.#drop(connection, 'PROTOCOL_VIOLATION', 'its hello cannot be read');
      return;
    }
    const refusal = this.#refusalOf(hello, socket);
    if (refusal === undefined) {
      this.#undecided.set(connection, { ...undecided, hello });
      connection.send(FrameKind.welcome, 0, this.#node.helloPayload);
      return;
    }
    this.#settle(connection);
    this.#refuse({ ...undecided, hello }, ...refusal);
  }

  #refusalOf(hello: Hello, socket: Socket): readonly [RefusalReason, string] | undefined {
    const { self, cluster, tls, incarnation, state, limits } = this.#node;
    if (state.disposed) return ['CLOSING', `"${self}" is closing`];
    if (hello.protocol !== protocolVersion)
      return ['PROTOCOL_VERSION', `version ${hello.protocol}, not ${protocolVersion}`];
    if (hello.cluster !== cluster) return ['WRONG_CLUSTER', `this is cluster "${cluster}"`];
    if (tls !== undefined) {
      const fault = socket instanceof TLSSocket ? tls.faultOf(socket, hello.node) : 'no TLS';
      if (fault !== undefined) return ['CERTIFICATE', fault];
    }
    if (hello.node === self) {
      const isItself = hello.incarnation === incarnation;
      return isItself ? ['ITSELF', `this is "${self}" itself`] : ['WRONG_NODE', `this is "${self}" already`];
    }
    const objection = this.#links.objectionTo(hello.node);
    if (objection !== undefined) return objection;
    if (hello.messageMaxBytes !== limits.messageMaxBytes)
      return [
        'MESSAGE_LIMIT',
        `messages are limited to ${hello.messageMaxBytes} bytes, here to ${limits.messageMaxBytes}`,
      ];
    if (this.#links.get(hello.node)?.takes({ dialer: hello.node, incarnation: hello.incarnation }) === false)
      return ['DUPLICATE', self];
    return undefined;
  }

  /** Tells the other side why, and ends. */
  #refuse({ connection, where, hello }: Undecided, reason: RefusalReason, message: string): void {
    const { closeMs, unauthenticatedMax } = this.#node.limits;
    for (const oldest of this.#leaving) {
      if (this.#leaving.size < unauthenticatedMax) break;
      this.#leaving.delete(oldest);
      oldest.destroy();
    }
    this.#leaving.add(connection);
    void connection.closed.then(() => this.#leaving.delete(connection));
    connection.close(FrameKind.refusal, { reason, message }, closeMs);
    // Two that dialed each other at once are in order.
    if (reason !== 'DUPLICATE')
      this.#note(hello?.node, `${where} was refused: ${reason}: ${message}`, reason);
  }

  /** Ends a connection to which nothing can be said. */
  #drop(connection: TcpConnection, code: string, message: string): void {
    const undecided = this.#settle(connection);
    connection.destroy();
    if (undecided === undefined) return;
    this.#note(undefined, `${undecided.where} was dropped: ${message}`, code);
  }

  #note(peer: NodeId | undefined, message: string, reason: string): void {
    const cause = new QuorateError('PEER_REJECTED', message, { cause: { reason, message } });
    this.refusedCount++;
    this.lastRefusal = { cause, wallMs: this.#node.clock.wallMs() };
    this.#node.publish('refused', peer, 'peer', cause);
  }

  #settle(connection: TcpConnection): Undecided | undefined {
    const undecided = this.#undecided.get(connection);
    undecided?.timer.cancel();
    this.#undecided.delete(connection);
    return undecided;
  }
}
