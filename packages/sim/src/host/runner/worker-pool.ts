import type { RunOrder, WorkerTarget } from './messages.ts';
import type { SeedOutcome } from './seed-outcome.ts';
import { WorkerLostError, type WorkerOptions, WorkerProcess } from './worker-process.ts';

/** Requests that wait at each process, so that none stands idle while its answer travels. */
export const waitingPerWorker: number = 3;

/** Processes that run seeds of one scenario. One that ends is replaced, and what waited at it goes to others. */
export class WorkerPool implements AsyncDisposable {
  readonly #target: WorkerTarget;
  readonly #options: WorkerOptions;
  readonly #workers: WorkerProcess[];
  #isDisposed = false;

  constructor(target: WorkerTarget, size: number, options: WorkerOptions) {
    this.#target = target;
    this.#options = options;
    this.#workers = Array.from({ length: size }, () => new WorkerProcess(target, options));
  }

  /** @throws ScenarioError where the scenario does not load; WorkerLostError once disposed */
  async run(order: RunOrder): Promise<SeedOutcome> {
    for (;;) {
      if (this.#isDisposed) throw new WorkerLostError('Worker pool was disposed');
      try {
        return await this.#worker().run(order);
      } catch (error) {
        if (!(error instanceof WorkerLostError)) throw error;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    await Promise.all(this.#workers.map(async worker => worker[Symbol.asyncDispose]()));
  }

  /** The one with the least to do. */
  #worker(): WorkerProcess {
    for (const [index, worker] of this.#workers.entries()) {
      if (worker.isOver) this.#workers[index] = new WorkerProcess(this.#target, this.#options);
    }
    return this.#workers.reduce((least, worker) => (worker.pending < least.pending ? worker : least));
  }
}
