import type { Clock, NodeId, Random, Transport, WaitOptions } from '@quorate/core';
import type { PeerAddress } from '../peer-address.ts';
import type { TcpLimits } from './tcp-limits.ts';
import type { TcpStatus } from './tcp-status.ts';
import type { TlsCredentials } from './tls-identity.ts';

/** How a TCP transport is made. */
export interface TcpTransportOptions {
  /** This node. */
  readonly self: NodeId | string;
  /** Nodes of different clusters refuse each other. Default `default`. */
  readonly cluster?: string | undefined;
  /** Where peers connect to; port 0 takes a free one. Without it this node only dials. */
  readonly listen?: { readonly host: string; readonly port: number } | undefined;
  /** By id, where they listen: `host:port`, `[IPv6]:port`, or `undefined` for a peer that dials. */
  readonly peers?: Readonly<Record<string, string | undefined>> | undefined;
  /**
   * Asked where a node connects that is no peer, once its certificate has proved who it is; without TLS nothing has. One that is
   * let in is a guest: a peer for as long as its connection lasts, and for good once {@link TcpTransport.addPeer} names it. There
   * are at most `limits.guestsMax`. It may be asked twice for one connection. Default: nobody is.
   */
  readonly admit?: ((id: NodeId) => boolean) | undefined;
  /** Needed as soon as this node or a peer is not on the loopback interface. */
  readonly tls?: TlsCredentials | undefined;
  /** Goes without TLS beyond the loopback interface: whoever reaches the port can be any node. Default `false`. */
  readonly insecure?: boolean | undefined;
  readonly limits?: TcpLimits | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  /** Disposes of the transport when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/** A {@link Transport} over TCP, and what it has beside the seam. */
export interface TcpTransport extends Transport {
  /** Where it listens, from the start on. */
  readonly address: PeerAddress | undefined;
  /**
   * Makes a node a peer, which is dialed from the start on; or tells where it listens now: a connection stays.
   *
   * @throws RangeError for an address that is none, and for this node's own id
   * @throws QuorateError `TLS_REQUIRED`
   */
  addPeer(id: NodeId | string, address?: string): void;
  /**
   * Connects to whoever listens at an address, once, and says who that is. It is a guest, as one that {@link TcpTransportOptions.admit}
   * let in, unless it was named. Who is connected from that address already is not dialed again. Where the address leads back to
   * this node, that is its own id, and nothing is connected.
   *
   * @throws RangeError for an address that is none
   * @throws QuorateError `TLS_REQUIRED`, `CLOSED` also before the start, `ABORTED`, `DEADLINE_EXCEEDED`; where nobody can be met
   *   `CONNECT_FAILED`, `PEER_REFUSED` or `PEER_REJECTED`, which is retryable
   */
  meet(address: string, options?: WaitOptions): Promise<NodeId>;
  /** Ends the connection to a peer and refuses further ones, unless `admit` lets them in. Says whether it was one. */
  removePeer(id: NodeId | string): boolean;
  /**
   * Proves itself with other credentials from the next connection on; connections that are up stay.
   *
   * @throws QuorateError `CERTIFICATE_REJECTED`; the former credentials stay in use
   * @throws TypeError when the transport was made without TLS
   */
  replaceCredentials(credentials: TlsCredentials): void;
  disconnect(peer: NodeId, cause: unknown): void;
  /** How it is, for people. */
  status(): TcpStatus;
}
