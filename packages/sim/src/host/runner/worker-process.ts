import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { TraceEvent } from '../../trace/trace-event.ts';
import { ScenarioError } from './discover-scenarios.ts';
import type { RunOrder, WorkerReply, WorkerRequest, WorkerTarget } from './messages.ts';
import type { SeedOutcome } from './seed-outcome.ts';
import { siblingUrl } from './sibling-url.ts';

export interface WorkerOptions {
  /** How long one seed may take before its process is ended and the seed counts as hung. */
  readonly seedDeadlineMs: number;
  /** Added to the environment of the process. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Why a page that was ordered is not there. */
  readonly onPageProblem?: (message: string) => void;
  /** What the scenario's code prints. */
  readonly onOutput?: (text: string) => void;
}

/** The process ended before it came to this request, which another process may take. */
export class WorkerLostError extends Error {
  override readonly name = 'WorkerLostError';
}

interface Pending {
  readonly request: WorkerRequest;
  resolve(reply: WorkerReply): void;
  reject(error: unknown): void;
}

const outputCharactersMax = 2000;
const loadDeadlineMs = 120_000;
const childUrl = siblingUrl('../child', import.meta.url);

/**
 * One process that runs seeds of one scenario. Requests wait for each other; the first is under way.
 *
 * A process that dies, or does not answer in time and is killed, fails the seed that was under way and no other: what waited
 * rejects with {@link WorkerLostError}.
 */
export class WorkerProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #options: WorkerOptions;
  readonly #queue: Pending[] = [];
  readonly #closed: Promise<void>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #output = '';
  #isLate = false;
  #isOver = false;

  constructor(target: WorkerTarget, options: WorkerOptions) {
    this.#options = options;
    const { NODE_OPTIONS: _, ...environment } = process.env;
    this.#child = fork(fileURLToPath(childUrl), {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'advanced',
      env: { ...environment, ...options.environment },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    const collect = (text: Buffer): void => {
      options.onOutput?.(text.toString());
      this.#output = (this.#output + text.toString()).slice(-outputCharactersMax);
    };
    this.#child.stdout?.on('data', collect);
    this.#child.stderr?.on('data', collect);
    this.#child.on('message', reply => this.#next(reply as WorkerReply));
    this.#closed = new Promise(resolve => {
      // Where the process cannot be started at all, nothing closes.
      this.#child.on('error', error => {
        this.#end(error.message);
        if (this.#child.pid === undefined) resolve();
      });
      this.#child.once('close', (code, signal) => {
        this.#end(code === null ? `signal ${signal}` : `exit code ${code}`);
        resolve();
      });
    });
    // Where it does not load, every run says so.
    this.#request({ type: 'load', target }).catch(() => {});
  }

  /** Whether it takes no more requests. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** How many requests are under way or wait. */
  get pending(): number {
    return this.#queue.length;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /**
   * Runs a seed after those that wait already.
   *
   * @returns its outcome; `died` or `hung` where this process went down with it
   * @throws ScenarioError where the scenario does not load
   * @throws WorkerLostError
   */
  async run(order: RunOrder): Promise<SeedOutcome> {
    const reply = await this.#request({ type: 'run', order });
    if (reply.type === 'outcome') {
      if (reply.pageProblem !== undefined) this.#options.onPageProblem?.(reply.pageProblem);
      return reply.outcome;
    }
    throw new WorkerLostError(`Worker process answered with ${reply.type}`);
  }

  /** Events `from` to `to - 1` of the last run that kept its trace. */
  async slice(from: number, to: number): Promise<readonly TraceEvent[]> {
    const reply = await this.#request({ type: 'slice', from, to });
    return reply.type === 'slice' ? reply.events : [];
  }

  /** Kills the process and waits until it is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    this.#child.kill('SIGKILL');
    await this.#closed;
  }

  #request(request: WorkerRequest): Promise<WorkerReply> {
    if (this.#isOver) return Promise.reject(new WorkerLostError('Worker process has ended'));
    return new Promise((resolve, reject) => {
      this.#queue.push({ request, resolve, reject });
      // A channel that is closing already tells by the end of the process.
      this.#child.send(request, () => {});
      if (this.#queue.length === 1) this.#arm();
    });
  }

  #next(reply: WorkerReply): void {
    const head = this.#queue.shift();
    clearTimeout(this.#timer);
    if (reply.type === 'unloadable') {
      const error = new ScenarioError(reply.error.message);
      this.#isOver = true;
      for (const pending of this.#queue.splice(0)) pending.reject(error);
      this.#child.kill('SIGKILL');
    } else if (this.#queue.length > 0) this.#arm();
    head?.resolve(reply);
  }

  /** The time of the request that is under way now. */
  #arm(): void {
    const deadlineMs =
      this.#queue[0]?.request.type === 'load' ? loadDeadlineMs : this.#options.seedDeadlineMs;
    this.#timer = setTimeout(() => {
      this.#isLate = true;
      this.#child.kill('SIGKILL');
    }, deadlineMs);
  }

  #end(how: string): void {
    clearTimeout(this.#timer);
    const disposed = this.#isOver;
    this.#isOver = true;
    const head = this.#queue.shift();
    const said = this.#output.trim() === '' ? '' : `: ${this.#output.trim()}`;
    if (head !== undefined && !disposed && head.request.type === 'run') {
      const message = this.#isLate
        ? `The seed did not end within ${this.#options.seedDeadlineMs / 1000} s and its process was ended${said}`
        : `The process that ran the seed ended with ${how}${said}`;
      head.resolve({ type: 'outcome', outcome: lost(head.request.order, this.#isLate, message) });
    } else if (head !== undefined && !disposed && head.request.type === 'load') {
      const error = new ScenarioError(`Scenarios ${head.request.target.file} must load: ${how}${said}`);
      for (const pending of [head, ...this.#queue.splice(0)]) pending.reject(error);
    } else head?.reject(new WorkerLostError('Worker process has ended'));
    for (const pending of this.#queue.splice(0)) {
      pending.reject(new WorkerLostError('Worker process ended before it came to this'));
    }
  }
}

function lost({ options }: RunOrder, isLate: boolean, message: string): SeedOutcome {
  return {
    seed: options.seed,
    verdict: isLate ? 'hung' : 'died',
    error: { name: 'Error', message },
    traceHash: '',
    events: 0,
    simulatedMs: 0,
    probes: [],
    swarm: [],
  };
}
