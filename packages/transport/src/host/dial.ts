import { type Socket, connect } from 'node:net';
import { TLSSocket } from 'node:tls';
import { type NodeId, QuorateError } from '@quorate/core';
import { FrameKind } from '../frame.ts';
import { type Hello, type Refusal, decodeHello, decodeRefusal, protocolVersion } from '../hello.ts';
import { type PeerAddress, formatAddress } from '../peer-address.ts';
import type { TcpConnection } from './tcp-connection.ts';
import type { TcpNode } from './tcp-node.ts';

/** An attempt to connect, until it has an outcome. */
export interface Dialing {
  /** Gives it up; no outcome is told. */
  cancel(): void;
}

/** What becomes of an attempt: one of the two, once. */
export interface DialOutcome {
  /** The peer has said who it is and takes the connection; it waits for `ready`. */
  onWelcome(connection: TcpConnection, hello: Hello): void;
  onFailure(cause: QuorateError): void;
}

/** Connects to a peer, or to whoever listens there, and introduces this node. */
export function dial(
  node: TcpNode,
  expected: NodeId | undefined,
  address: PeerAddress,
  outcome: DialOutcome,
): Dialing {
  const { host, port } = address;
  const peer = expected ?? formatAddress(address);
  const { tls, limits } = node;
  const socket = tls === undefined ? connect({ host, port }) : tls.connect(address, expected);
  const connection = node.connection(socket);
  const timer = node.clock.setTimer(limits.connectMs, () =>
    fail(
      new QuorateError('CONNECT_FAILED', `"${peer}" did not answer within ${limits.connectMs} ms`, {
        retryable: true,
        outcome: 'not-applied',
      }),
    ),
  );
  let open = true;
  const settle = (): boolean => {
    const first = open;
    open = false;
    timer.cancel();
    return first;
  };
  const fail = (cause: QuorateError): void => {
    if (!settle()) return;
    connection.destroy();
    outcome.onFailure(cause);
  };
  socket.once(tls === undefined ? 'connect' : 'secureConnect', () =>
    connection.send(FrameKind.hello, 0, node.helloPayload),
  );
  connection.listen({
    onFrame: (kind, _group, payload) => {
      const hello = kind === FrameKind.welcome ? decodeHello(payload) : undefined;
      const fault =
        hello === undefined
          ? faultOfAnswer(peer, kind, payload)
          : faultOfWelcome(node, expected, hello, socket);
      if (fault !== undefined) fail(fault);
      else if (settle()) outcome.onWelcome(connection, hello as Hello);
    },
    onClose: cause => fail(asConnectFailure(peer, cause)),
    onProgress: () => {},
  });
  return {
    cancel: () => {
      if (settle()) connection.destroy();
    },
  };
}

function faultOfAnswer(peer: string, kind: FrameKind, payload: Uint8Array): QuorateError {
  const refusal = kind === FrameKind.refusal ? decodeRefusal(payload) : undefined;
  if (refusal === undefined) {
    return new QuorateError('PROTOCOL_VIOLATION', `"${peer}" answered hello with a frame of kind ${kind}`, {
      outcome: 'not-applied',
    });
  }
  return refused(peer, refusal.reason, refusal.message);
}

function faultOfWelcome(
  node: TcpNode,
  expected: NodeId | undefined,
  hello: Hello,
  socket: Socket,
): QuorateError | undefined {
  let message: string | undefined;
  if (hello.protocol !== protocolVersion)
    message = `it speaks version ${hello.protocol}, this node ${protocolVersion}`;
  else if (hello.cluster !== node.cluster)
    message = `it belongs to cluster "${hello.cluster}", this node to "${node.cluster}"`;
  else if (hello.node !== (expected ?? hello.node)) message = `it is "${hello.node}"`;
  else if (hello.node === node.self) message = 'that is this node';
  else if (hello.messageMaxBytes !== node.limits.messageMaxBytes)
    message = `its messages are limited to ${hello.messageMaxBytes} bytes, here to ${node.limits.messageMaxBytes}`;
  else if (expected === undefined && socket instanceof TLSSocket)
    message = node.tls?.faultOf(socket, hello.node);
  if (message === undefined) return undefined;
  const who = expected ?? hello.node;
  return new QuorateError('PEER_REJECTED', `What answered for "${who}" is not it: ${message}`, {
    retryable: true,
    outcome: 'not-applied',
  });
}

/** The error for a peer that would not have this node, with the reason that it gave. */
export function refused(peer: string, reason: string, message: string): QuorateError {
  return new QuorateError('PEER_REFUSED', `"${peer}" refused the connection: ${reason}: ${message}`, {
    retryable: true,
    outcome: 'not-applied',
    cause: { reason, message },
  });
}

/** The id of a peer that refused only because the two have a connection already. */
export function duplicateOf({ cause }: QuorateError): NodeId | undefined {
  const { reason, message } = (cause as Partial<Refusal> | undefined) ?? {};
  return reason === 'DUPLICATE' ? (message as NodeId) : undefined;
}

/** Whether a node was refused because it had dialed itself. */
export function isItself({ cause }: QuorateError): boolean {
  return (cause as Partial<Refusal> | undefined)?.reason === 'ITSELF';
}

function asConnectFailure(peer: string, cause: unknown): QuorateError {
  const inner = cause instanceof QuorateError ? (cause.cause ?? cause) : cause;
  if (cause instanceof QuorateError && cause.code === 'PROTOCOL_VIOLATION') return cause;
  if (inner instanceof QuorateError && inner.code === 'CERTIFICATE_REJECTED') return inner;
  const text = inner instanceof Error ? inner.message : String(inner);
  return new QuorateError('CONNECT_FAILED', `"${peer}" cannot be reached: ${text}`, {
    retryable: true,
    outcome: 'not-applied',
    cause: inner,
  });
}
