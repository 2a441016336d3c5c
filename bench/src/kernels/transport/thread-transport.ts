import { nodeId, type Transport, type TransportHandlers } from '@quorate/core';
import { createInProcessNetwork, createPortTransport } from '@quorate/transport';
import {
  attachSharedTransport,
  createSharedNetwork,
  type SharedNetwork,
  type SharedTransport,
} from '@quorate/transport/shared';
import { channel, type Port } from '@quorate/threads';
import type { Transferable } from 'node:worker_threads';
import { type PeerTask, performing } from './peer-task.ts';
import { startPeer } from './peer-thread.ts';

/** How two peers of one process are connected. With `shared, blocking` both threads do nothing but `receive`. */
export type ThreadWay = 'shared, blocking' | 'shared' | 'shared, lingering' | 'port' | 'in-process';

/** How a peer in another thread is started. */
export interface ThreadPeerOrder {
  readonly way: ThreadWay;
  readonly task: PeerTask;
  readonly port?: Port<never>;
  readonly network?: SharedNetwork;
}

/** This side of a connection to a peer that does its task. */
export interface Connected {
  readonly transport: Transport;
  /** Where this thread blocks for messages. */
  readonly receive: (() => boolean) | undefined;
  readonly close: () => Promise<void>;
}

export const peer = nodeId('peer');
const self = nodeId('main');

/** Connects this thread with a peer; settles when the connection is up. */
export async function connectThreads(
  way: ThreadWay,
  task: PeerTask,
  handlers: TransportHandlers,
): Promise<Connected> {
  if (way === 'in-process') return connectInProcess(task, handlers);
  const connected = way === 'port' ? await openPort(way, task) : await openShared(way, task);
  const connection = { up: false };
  const isUp = new Promise<void>((resolve, reject) => {
    const onConnect = (): void => {
      connection.up = true;
      resolve();
    };
    connected.transport.start({ ...handlers, onConnect }).catch(reject);
  });
  while (connected.receive !== undefined && !connection.up) connected.receive();
  await isUp;
  return connected;
}

async function openPort(way: ThreadWay, task: PeerTask): Promise<Connected> {
  const [here, there] = channel<never>();
  const order: ThreadPeerOrder = { way, task, port: there };
  const thread = await startPeer('thread-peer.ts', order, [there as unknown as Transferable]);
  const transport = createPortTransport(self);
  transport.attach(here);
  return { transport, receive: undefined, close: closing(transport, thread.end) };
}

async function openShared(way: ThreadWay, task: PeerTask): Promise<Connected> {
  const network = createSharedNetwork({ peers: [self, peer] });
  const order: ThreadPeerOrder = { way, task, network };
  const thread = await startPeer('thread-peer.ts', order);
  const transport: SharedTransport = attachSharedTransport(network, self, {
    blocking: way === 'shared, blocking',
    lingerMs: way === 'shared, lingering' ? 1 : 0,
  });
  const receive = way === 'shared, blocking' ? (): boolean => transport.receive() : undefined;
  return { transport, receive, close: closing(transport, thread.end) };
}

async function connectInProcess(task: PeerTask, handlers: TransportHandlers): Promise<Connected> {
  const network = createInProcessNetwork();
  const [transport, other] = [network.transport(self), network.transport(peer)];
  const hear = performing(task, message => void other.send(self, message));
  await other.start({ onMessage: (_, message) => hear(message) });
  await new Promise<void>((resolve, reject) => {
    transport.start({ ...handlers, onConnect: () => resolve() }).catch(reject);
  });
  return {
    transport,
    receive: undefined,
    close: closing(transport, async () => other[Symbol.asyncDispose]()),
  };
}

function closing(transport: Transport, end: () => Promise<void>): () => Promise<void> {
  return async () => {
    await transport[Symbol.asyncDispose]();
    await end();
  };
}
