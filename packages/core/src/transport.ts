import type { GroupId, NodeId } from './ids.ts';

/**
 * The Transport seam: named peers exchange messages. Requests, deadlines, cancellation and streams are built once on top.
 *
 * @experimental until two engines pass its conformance suite
 * @module
 */

/** What an implementation promises. */
export interface TransportCapabilities {
  readonly messageMaxBytes: number;
  /** Whether a peer's id is proved cryptographically before its first message is handed over. */
  readonly authenticated: boolean;
  /** Whether messages leave this process, or this machine. */
  readonly reach: 'process' | 'machine' | 'network';
}

/**
 * What became of a message at the sender: `sent` says that it was taken on, not that it will arrive. `full`: the peer's
 * outgoing queue is at its limit and the message was not taken. `disconnected`: there is no connection now; one is being made.
 */
export type SendResult = 'sent' | 'full' | 'disconnected';

/** What a transport tells its user. Handlers run in the receiver's event loop and must not throw. */
export interface TransportHandlers {
  /** `message` is valid during the call only; copy what is kept. `group` is what it was sent to. */
  onMessage(from: NodeId, message: Uint8Array, group: GroupId): void;
  /** A connection came up; what was sent on an earlier one may be lost. */
  onConnect?(peer: NodeId): void;
  /** A connection ended. */
  onDisconnect?(peer: NodeId, cause: unknown): void;
  /** A peer that had answered `full` takes messages again. */
  onDrain?(peer: NodeId): void;
}

/**
 * Best-effort messages between named peers: in order per peer while connected, each at most once, none made up. Bad input
 * from a peer costs its connection, never the process.
 *
 * @experimental until two engines pass its conformance suite
 */
export interface Transport extends AsyncDisposable {
  readonly self: NodeId;
  readonly capabilities: TransportCapabilities;

  /** Starts to hand over messages. Once. */
  start(handlers: TransportHandlers): Promise<void>;

  /**
   * Takes a message on, or says why not. The bytes are copied or written before this returns.
   *
   * @param group whom it is for at the peer, so that one connection serves many: 0 unless given
   * @throws RangeError when longer than `messageMaxBytes`
   */
  send(to: NodeId, message: Uint8Array, group?: GroupId): SendResult;

  /** Bytes taken on for `peer` that have not left yet. */
  queuedBytes(peer: NodeId): number;

  /**
   * Ends the connection to `peer`, which a layer above asks for when the peer broke its protocol. What is queued may be lost,
   * no message of that connection is handed over any more, and both sides hear `onDisconnect`, never within this call.
   * A transport that connects by itself may connect again. Without a connection nothing happens.
   */
  disconnect?(peer: NodeId, cause: unknown): void;
}
