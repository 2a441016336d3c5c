import { type MessagePort, type Transferable, Worker, receiveMessageOnPort } from 'node:worker_threads';
import type { Backend, StartRequest, Thread } from '../backend.ts';
import { channel } from '../channel.ts';
import type { Reply, Request } from '../wire.ts';
import type { ThreadsOptions } from '../threads.ts';
import { siblingUrl } from './sibling-url.ts';

/** Node's worker threads. */
export function nodeThreads({ resourceLimits, execArgv, env }: ThreadsOptions): Backend {
  return {
    name: 'thread',
    channel: () => channel<Request, Reply>(),
    start({ order, transfer, local, events }: StartRequest): Thread {
      const worker = new Worker(siblingUrl('node-bootstrap', import.meta.url), {
        name: order.name,
        workerData: order,
        transferList: [...transfer, order.port] as Transferable[],
        ...(resourceLimits && { resourceLimits }),
        ...(execArgv && { execArgv: [...execArgv] }),
        ...(env && { env: { ...env } }),
      });
      worker.on('error', thrown => {
        drain(local as unknown as MessagePort);
        events.onError(thrown);
      });
      worker.on('exit', code => {
        drain(local as unknown as MessagePort);
        events.onExit(code);
      });
      return {
        terminate: () => void worker.terminate(),
        ref: () => worker.ref(),
        unref: () => worker.unref(),
      };
    },
  };
}

/** Delivers what the thread managed to send before its end: an error or the exit can overtake it. */
function drain(port: MessagePort): void {
  for (;;) {
    const received = receiveMessageOnPort(port);
    if (received === undefined) return;
    port.dispatchEvent(new MessageEvent('message', { data: received.message }));
  }
}
