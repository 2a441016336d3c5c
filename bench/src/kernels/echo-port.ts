import { parentPort } from 'node:worker_threads';

/** Posts back what arrives: the least that a worker can do with a message. */
parentPort?.on('message', (value: number) => {
  parentPort?.postMessage(value);
});
