import type { WorkerOrder } from './backend.ts';
import { listen } from './port.ts';
import { Responder, endedReason } from './responder.ts';
import { type Methods, findService, setUp } from './service.ts';
import { attachTeam } from './team.ts';
import { encodeThrown } from './wire-error.ts';
import type { Notice, Request } from './wire.ts';
import type { WorkerContext } from './worker-context.ts';

/** What differs between the backends inside the worker. */
export interface WorkerHost {
  /** Loads the worker module. */
  load(url: string): Promise<Readonly<Record<string, unknown>>> | Readonly<Record<string, unknown>>;
  /** Ends the thread from within. */
  exit(code: number): void;
}

/** A worker seen from within its thread. */
export interface RunningWorker {
  /** Code outside any call threw: tells the spawner and leaves. */
  broke(thrown: unknown): void;
  /** Aborts what runs and falls silent, because the worker has been ended from outside. */
  stop(): void;
}

/**
 * The life of a worker inside its thread, the same on every backend: load the module, set its service up, say `ready`, answer
 * calls until asked to close. Whatever goes wrong on the way is told to the spawner.
 */
export function runWorker(order: WorkerOrder, host: WorkerHost): RunningWorker {
  const worker = new WorkerLife(order, host);
  void worker.start();
  return worker;
}

class WorkerLife implements RunningWorker {
  readonly #order: WorkerOrder;
  readonly #host: WorkerHost;
  readonly #closing = new AbortController();
  #responder: Responder | undefined;
  #methods: Methods = {};
  #left = false;

  constructor(order: WorkerOrder, host: WorkerHost) {
    this.#order = order;
    this.#host = host;
  }

  async start(): Promise<void> {
    const { port, url } = this.#order;
    try {
      const module = await this.#host.load(url);
      this.#methods = await setUp(findService(module, url), this.#context() as WorkerContext<never>);
      this.#responder = new Responder(port, this.#methods);
    } catch (thrown) {
      this.broke(thrown);
      return;
    }
    if (this.#left) return;
    listen(port, request => this.#receive(request), {
      onUnreadable: () =>
        this.broke(new TypeError('A message from the spawner cannot be read in this thread')),
    });
    this.#tell({ kind: 'ready' });
  }

  broke(thrown: unknown): void {
    this.#tell({ kind: 'broken', thrown: encodeThrown(thrown) });
    this.#leave(1);
  }

  stop(): void {
    this.#left = true;
    const reason = endedReason(`Worker "${this.#order.name}" has ended`);
    this.#responder?.stop(reason);
    this.#closing.abort(reason);
    this.#order.port.close();
  }

  #context(): WorkerContext {
    const { name, data, team } = this.#order;
    return {
      name,
      data,
      signal: this.#closing.signal,
      team: team && attachTeam(team.buffer),
      member: team?.member,
      exit: (code = 0) => {
        this.#tell({ kind: 'left', code });
        this.#leave(code);
      },
    };
  }

  #receive(request: Request): void {
    if (request.kind === 'close') void this.#close();
    else this.#responder?.receive(request);
  }

  async #close(): Promise<void> {
    try {
      this.#closing.abort(endedReason(`Worker "${this.#order.name}" is closing`));
      await this.#responder?.idle();
      await (this.#methods as Partial<AsyncDisposable>)[Symbol.asyncDispose]?.();
      this.#tell({ kind: 'closed' });
      this.#leave(0);
    } catch (thrown) {
      this.broke(thrown);
    }
  }

  #tell(notice: Notice): void {
    if (!this.#left) this.#order.port.postMessage(notice);
  }

  #leave(code: number): void {
    if (this.#left) return;
    this.stop();
    this.#host.exit(code);
  }
}
