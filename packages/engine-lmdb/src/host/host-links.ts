import { rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { errorCode } from '@quorate/core';
import type { Wake } from '../store-request.ts';
import { type HostAddresses, hostAddresses } from './host-address.ts';
import { TopicReader, topicFrame } from './topic-frame.ts';

/** What waits for a host that does not read, as a stopped one: beyond it the connection is given up. */
const backlogMaxBytes = 1024 * 1024;

/** How many frames wait for a connection. What is beyond it the other host finds by itself, some time later. */
const waitingMax = 1000;

/** How long to wait before another connection to a host that is observed, where one was given up, ms. */
const restMs = 100;

export interface HostLinksOptions {
  /** The folder of all hosts' sockets. */
  readonly folder: string;
  readonly host: string;
  /** Told of each topic that another host says has news. */
  readonly onTopic: (topic: Wake[1]) => void;
  /** Told of each host that seems to be dead, and whether the kernel says so. */
  readonly onDead: (host: string, isProven: boolean) => void;
}

/** Another host, as far as this one needs it. */
interface Peer {
  socket: Socket;
  isConnected: boolean;
  /** Whether it ever was, by this or an earlier socket. */
  wasConnected: boolean;
  /** Whether its connection was given up, and another will be made after a while. */
  isResting: boolean;
  /** How many wait for its death. */
  observers: number;
  /** Frames for when it is connected. */
  waiting: Uint8Array[];
}

/**
 * A host's socket, and its connections to the sockets of others. Over them goes nothing but the names of topics that have news; what
 * they are worth beside that is that the kernel closes them when a process dies, however it dies.
 *
 * That a connection is closed proves nothing yet: the host may have let go of it. That another is refused does: a socket that nobody
 * listens on is only left behind by the dead, for no id is used twice. A process that ends in an orderly way takes its socket with
 * it, so where there was a connection that was closed, a socket that is gone proves the same. Where there was none it does not:
 * somebody may have deleted the file.
 */
export class HostLinks implements AsyncDisposable {
  readonly #options: HostLinksOptions;
  readonly #addresses: HostAddresses;
  readonly #server: Server;
  readonly #accepted = new Set<Socket>();
  readonly #peers = new Map<string, Peer>();
  #isClosed = false;

  constructor(options: HostLinksOptions) {
    this.#options = options;
    this.#addresses = hostAddresses(options.folder);
    this.#server = createServer(socket => this.#accept(socket));
  }

  /** Settles once others can connect. */
  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ path: this.#addresses.of(this.#options.host), backlog: 1024 }, () => {
        this.#server.removeListener('error', reject);
        // One connection that cannot be accepted, for want of descriptors say, is the other host's to try again.
        this.#server.on('error', () => {});
        resolve();
      });
      this.#server.unref();
    });
  }

  /** Tells another host that a topic has news. What does not get through it finds by itself, some time later. */
  wake(host: string, topic: Wake[1]): void {
    const peer = this.#peer(host);
    const frame = topicFrame(topic);
    if (!peer.isConnected) {
      if (peer.waiting.length < waitingMax) peer.waiting.push(frame);
    } else if (peer.socket.writableLength > backlogMaxBytes) this.#drop(host, peer);
    else peer.socket.write(frame);
  }

  /** Has this host told when another dies. Gives what ends that. */
  observe(host: string): () => void {
    if (host === this.#options.host) return () => {};
    const peer = this.#peer(host);
    peer.observers++;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      peer.observers--;
    };
  }

  /** Takes the socket away that a dead host left behind. Until then it proves that death to everybody. */
  forget(host: string): void {
    rmSync(this.#addresses.of(host), { force: true });
  }

  /** Finds out whether another host is dead. */
  probe(host: string): void {
    if (host !== this.#options.host) this.#peer(host);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const [host, peer] of this.#peers) this.#drop(host, peer);
    for (const socket of this.#accepted) socket.destroy();
    await new Promise<void>(resolve => this.#server.close(() => resolve()));
    rmSync(this.#addresses.of(this.#options.host), { force: true });
    this.#addresses[Symbol.dispose]();
  }

  #accept(socket: Socket): void {
    if (this.#isClosed) {
      socket.destroy();
      return;
    }
    socket.unref();
    this.#accepted.add(socket);
    const reader = new TopicReader(this.#options.onTopic);
    socket.on('data', (chunk: Buffer) => {
      if (!reader.read(chunk)) socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => this.#accepted.delete(socket));
  }

  #peer(host: string): Peer {
    const known = this.#peers.get(host);
    if (known !== undefined) return known;
    const peer: Peer = {
      socket: this.#connect(host),
      isConnected: false,
      wasConnected: false,
      isResting: false,
      observers: 0,
      waiting: [],
    };
    this.#peers.set(host, peer);
    return peer;
  }

  #connect(host: string): Socket {
    const socket = connect({ path: this.#addresses.of(host) });
    socket.unref();
    socket.on('connect', () => this.#onConnect(host, socket));
    socket.on('error', thrown => this.#onError(host, socket, thrown));
    socket.on('close', () => this.#onClose(host, socket));
    // Nothing is ever sent back, but without reading the end is not seen.
    socket.resume();
    return socket;
  }

  #onConnect(host: string, socket: Socket): void {
    const peer = this.#peers.get(host);
    if (peer?.socket !== socket) return;
    peer.isConnected = true;
    peer.wasConnected = true;
    for (const frame of peer.waiting) socket.write(frame);
    peer.waiting = [];
  }

  #onError(host: string, socket: Socket, thrown: Error): void {
    const peer = this.#peers.get(host);
    if (peer?.socket !== socket) return;
    const code = errorCode(thrown);
    if (code !== 'ECONNREFUSED' && code !== 'ENOENT') return;
    this.#peers.delete(host);
    this.#options.onDead(host, code === 'ECONNREFUSED' || peer.wasConnected);
  }

  #onClose(host: string, socket: Socket): void {
    const peer = this.#peers.get(host);
    if (peer?.socket !== socket) return;
    if (peer.isConnected && !this.#isClosed) {
      // Whether it is dead the next connection tells: it is refused, or the host has only let go of this one.
      peer.isConnected = false;
      peer.socket = this.#connect(host);
      return;
    }
    // It could not be reached, and nobody knows why: for want of descriptors, say, or it has too many who wait to be accepted.
    this.#drop(host, peer);
  }

  /** Gives a connection up, and what waits for it. One by which somebody waits for a death is made again, after a while. */
  #drop(host: string, peer: Peer): void {
    peer.isConnected = false;
    peer.waiting = [];
    peer.socket.destroy();
    if (peer.observers === 0 || this.#isClosed) {
      this.#peers.delete(host);
      return;
    }
    // Its end is heard of once more, by the socket's last event.
    if (peer.isResting) return;
    peer.isResting = true;
    setTimeout(() => {
      peer.isResting = false;
      if (this.#isClosed || this.#peers.get(host) !== peer) return;
      peer.socket = this.#connect(host);
    }, restMs).unref();
  }
}
