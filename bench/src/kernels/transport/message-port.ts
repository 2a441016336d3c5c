import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { OpenLine } from './line.ts';
import { type PeerTask, performing } from './peer-task.ts';
import { startPeer } from './peer-thread.ts';

/** How the thread at the other end is started. */
export interface MessagePortOrder {
  readonly port: MessagePort;
  readonly task: PeerTask;
}

/** A bare port of Node's, whose other end is in another thread or in this one. A message is one post of its bytes. */
export function messagePortLine(task: PeerTask, where: 'other thread' | 'this thread'): OpenLine {
  return async hear => {
    const { port1: here, port2: there } = new MessageChannel();
    here.on('message', hear);
    const order: MessagePortOrder = { port: there, task };
    const thread =
      where === 'other thread' ? await startPeer('message-port-peer.ts', order, [there]) : undefined;
    if (thread === undefined) {
      there.on(
        'message',
        performing(task, message => there.postMessage(message)),
      );
    }
    return {
      send: message => here.postMessage(message),
      async close() {
        here.close();
        there.close();
        await thread?.end();
      },
    };
  };
}
