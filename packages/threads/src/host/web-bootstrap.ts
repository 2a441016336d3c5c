/**
 * The first module of every browser worker: takes the order, takes the lock that says it lives, and runs the worker.
 *
 * A browser's worker runs on after an uncaught error, and tells nobody of an unhandled rejection; here both end it, as in Node.
 */
import { type RunningWorker, runWorker } from '../run-worker.ts';
import { holdLock } from './web-lock.ts';
import type { WebAlive, WebOrder } from './web-thread.ts';

/** The part of a worker's global scope that is used here; the published types are Node's. */
interface WorkerScope {
  postMessage(message: unknown): void;
  close(): void;
  addEventListener(
    type: string,
    listener: (event: { data: WebOrder; error?: unknown; reason?: unknown; preventDefault(): void }) => void,
    options?: { once: boolean },
  ): void;
}

const scope = globalThis as unknown as WorkerScope;
let worker: RunningWorker | undefined;

scope.addEventListener('error', event => {
  event.preventDefault();
  worker?.broke(event.error);
});
scope.addEventListener('unhandledrejection', event => {
  event.preventDefault();
  worker?.broke(event.reason);
});
scope.addEventListener('message', event => void start(event.data), { once: true });

async function start({ order, lock }: WebOrder): Promise<void> {
  scope.postMessage((await holdLock(lock)) satisfies WebAlive);
  worker = runWorker(order, {
    load: async url => (await import(url)) as Readonly<Record<string, unknown>>,
    exit: () => scope.close(),
  });
}
