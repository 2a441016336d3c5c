import { workerData } from 'node:worker_threads';

/**
 * Ends this process when its parent is gone, whatever its main thread is doing: one that runs a scenario without end hears of
 * nothing any more, and would keep a core busy for ever.
 */
const parent = workerData as number;
const everyMs = 500;

setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
}, everyMs);
