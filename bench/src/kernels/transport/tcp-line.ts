import { nodeId, type TransportHandlers } from '@quorate/core';
import { createRequests } from '@quorate/transport';
import { createClusterAuthority, createTcpTransport, type TlsCredentials } from '@quorate/transport/tcp';
import type { OpenLine } from './line.ts';
import { startPeer } from './peer-thread.ts';

/** How the node in the other thread is started. */
export interface TcpPeerOrder {
  readonly tls: TlsCredentials | undefined;
  readonly requests: boolean;
}

const peer = nodeId('peer');

/** What both nodes prove themselves with. */
export function newCredentials(): { readonly peer: TlsCredentials; readonly main: TlsCredentials } {
  const authority = createClusterAuthority({ cluster: 'default' });
  return { peer: authority.issue('peer'), main: authority.issue('main') };
}

/** Messages through our transport, over TCP or mutual TLS. */
export function tcpLine(encrypted: boolean): OpenLine {
  return async hear => {
    const { transport, start, end } = await connecting({ encrypted, requests: false });
    await start(transport, { onMessage: (_, message) => hear(message) });
    return {
      send(message) {
        const result = transport.send(peer, message);
        if (result !== 'sent') throw new Error(`Message must be sent: received "${result}"`);
      },
      close: end,
    };
  };
}

/** Requests on top of our transport over TCP, each with a deadline. */
export function requestLine(): OpenLine {
  return async (hear, fail) => {
    const { transport, start, end } = await connecting({ encrypted: false, requests: true });
    const requests = createRequests(transport);
    await start(requests, { onMessage() {} });
    return {
      send: message =>
        void requests.request(peer, 'echo', message, { deadlineMs: 10_000 }).then(hear).catch(fail),
      async close() {
        await requests[Symbol.asyncDispose]();
        await end();
      },
    };
  };
}

interface Startable {
  start(handlers: TransportHandlers): Promise<void>;
}

async function connecting({ encrypted, requests }: { encrypted: boolean; requests: boolean }) {
  const credentials = encrypted ? newCredentials() : undefined;
  const order: TcpPeerOrder = { tls: credentials?.peer, requests };
  const thread = await startPeer<number>('tcp-peer.ts', order);
  const transport = createTcpTransport({
    self: 'main',
    peers: { peer: `127.0.0.1:${thread.answer}` },
    ...(credentials === undefined ? {} : { tls: credentials.main }),
  });
  return {
    transport,
    /** Settles when the connection is up. */
    start: async (startable: Startable, handlers: TransportHandlers): Promise<void> =>
      new Promise((resolve, reject) => {
        startable.start({ ...handlers, onConnect: () => resolve() }).catch(reject);
      }),
    end: async (): Promise<void> => {
      await transport[Symbol.asyncDispose]();
      await thread.end();
    },
  };
}
