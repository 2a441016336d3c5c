import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import { type Server as TlsServer, type TlsOptions, createServer as createTlsServer } from 'node:tls';
import { QuorateError } from '@quorate/core';
import type { PeerAddress } from '../peer-address.ts';
import type { TlsIdentity } from './tls-identity.ts';

/** The listening socket of a node. Its sockets are handed on as they come, those of TLS when their handshake is done. */
export class Listener {
  readonly #server: Server | TlsServer;
  readonly #shaking: Set<Socket> = new Set();
  readonly #shakingMax: number;
  readonly #closed: Promise<void>;
  /** Ends a wait for listening. */
  #abandon: (() => void) | undefined;

  constructor(options: {
    readonly tls: TlsIdentity | undefined;
    /** How long TLS may take. */
    readonly helloMs: number;
    /** How many may be at it at once. */
    readonly shakingMax: number;
    readonly onSocket: (socket: Socket) => void;
    readonly onRefused: (reason: string) => void;
  }) {
    const { tls, helloMs, onSocket, onRefused } = options;
    this.#shakingMax = options.shakingMax;
    if (tls === undefined) {
      this.#server = createServer({ noDelay: true }, onSocket);
    } else {
      const server = createTlsServer({ ...tls.serverOptions, handshakeTimeout: helloMs, noDelay: true });
      server.on('connection', raw => this.#shake(raw));
      server.on('secureConnection', socket => {
        this.#settle(socket.remoteAddress, socket.remotePort);
        onSocket(socket);
      });
      server.on('tlsClientError', (error, socket) => {
        this.#settle(socket.remoteAddress, socket.remotePort);
        socket.destroy();
        onRefused(`TLS failed: ${error.message}`);
      });
      this.#server = server;
    }
    this.#closed = new Promise(resolve => this.#server.once('close', resolve));
  }

  get address(): PeerAddress | undefined {
    const address = this.#server.address() as AddressInfo | null;
    return address === null ? undefined : { host: address.address, port: address.port };
  }

  /** @throws QuorateError `LISTEN_FAILED`, or `CLOSED` when it is closed before it listens */
  async listen({ host, port }: PeerAddress): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', error =>
        reject(
          new QuorateError('LISTEN_FAILED', `Cannot listen on ${host}, port ${port}: ${error.message}`, {
            outcome: 'not-applied',
            retryable: true,
            cause: error,
          }),
        ),
      );
      this.#abandon = () =>
        reject(
          new QuorateError('CLOSED', 'The transport was disposed of while it started', {
            outcome: 'not-applied',
          }),
        );
      this.#server.listen({ host, port, backlog: 511 }, resolve);
    });
    this.#abandon = undefined;
    // A server that listens has errors of single connections to accept; they cost those alone.
    this.#server.on('error', () => {});
  }

  /** Later handshakes use these. */
  replace(options: TlsOptions): void {
    if ('setSecureContext' in this.#server) this.#server.setSecureContext(options);
  }

  /** Takes no more connections. Settles when those that it has are closed. */
  async close(): Promise<void> {
    const wasListening = this.#server.listening;
    // A server that is closed while it looks up its host never says so.
    this.#server.once('listening', () => this.#server.close());
    this.#server.close();
    this.#abandon?.();
    for (const raw of this.#shaking) raw.destroy();
    if (wasListening) await this.#closed;
  }

  #shake(raw: Socket): void {
    for (const oldest of this.#shaking) {
      if (this.#shaking.size < this.#shakingMax) break;
      this.#shaking.delete(oldest);
      oldest.destroy();
    }
    this.#shaking.add(raw);
    raw.on('error', () => {}); // TLS reports it as well.
    raw.once('close', () => this.#shaking.delete(raw));
  }

  #settle(address: string | undefined, port: number | undefined): void {
    for (const raw of this.#shaking) {
      if (raw.remotePort === port && raw.remoteAddress === address) this.#shaking.delete(raw);
    }
  }
}
