import { parentPort, workerData } from 'node:worker_threads';
import { nodeId, type Transport } from '@quorate/core';
import { createPortTransport } from '@quorate/transport';
import { attachSharedTransport } from '@quorate/transport/shared';
import { performing } from './peer-task.ts';
import type { ThreadPeerOrder } from './thread-transport.ts';

/** A peer in a thread of its own, that answers through a port or through shared memory. */
const { way, task, port, network } = workerData as ThreadPeerOrder;

async function serve(transport: Transport): Promise<void> {
  const main = nodeId('main');
  const hear = performing(task, message => {
    const result = transport.send(main, message);
    if (result !== 'sent') throw new Error(`Answer must be sent: received "${result}"`);
  });
  await transport.start({ onMessage: (_, message) => hear(message) });
  parentPort?.postMessage('ready');
}

if (network !== undefined) {
  const blocking = way === 'shared, blocking';
  const shared = attachSharedTransport(network, nodeId('peer'), {
    blocking,
    lingerMs: way === 'shared, lingering' ? 1 : 0,
  });
  await serve(shared);
  if (blocking) for (;;) shared.receive();
} else if (port !== undefined) {
  const transport = createPortTransport(nodeId('peer'));
  transport.attach(port);
  await serve(transport);
}
