import { QuorateError, systemRandom } from '@quorate/core';
import type { Backend, StartRequest, Thread, ThreadEvents, WorkerOrder } from '../backend.ts';
import { channel } from '../channel.ts';
import type { ThreadsOptions } from '../threads.ts';
import type { Reply, Request } from '../wire.ts';
import { siblingUrl } from './sibling-url.ts';
import { lockReleased } from './web-lock.ts';

/** What the bootstrap is sent first. */
export interface WebOrder {
  readonly order: WorkerOrder;
  /** The lock that the worker holds while it lives. */
  readonly lock: string;
}

/** What the bootstrap answers before it runs the worker: whether it holds the lock. */
export type WebAlive = boolean;

/** The part of a browser's `Worker` that is used here; the published types are Node's. */
interface WebWorker {
  postMessage(message: unknown, transfer: readonly object[]): void;
  terminate(): void;
  addEventListener(type: string, listener: (event: WebWorkerEvent) => void): void;
}

interface WebWorkerEvent {
  readonly data?: unknown;
  readonly message?: string;
  readonly error?: unknown;
  preventDefault(): void;
}

declare const Worker: new (url: URL, options: { type: 'module'; name: string }) => WebWorker;

/**
 * Browsers' module workers.
 *
 * A browser does not tell when a worker has stopped: `self.close()` is silent, and a terminated worker may run on for a
 * while (2 s in an endless loop in Chromium). So the worker holds a Web Lock while it lives, and the browser releases it when
 * the thread is gone, whatever ended it.
 */
export function webThreads(options: ThreadsOptions): Backend {
  const [unsupported] = Object.keys(options);
  if (unsupported !== undefined) {
    throw new QuorateError('UNSUPPORTED', `Browsers have no "${unsupported}" for workers`, {
      outcome: 'not-applied',
    });
  }
  return {
    name: 'thread',
    channel: () => channel<Request, Reply>(),
    start: request => new WebThread(request),
  };
}

class WebThread implements Thread {
  readonly #worker: WebWorker;
  readonly #events: ThreadEvents;
  readonly #lock =
    `quorate-worker-${systemRandom.uint32().toString(16)}-${systemRandom.uint32().toString(16)}`;
  #watched = false;
  #terminated = false;

  constructor({ order, transfer, events }: StartRequest) {
    this.#events = events;
    this.#worker = new Worker(siblingUrl('web-bootstrap', import.meta.url), {
      type: 'module',
      name: order.name,
    });
    this.#worker.addEventListener('message', ({ data }) => {
      const locked = data as WebAlive;
      if (locked) this.#watch(); // Without a lock only what the worker says of its end is heard, and `terminate` believed.
    });
    this.#worker.addEventListener('error', event => {
      event.preventDefault();
      events.onError(event.error ?? new Error(event.message ?? 'The worker script could not be loaded'));
    });
    this.#worker.addEventListener('messageerror', () => {
      events.onError(new TypeError('A message to or from the worker could not be read'));
    });
    try {
      this.#worker.postMessage({ order, lock: this.#lock } satisfies WebOrder, [...transfer, order.port]);
    } catch (thrown) {
      this.#worker.terminate();
      throw thrown;
    }
  }

  terminate(): void {
    if (this.#terminated) return;
    this.#terminated = true;
    this.#worker.terminate();
    this.#watch();
  }

  #watch(): void {
    if (this.#watched) return;
    this.#watched = true;
    void lockReleased(this.#lock).then(() => this.#events.onExit(this.#terminated ? 1 : 0));
  }

  ref(): void {}
  unref(): void {}
}
