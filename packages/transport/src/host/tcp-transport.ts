import {
  type GroupId,
  type NodeId,
  QuorateError,
  type SendResult,
  type Timer,
  type TransportCapabilities,
  type TransportHandlers,
  type WaitOptions,
  boundedWait,
  nodeId,
  systemClock,
  systemRandom,
} from '@quorate/core';
import { BufferPool } from '../frame-cork.ts';
import { FrameKind, frameHeaderBytes } from '../frame.ts';
import { type PeerAddress, formatAddress, isLoopback, parseAddress } from '../peer-address.ts';
import { TransportState, checkInteger, checkMessage } from '../transport-state.ts';
import { Acceptor } from './acceptor.ts';
import { Listener } from './listener.ts';
import { dial, duplicateOf, isItself } from './dial.ts';
import { PeerLinks } from './peer-links.ts';
import { type CheckedLimits, checkLimits } from './tcp-limits.ts';
import { TcpNode } from './tcp-node.ts';
import type { TcpTransport, TcpTransportOptions } from './tcp-options.ts';
import { type TcpStatus, statusOf } from './tcp-status.ts';
import { type TlsCredentials, TlsIdentity } from './tls-identity.ts';

/**
 * Makes a transport over TCP, with mutual TLS beyond the loopback interface.
 *
 * Nothing is opened before `start`.
 *
 * @throws RangeError, TypeError for options that are none
 * @throws QuorateError `TLS_REQUIRED` beyond loopback with neither `tls` nor `insecure`, `CERTIFICATE_REJECTED`
 */
export function createTcpTransport(options: TcpTransportOptions): TcpTransport {
  return new Tcp(options);
}

/** Buffers that are kept for all connections of a transport. */
const pooledBytes = 65_536;
const pooledMax = 32;
/** The least time between two looks at the connections. */
const watchMinMs = 2;

class Tcp implements TcpTransport {
  readonly self: NodeId;
  readonly capabilities: TransportCapabilities;
  readonly #node: TcpNode;
  readonly #limits: CheckedLimits;
  readonly #state = new TransportState();
  readonly #links: PeerLinks;
  /** Ends what is being met. */
  readonly #meetings: Set<(why: QuorateError) => void> = new Set();
  readonly #acceptor: Acceptor;
  readonly #listener: Listener | undefined;
  readonly #where: PeerAddress | undefined;
  readonly #insecure: boolean;
  readonly #signal: AbortSignal | undefined;
  #watch: Timer | undefined;
  #watchedMs = 0;
  #watchDelayMs = 0;
  #disposal: Promise<void> | undefined;

