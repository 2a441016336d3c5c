import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server as NetServer, type Socket } from 'node:net';
import { Way, type WayState } from './proxy-way.ts';

/** Which way bytes go. */
export type ProxyWay = 'toServer' | 'toClient';

export interface ProxyOptions {
  /** Where the server listens, on the loopback address. */
  readonly port: number;
}

/** A link that tests can break, between clients and a server on this machine. */
export interface Proxy extends AsyncDisposable {
  /** Where clients connect to, on the loopback address. */
  readonly port: number;
  /** Connections that are open now. */
  readonly connectionCount: number;
  /** Resets every connection, and new ones as soon as they come, until it is healed. */
  cut(): void;
  /** Resets every connection that is open, once; new ones work. */
  reset(): void;
  /**
   * Holds back everything that goes one way, or both: as if the network had gone, nobody hears of it. Healed, it arrives, as TCP
   * would send it again; after a `cut` it never does.
   */
  mute(way?: ProxyWay): void;
  /** The same for one connection alone, the n-th that was made, from 0. */
  muteConnection(index: number): void;
  /** Makes each chunk take this long, one way or both. */
  delay(delayMs: number, way?: ProxyWay): void;
  /** Undoes cut, mute and delay. */
  heal(): void;
  /** Bytes that were taken from one side since the beginning, whether or not they were passed on. */
  bytesOf(way: ProxyWay): number;
  /** Settles when more bytes than this have been taken from one side. */
  reaches(way: ProxyWay, bytes: number): Promise<void>;
}

/** Starts a proxy to a port, on a port of its own. */
export async function startProxy({ port }: ProxyOptions): Promise<Proxy> {
  const server = createServer({ allowHalfOpen: false, noDelay: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return new TcpProxy(server, port);
}

interface Link {
  readonly index: number;
  readonly isMuted: { value: boolean };
  readonly client: Socket;
  readonly server: Socket;
  readonly ways: Readonly<Record<ProxyWay, Way>>;
}

const WAYS: readonly ProxyWay[] = ['toServer', 'toClient'];

class TcpProxy implements Proxy {
  readonly port: number;
  readonly #server: NetServer;
  readonly #targetPort: number;
  readonly #links = new Set<Link>();
  readonly #states: Record<ProxyWay, WayState> = {
    toServer: { isMuted: false, delayMs: 0, bytes: 0, onBytes: () => this.#onBytes('toServer') },
    toClient: { isMuted: false, delayMs: 0, bytes: 0, onBytes: () => this.#onBytes('toClient') },
  };
  #waits: { way: ProxyWay; bytes: number; done: () => void }[] = [];
  #connections = 0;
  #isCut = false;

  constructor(server: NetServer, targetPort: number) {
    this.#server = server;
    this.#targetPort = targetPort;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', client => this.#onConnection(client));
  }

  get connectionCount(): number {
    return this.#links.size;
  }

  cut(): void {
    this.#isCut = true;
    this.reset();
  }

  reset(): void {
    for (const { client, server } of this.#links) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  mute(way?: ProxyWay): void {
    for (const each of way === undefined ? WAYS : [way]) this.#states[each].isMuted = true;
  }

  muteConnection(index: number): void {
    for (const link of this.#links) if (link.index === index) link.isMuted.value = true;
  }

  delay(delayMs: number, way?: ProxyWay): void {
    for (const each of way === undefined ? WAYS : [way]) this.#states[each].delayMs = delayMs;
  }

  heal(): void {
    this.#isCut = false;
    for (const way of WAYS) {
      this.#states[way].isMuted = false;
      this.#states[way].delayMs = 0;
      for (const link of this.#links) {
        link.isMuted.value = false;
        link.ways[way].flush();
      }
    }
  }

  bytesOf(way: ProxyWay): number {
    return this.#states[way].bytes;
  }

  reaches(way: ProxyWay, bytes: number): Promise<void> {
    return new Promise(resolve => {
      this.#waits.push({ way, bytes, done: resolve });
      this.#onBytes(way);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  #onConnection(client: Socket): void {
    client.on('error', () => {});
    if (this.#isCut) {
      client.resetAndDestroy();
      return;
    }
    const server = connect({ port: this.#targetPort, host: '127.0.0.1', noDelay: true });
    server.on('error', () => {});
    const isMuted = { value: false };
    const ways = {
      toServer: new Way(client, server, this.#states.toServer, isMuted),
      toClient: new Way(server, client, this.#states.toClient, isMuted),
    };
    const link: Link = { index: this.#connections++, isMuted, client, server, ways };
    this.#links.add(link);
    server.once('close', () => {
      this.#links.delete(link);
      client.destroy();
    });
    client.once('close', () => {
      this.#links.delete(link);
      server.destroy();
    });
  }

  #onBytes(way: ProxyWay): void {
    const { bytes } = this.#states[way];
    for (const wait of this.#waits) if (wait.way === way && bytes > wait.bytes) wait.done();
    this.#waits = this.#waits.filter(wait => wait.way !== way || bytes <= wait.bytes);
  }
}
