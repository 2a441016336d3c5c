import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { errorCode, QuorateError } from '@quorate/core';
import type { Problem } from '../problem.ts';
import { loopbackHosts, refusalOf } from './request-guard.ts';

/** How to start a {@link LoopbackServer}. */
export interface LoopbackServerOptions {
  /** A loopback address. Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  readonly fetch: (request: Request, bindings: HttpBindings) => Response | Promise<Response>;
}

/** A server that is listening. */
export interface LoopbackServer {
  readonly port: number;
  readonly url: string;
  /** Takes no new connections, gives running requests up to `graceMs`, then cuts them off. */
  close(graceMs: number): Promise<void>;
}

const loopbackAddresses = new Set(['127.0.0.1', '::1', 'localhost']);

/** Sent with every answer. No page may frame, sniff, cache or run what the API returns, and there is no CORS at all. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/**
 * Listens on loopback, and nowhere else.
 *
 * The limits on time and size are Node's own, far below its defaults: an unfinished head is dropped after about 6 seconds,
 * not after 92.
 *
 * @throws RangeError for an address that is not loopback, or a port that cannot be
 * @throws QuorateError `PORT_TAKEN`, `LISTEN_FAILED`
 */
export async function listenOnLoopback(options: LoopbackServerOptions): Promise<LoopbackServer> {
  const { host = '127.0.0.1', port = 0 } = options;
  checkAddress(host, port);
  let hostsAllowed: ReadonlySet<string> = new Set();
  const listener = getRequestListener(options.fetch as Parameters<typeof getRequestListener>[0]);
  const handle = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const refusal = refusalOf(incoming, hostsAllowed);
    if (refusal === undefined) void listener(incoming, outgoing);
    else refuse(outgoing, refusal);
  };
  const server = createServer(
    {
      headersTimeout: 5000,
      requestTimeout: 10_000,
      connectionsCheckingInterval: 1000,
      keepAliveTimeout: 10_000,
      maxHeaderSize: 8 * 1024,
    },
    handle,
  );
  server.maxConnections = 512;
  await listening(server, host, port);
  const address = server.address() as AddressInfo;
  hostsAllowed = loopbackHosts(address.port);
  const name = host === '::1' ? '[::1]' : '127.0.0.1';
  return {
    port: address.port,
    url: `http://${name}:${address.port}`,
    close: graceMs => close(server, graceMs),
  };
}

function checkAddress(host: string, port: number): void {
  if (!loopbackAddresses.has(host)) {
    throw new RangeError(
      `Address ${JSON.stringify(host)} is refused: these servers speak plain HTTP and are for one machine only. ` +
        'Bind 127.0.0.1, and reach it from elsewhere through an SSH tunnel or a proxy that adds TLS',
    );
  }
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new RangeError(`Port must be an integer from 0 to 65535: received ${port}`);
  }
}

function refuse(outgoing: ServerResponse, refusal: Problem): void {
  outgoing.writeHead(refusal.status, {
    ...securityHeaders,
    'content-type': 'application/problem+json',
    connection: 'close',
  });
  outgoing.end(JSON.stringify(refusal.body));
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', cause => {
      const taken = errorCode(cause) === 'EADDRINUSE';
      const detail = taken
        ? `Port ${port} of ${host} is taken by another program: choose another, or 0 for any free one`
        : `Listening on ${host}:${port} failed: ${cause.message}`;
      const code = taken ? 'PORT_TAKEN' : 'LISTEN_FAILED';
      reject(new QuorateError(code, detail, { outcome: 'not-applied', cause }));
    });
    server.listen(port, host === 'localhost' ? '127.0.0.1' : host, resolve);
  });
}

function close(server: Server, graceMs: number): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
