import { type NodeId, QuorateError, type Timer } from '@quorate/core';
import { backoffMs } from '../backoff.ts';
import { type Candidate, replaces } from '../connection-choice.ts';
import { FrameKind } from '../frame.ts';
import { type Hello, type Refusal, type RefusalReason, decodeRefusal } from '../hello.ts';
import { type PeerAddress, formatAddress } from '../peer-address.ts';
import { type Dialing, dial, duplicateOf } from './dial.ts';
import { type TcpConnection, lost } from './tcp-connection.ts';
import type { TcpNode } from './tcp-node.ts';
import { beatMinMs, beatsPerSilence } from './tcp-limits.ts';
import { type PeerStatus, statusOf } from './tcp-status.ts';

/** The connection over which a peer is reached. */
export interface Current extends Candidate {
  readonly connection: TcpConnection;
  /** How often this node speaks on it. */
  readonly beatMs: number;
  /** A message was refused because the queue was full. */
  full: boolean;
}

const duplicate: Refusal = { reason: 'DUPLICATE', message: 'there is a connection' };
const noLongerWanted: Refusal = { reason: 'CLOSING', message: 'the node no longer wants it' };

/** What this node knows of one peer, and how it keeps a connection to it. */
export class PeerLink {
  readonly id: NodeId;
  address: PeerAddress | undefined;
  current: Current | undefined;
  connectCount = 0;
  failureCount = 0;
  /** Nobody has named it: it is a peer for as long as it is connected. */
  isGuest = false;
  lastError: { readonly cause: unknown; readonly wallMs: number } | undefined;
  readonly #node: TcpNode;
  readonly #onUp: (beatMs: number) => void;
  readonly #onGuestGone: () => void;
  #dialing: Dialing | undefined;
  #retry: Timer | undefined;
  #attempt = 0;
  #removed = false;

  /**
   * @param onUp told of each connection, and how often this node has to speak on it
   * @param onGuestGone told when a guest's connection is over
   */
  constructor(
    node: TcpNode,
    id: NodeId,
    address: PeerAddress | undefined,
    onUp: (beatMs: number) => void,
    onGuestGone: () => void,
  ) {
    this.#node = node;
    this.id = id;
    this.address = address;
    this.#onUp = onUp;
    this.#onGuestGone = onGuestGone;
  }

  get state(): 'connected' | 'dialing' | 'waiting' {
    if (this.current !== undefined) return 'connected';
    return this.#dialing === undefined ? 'waiting' : 'dialing';
  }

