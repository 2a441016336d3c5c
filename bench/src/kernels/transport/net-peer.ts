import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { parentPort, workerData } from 'node:worker_threads';
import type { NetPeerOrder } from './net-line.ts';
import { PlainSocket } from './plain-socket.ts';

/** A bare server that sends every message back. */
const { tls, corking } = workerData as NetPeerOrder;
const onSocket = (socket: Socket): void => {
  socket.on('error', () => {});
  void new PlainSocket(socket, corking, (message, plain) => plain.send(message));
};
const server =
  tls === undefined
    ? createServer(onSocket)
    : createTlsServer({ ...tls, requestCert: true, rejectUnauthorized: true }, onSocket);
server.listen(0, '127.0.0.1', () => parentPort?.postMessage((server.address() as AddressInfo).port));
