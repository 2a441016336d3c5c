import { parentPort } from 'node:worker_threads';

/** Posts back what arrives: the least that a worker can do with a message. */
parentPort?.on('message', (value: number) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows; a worker has no origin
  parentPort?.postMessage(value);
});