  /** Begins to dial. The node with the smaller id at once, the other a little later: that spares most double connections. */
  start(): void {
    if (this.#node.self < this.id) this.#dial();
    else this.#dialLater();
  }

  /** The peer listens elsewhere now, which counts from the next attempt on. */
  move(address: PeerAddress | undefined): void {
    this.address = address;
    if (this.#node.state.live) this.#dialLater();
  }

  status(): PeerStatus {
    const { current, address } = this;
    return {
      id: this.id,
      address: address === undefined ? undefined : formatAddress(address),
      state: this.state,
      dialer: current?.dialer,
      queuedBytes: current?.connection.queuedBytes ?? 0,
      reconnectCount: Math.max(0, this.connectCount - 1),
      failureCount: this.failureCount,
      lastError: statusOf(this.lastError),
    };
  }

  /** Whether an incoming connection of the peer would be used. If not, the one that is held is looked after. */
  takes(next: Candidate): boolean {
    const { current } = this;
    if (current === undefined && this.#dialing !== undefined && next.dialer < this.#node.self) {
      // Both dial at once, and the other's connection would win: this one need not come up first.
      this.#stopDialing();
      this.#dialLater();
    }
    if (current === undefined || replaces(next, current, this.#node.self, this.id)) return true;
    // The peer may dial because it knows that the connection is gone: a word on it will tell.
    current.connection.beat(this.#node.clock.monotonicMs(), 0);
    return false;
  }

  /** A connection has come up. */
  adopt(connection: TcpConnection, hello: Hello, dialer: NodeId): void {
    const next = { dialer, incarnation: hello.incarnation };
    if (this.current !== undefined) {
      if (!replaces(next, this.current, this.#node.self, this.id)) {
        connection.close(FrameKind.refusal, duplicate, this.#node.limits.closeMs);
        return;
      }
      const cause = new QuorateError('CONNECTION_SUPERSEDED', `"${this.id}" is connected anew`, {
        retryable: true,
      });
      this.#end(this.current, cause);
    }
    if (this.#removed || this.#node.state.disposed) {
      connection.close(FrameKind.refusal, noLongerWanted, this.#node.limits.closeMs);
      return;
    }
    this.#stopDialing();
    const { limits } = this.#node;
    const current: Current = {
      ...next,
      connection,
      beatMs: Math.max(beatMinMs, Math.min(limits.heartbeatMs, hello.silenceMs / beatsPerSilence)),
      full: false,
    };
    this.current = current;
    this.connectCount++;
    connection.allow(limits.messageMaxBytes);
    connection.handTo({
      onFrame: (kind, group, payload) => this.#take(current, kind, group, payload),
      onClose: cause => this.drop(current, cause),
      onProgress: () => this.#progress(current),
    });
    this.#onUp(current.beatMs);
    this.#node.publish('connected', this.id, this.#dialerOf(current));
    this.#node.tell(handlers => handlers.onConnect?.(this.id));
  }

  /** Ends a connection that is in use, and dials again. */
  drop(current: Current, cause: unknown): void {
    if (this.current !== current) return;
    this.#end(current, cause);
    this.#dialLater();
  }

  /** As {@link drop}, but the user is told later. */
  disconnect(cause: unknown): void {
    const { current } = this;
    if (current === undefined) return;
    this.#detach(current, cause);
    queueMicrotask(() => {
      this.#node.tell(handlers => handlers.onDisconnect?.(this.id, cause));
      this.#dialLater();
    });
  }

  /** The peer is no longer one. Its connection ends, with a word. */
  remove(reason: RefusalReason, message: string): void {
    this.#removed = true;
    this.#stopDialing();
    const { current } = this;
    if (current === undefined) return;
    current.connection.close(FrameKind.goodbye, { reason, message }, this.#node.limits.closeMs);
    this.disconnect(new QuorateError('CLOSED', `"${this.id}" was given up: ${message}`));
  }

  /** Keeps the connection alive, or ends it if it is not. */
  watch(nowMs: number): void {
    const { current } = this;
    if (current === undefined) return;
    const { silenceMs, stallMs } = this.#node.limits;
    const { connection } = current;
    if (connection.silentMs(nowMs) > silenceMs) {
      const message = `Nothing was heard from "${this.id}" for ${silenceMs} ms`;
      this.drop(current, new QuorateError('PEER_SILENT', message, { retryable: true }));
    } else if (connection.stalledMs(nowMs) > stallMs) {
      const message = `"${this.id}" took nothing of what was written for ${stallMs} ms`;
      this.drop(current, new QuorateError('SLOW_READER', message, { retryable: true }));
    } else {
      connection.beat(nowMs, current.beatMs * 0.75);
    }
  }

  #take(current: Current, kind: FrameKind, group: number, payload: Uint8Array): void {
    if (kind === FrameKind.message && payload.length <= this.#node.limits.messageMaxBytes) {
      this.#node.hand(this.id, payload, group);
      return;
    }
    if (kind === FrameKind.heartbeat) return;
    const end = kind === FrameKind.goodbye || kind === FrameKind.refusal ? decodeRefusal(payload) : undefined;
    this.drop(
      current,
      end === undefined
        ? new QuorateError(
            'PROTOCOL_VIOLATION',
            `"${this.id}" sent a frame of kind ${kind} and ${payload.length} bytes out of place`,
          )
        : lost(`"${this.id}" closed the connection: ${end.reason}: ${end.message}`),
    );
  }

  #progress(current: Current): void {
    if (!current.full || current.connection.queuedBytes > this.#node.limits.queueMaxBytes / 2) return;
    current.full = false;
    if (this.current === current) this.#node.tell(handlers => handlers.onDrain?.(this.id));
  }

  #end(current: Current, cause: unknown): void {
    this.#detach(current, cause);
    this.#node.tell(handlers => handlers.onDisconnect?.(this.id, cause));
  }

  #detach(current: Current, cause: unknown): void {
    this.current = undefined;
    const { connection } = current;
    const heldMs = this.#node.clock.monotonicMs() - connection.openedMs;
    if (heldMs > this.#node.limits.backoff.maxMs) this.#attempt = 0;
    if (!connection.ended) connection.destroy();
    this.#remember(cause);
    this.#node.publish('disconnected', this.id, this.#dialerOf(current), cause);
  }

  #remember(cause: unknown): void {
    this.lastError = { cause, wallMs: this.#node.clock.wallMs() };
  }

  #dial(): void {
    if (this.address === undefined || this.#removed || this.#node.state.disposed) return;
    if (this.current !== undefined || this.#dialing !== undefined) return;
    this.#dialing = dial(this.#node, this.id, this.address, {
      onWelcome: (connection, hello) => {
        this.#dialing = undefined;
        connection.send(FrameKind.ready, 0, new Uint8Array(0));
        this.adopt(connection, hello, this.#node.self);
      },
      onFailure: cause => {
        this.#dialing = undefined;
        this.#dialLater();
        if (duplicateOf(cause) !== undefined) return; // The other connection is coming up.
        this.failureCount++;
        this.#remember(cause);
        this.#node.publish('failed', this.id, 'self', cause);
      },
    });
  }

  #dialLater(): void {
    if (this.isGuest) {
      if (this.current === undefined) this.#onGuestGone();
      return;
    }
    if (this.address === undefined || this.#removed || this.#node.state.disposed) return;
    if (this.current !== undefined || this.#dialing !== undefined || this.#retry !== undefined) return;
    const { clock, limits, random } = this.#node;
    this.#retry = clock.setTimer(backoffMs(this.#attempt++, limits.backoff, random), () => {
      this.#retry = undefined;
      this.#dial();
    });
  }

  #stopDialing(): void {
    this.#dialing?.cancel();
    this.#dialing = undefined;
    this.#retry?.cancel();
    this.#retry = undefined;
  }

  #dialerOf({ dialer }: Current): 'self' | 'peer' {
    return dialer === this.#node.self ? 'self' : 'peer';
  }
}
