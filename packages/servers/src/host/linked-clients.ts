import { type Proxy, startProxy } from './start-proxy.ts';
import type { Server } from './server-process.ts';

/** What can be done to the link of a client, and to the server, in the words of the conformance suites. */
export interface LinkFaults<Client> {
  /** Nothing comes through any more, and nobody is told. */
  readonly cut: (client: Client) => void;
  readonly heal: (client: Client) => void;
  /** What is connected is reset; the next connection is as good as ever. */
  readonly sever: (client: Client) => void;
  readonly restart: () => Promise<void>;
}

/** A server, and clients that each reach it over a link of their own, which can be cut. */
export class LinkedClients<Client extends object> implements AsyncDisposable {
  readonly server: Server;
  readonly #links = new Map<Client, Proxy>();

  constructor(server: Server) {
    this.server = server;
  }

  linkOf(client: Client): Proxy {
    return this.#links.get(client) as Proxy;
  }

  /** Opens a client over a new link. @param connect told the port of the link */
  async openLinked(connect: (port: number) => Promise<Client>): Promise<Client> {
    const link = await startProxy({ port: this.server.port });
    const client = await connect(link.port);
    this.#links.set(client, link);
    return client;
  }

  get faults(): LinkFaults<Client> {
    return {
      cut: client => this.linkOf(client).mute(),
      heal: client => this.linkOf(client).heal(),
      sever: client => this.linkOf(client).reset(),
      restart: async () => {
        await this.server.kill();
        await this.server.restart();
      },
    };
  }

  /** Ends the links and the server; clients are the caller's to end. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const link of this.#links.values()) await link[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
  }
}