  constructor(options: TcpTransportOptions) {
    const { clock = systemClock, random = systemRandom, cluster = 'default', signal } = options;
    this.self = nodeId(options.self);
    this.#limits = checkLimits(options.limits ?? {});
    this.#insecure = options.insecure ?? false;
    this.#where = options.listen;
    this.#signal = signal;
    const tls =
      options.tls === undefined ? undefined : new TlsIdentity(cluster, this.self, clock, options.tls);
    this.capabilities = {
      messageMaxBytes: this.#limits.messageMaxBytes,
      authenticated: tls !== undefined,
      reach: 'network',
    };
    this.#node = new TcpNode({
      self: this.self,
      cluster: nodeId(cluster),
      clock,
      random,
      limits: this.#limits,
      pool: new BufferPool(pooledBytes, pooledMax, bytes => Buffer.allocUnsafeSlow(bytes)),
      state: this.#state,
      tls,
    });
    this.#links = new PeerLinks(this.#node, options.admit, this.#watchSooner);
    if (this.#where !== undefined) {
      checkInteger('Port to listen on', this.#where.port, 0, 65_535);
      this.#requireTls(this.#where.host, 'listen on');
    }
    for (const [id, address] of Object.entries(options.peers ?? {})) this.addPeer(id, address);
    this.#acceptor = new Acceptor(this.#node, this.#links);
    if (this.#where === undefined) return;
    this.#listener = new Listener({
      tls,
      helloMs: this.#limits.helloMs,
      shakingMax: this.#limits.unauthenticatedMax,
      onSocket: socket => this.#acceptor.accept(socket),
      onRefused: reason => this.#acceptor.note(reason),
    });
  }

  get address(): PeerAddress | undefined {
    return this.#listener?.address;
  }

  async start(handlers: TransportHandlers): Promise<void> {
    this.#state.start(handlers);
    if (this.#signal?.aborted) {
      await this[Symbol.asyncDispose]();
      throw new QuorateError('ABORTED', 'The transport was aborted before its start', {
        outcome: 'not-applied',
        cause: this.#signal.reason,
      });
    }
    this.#signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (this.#where !== undefined) {
      try {
        await this.#listener?.listen(this.#where);
      } catch (thrown) {
        await this[Symbol.asyncDispose]();
        throw thrown;
      }
    }
    if (!this.#state.live) return;
    this.#watchedMs = this.#node.clock.monotonicMs();
    this.#watchLater();
    for (const link of this.#links) link.start();
  }

  send(to: NodeId, message: Uint8Array, group: GroupId = 0 as GroupId): SendResult {
    checkMessage(message, this.#limits.messageMaxBytes);
    const current = this.#links.get(to)?.current;
    if (current === undefined || this.#state.disposed) return 'disconnected';
    const { connection } = current;
    if (connection.queuedBytes + message.length + frameHeaderBytes > this.#limits.queueMaxBytes) {
      current.full = true;
      return 'full';
    }
    connection.send(FrameKind.message, group, message);
    return 'sent';
  }

  queuedBytes(peer: NodeId): number {
    if (this.#state.disposed) return 0;
    return this.#links.get(peer)?.current?.connection.queuedBytes ?? 0;
  }

  disconnect(peer: NodeId, cause: unknown): void {
    this.#links.get(peer)?.disconnect(cause);
  }

  addPeer(id: NodeId | string, address?: string): void {
    const peer = nodeId(id);
    if (peer === this.self) throw new RangeError(`Peer must be another node: received "${peer}"`);
    const where = address === undefined ? undefined : parseAddress(address);
    if (where !== undefined) this.#requireTls(where.host, `connect to "${peer}" at`);
    const link = this.#links.name(peer, where);
    if (this.#watch !== undefined) link?.start();
  }

  async meet(address: string, options: WaitOptions = {}): Promise<NodeId> {
    const where = parseAddress(address);
    this.#requireTls(where.host, 'connect to whoever listens at');
    for (const { id, address: at, current } of this.#links) {
      if (current !== undefined && at?.host === where.host && at.port === where.port) return id;
    }
    return await boundedWait(this.#node.clock, options, 'unknown', signal => this.#meet(where, signal));
  }

  #meet(where: PeerAddress, signal: AbortSignal | undefined): Promise<NodeId> {
    return new Promise((resolve, reject) => {
      if (!this.#state.live) {
        reject(closed());
        return;
      }
      const settle = (): void => {
        this.#meetings.delete(giveUp);
        signal?.removeEventListener('abort', onAbort);
      };
      const dialing = dial(this.#node, undefined, where, {
        onWelcome: (connection, hello) => {
          settle();
          connection.send(FrameKind.ready, 0, new Uint8Array(0));
          this.#links.linkOf(hello.node, where).adopt(connection, hello, this.self);
          resolve(hello.node);
        },
        onFailure: cause => {
          settle();
          // It has dialed this node, and that connection proved who it is.
          const id = duplicateOf(cause);
          if (id !== undefined && this.#links.get(id)?.current !== undefined) resolve(id);
          else if (isItself(cause)) resolve(this.self);
          else reject(cause);
        },
      });
      const giveUp = (why: QuorateError): void => {
        settle();
        dialing.cancel();
        reject(why);
      };
      const onAbort = (): void => giveUp(signal?.reason as QuorateError);
      this.#meetings.add(giveUp);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  removePeer(id: NodeId | string): boolean {
    const link = this.#links.remove(id as NodeId);
    if (link === undefined) return false;
    link.remove('UNKNOWN_PEER', `"${link.id}" is no peer of "${this.self}" any more`);
    return true;
  }

  replaceCredentials(credentials: TlsCredentials): void {
    const { tls } = this.#node;
    if (tls === undefined)
      throw new TypeError('Transport must have been made with TLS to change credentials');
    const options = tls.replace(credentials);
    this.#listener?.replace(options);
  }

  status(): TcpStatus {
    const { address } = this;
    return {
      self: this.self,
      listening: address === undefined ? undefined : formatAddress(address),
      authenticated: this.capabilities.authenticated,
      undecidedCount: this.#acceptor.undecidedCount,
      refusedCount: this.#acceptor.refusedCount,
      lastRefusal: statusOf(this.#acceptor.lastRefusal),
      peers: [...this.#links].map(link => link.status()),
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#close();
    return this.#disposal;
  }

  readonly #onAbort = (): void => void this[Symbol.asyncDispose]();

  /** In order: nothing new comes in or goes out, what was sent leaves, all sockets close. */
  async #close(): Promise<void> {
    this.#state.dispose();
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#watch?.cancel();
    this.#watch = undefined;
    const listening = this.#listener?.close();
    this.#acceptor.close();
    for (const giveUp of this.#meetings) giveUp(closed());
    for (const link of this.#links) link.remove('CLOSING', `"${this.self}" is closing`);
    await Promise.all([...this.#node.open].map(connection => connection.closed));
    await listening;
    this.#links.clear();
  }

  /** A peer that has just connected may have to hear from here before the next look is due. */
  readonly #watchSooner = (beatMs: number): void => {
    if (this.#watch === undefined || beatMs / 2 >= this.#watchDelayMs) return;
    this.#watch.cancel();
    this.#watchedMs = this.#node.clock.monotonicMs();
    this.#watchLater();
  };

  #watchLater(): void {
    if (this.#state.disposed) return;
    let beatMs = this.#limits.heartbeatMs;
    for (const { current } of this.#links) {
      if (current !== undefined && current.beatMs < beatMs) beatMs = current.beatMs;
    }
    const delayMs = Math.max(watchMinMs, beatMs / 2);
    this.#watchDelayMs = delayMs;
    this.#watch = this.#node.clock.setTimer(delayMs, () => {
      const nowMs = this.#node.clock.monotonicMs();
      const lateMs = nowMs - this.#watchedMs - delayMs;
      this.#watchedMs = nowMs;
      // What arrived while this process stood still has not been read: its peers were not silent.
      if (lateMs > this.#limits.silenceMs / 4) {
        for (const { current } of this.#links) current?.connection.forgive(lateMs);
      }
      for (const link of this.#links) link.watch(nowMs);
      this.#watchLater();
    });
  }

  #requireTls(host: string, what: string): void {
    if (this.#node.tls !== undefined || this.#insecure || isLoopback(host)) return;
    throw new QuorateError(
      'TLS_REQUIRED',
      `Will not ${what} ${host} without TLS: give \`tls\`, or \`insecure: true\` where everybody may be any node`,
      { outcome: 'not-applied' },
    );
  }
}

function closed(): QuorateError {
  return new QuorateError('CLOSED', 'The transport is not started, or was disposed of', {
    outcome: 'not-applied',
  });
}
