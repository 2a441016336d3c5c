import { parentPort, workerData } from 'node:worker_threads';
import { createRequests } from '@quorate/transport';
import { createTcpTransport } from '@quorate/transport/tcp';
import type { TcpPeerOrder } from './tcp-line.ts';

/** A node that sends every message back, or answers every request with its own bytes. */
const { tls, requests } = workerData as TcpPeerOrder;
const transport = createTcpTransport({
  self: 'peer',
  listen: { host: '127.0.0.1', port: 0 },
  peers: { main: undefined },
  ...(tls === undefined ? {} : { tls }),
});
if (requests) {
  const answering = createRequests(transport);
  answering.handle('echo', ({ body }) => body);
  await answering.start();
} else {
  await transport.start({
    onMessage: (from, message, group) => void transport.send(from, message, group),
  });
}
parentPort?.postMessage(transport.address?.port);
