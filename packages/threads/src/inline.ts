import type { Backend, StartRequest, Thread, WorkerOrder } from './backend.ts';
import { cloneInline, createInlinePair } from './inline-port.ts';
import { type RunningWorker, type WorkerHost, runWorker } from './run-worker.ts';
import type { Schedule } from './schedule.ts';

/** How inline workers run. */
export interface InlineOptions {
  /** Runs each delivery of a message. Default `queueMicrotask`: as soon as the code that runs now has finished. */
  readonly schedule?: Schedule | undefined;
  /**
   * Gives the module of a URL. Default: `import()`. A simulator hands in modules it has loaded already, because the time that
   * an import takes is not its to decide.
   */
  readonly load?: Load | undefined;
}

type Load = WorkerHost['load'];

/**
 * Runs workers in the calling thread: for tests, simulators, and places where threads are not to be had.
 *
 * Messages are cloned and moved as between threads, and are delivered in one order that the schedule decides, so a run can be
 * repeated exactly. What one thread cannot give: an endless loop blocks everybody, code outside a call that throws is the
 * process's uncaught exception, `process.exit()` is the process's, and {@link park} would wait for itself.
 */
export function inline(options: InlineOptions = {}): Backend {
  const { schedule = queueMicrotask, load = importModule } = options;
  return {
    name: 'inline',
    channel: () => createInlinePair(schedule),
    start: request => new InlineThread(request, schedule, load),
  };
}

async function importModule(url: string): Promise<Readonly<Record<string, unknown>>> {
  return (await import(/* @vite-ignore */ url)) as Readonly<Record<string, unknown>>;
}

class InlineThread implements Thread {
  readonly #port: WorkerOrder['port'];
  #worker: RunningWorker | undefined;
  #ended = false;
  #code = 1;

  constructor({ order, transfer, local, events }: StartRequest, schedule: Schedule, load: Load) {
    const copy = cloneInline(order, [...transfer, order.port]) as WorkerOrder;
    this.#port = copy.port;
    // The end comes with the closing of the port, so behind every message that the worker has sent, whatever the schedule.
    local.addEventListener('close', () => events.onExit(this.#code));
    schedule(() => {
      if (!this.#ended) this.#worker = runWorker(copy, { load, exit: code => this.#exit(code) });
    });
  }

  terminate(): void {
    this.#exit(1);
    this.#worker?.stop();
    this.#port.close();
  }

  #exit(code: number): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#code = code;
  }

  ref(): void {}
  unref(): void {}
}
