import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePortOrder } from './message-port.ts';
import { performing } from './peer-task.ts';

/** A thread at the other end of a bare port. */
const { port, task } = workerData as MessagePortOrder;
port.on(
  'message',
  performing(task, message => port.postMessage(message)),
);
parentPort?.postMessage('ready');
