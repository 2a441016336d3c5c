/**
 * The first module of every Node worker thread: takes the order and runs the worker.
 *
 * An uncaught error ends the thread, which Node itself tells the spawner.
 */
import { workerData } from 'node:worker_threads';
import type { WorkerOrder } from '../backend.ts';
import { runWorker } from '../run-worker.ts';

const order = { ...(workerData as WorkerOrder) };
// The worker module sees `workerData` too; the port is not its to use.
Reflect.deleteProperty(workerData as object, 'port');

runWorker(order, {
  load: async url => (await import(url)) as Readonly<Record<string, unknown>>,
  exit: code => process.exit(code),
});
