import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { StoreAddress } from '../engines.ts';

/** What a contender is told to do. */
export type Order = { readonly id: number } & (
  | { readonly do: 'acquire'; readonly name: string; readonly deadlineMs?: number }
  | { readonly do: 'release'; readonly name: string }
  | { readonly do: 'stallThenWrite'; readonly name: string }
  | { readonly do: 'count'; readonly name: string; readonly times: number; readonly file: string }
  | { readonly do: 'check'; readonly name: string }
  | { readonly do: 'jump'; readonly byMs: number }
  | { readonly do: 'close' }
);

/** What it answers. */
export interface Answer {
  readonly fence?: string;
  readonly fences?: readonly string[];
  readonly isLost?: boolean;
  readonly remainingMs?: number;
}

/** What a contender says. */
export type Report =
  | { readonly told: 'ready' }
  | { readonly told: 'answer'; readonly id: number; readonly answer: Answer }
  | {
      readonly told: 'failure';
      readonly id: number;
      readonly code: string | undefined;
      readonly message: string;
    }
  | {
      readonly told: 'lost';
      readonly name: string;
      readonly remainingMs: number;
      readonly code: string | undefined;
    }
  | { readonly told: 'write'; readonly name: string; readonly fence: string };

type OrderWithoutId = Order extends infer Each ? (Each extends Order ? Omit<Each, 'id'> : never) : never;

/** A process of its own that contends for locks; killed where it still runs when it is disposed of. */
export class ContenderProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<
    number,
    { readonly resolve: (answer: Answer) => void; readonly reject: (error: Error) => void }
  >();
  readonly reports: Report[] = [];
  readonly #listeners = new Set<() => void>();
  #orders = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', report => this.#hear(report as Report));
    child.once('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('The contender ended'));
      this.#waiting.clear();
    });
  }

  static async start(address: StoreAddress, ttlMs: number): Promise<ContenderProcess> {
    const program = fileURLToPath(new URL('contender.ts', import.meta.url));
    const child = fork(program, [JSON.stringify(address), `${ttlMs}`], { stdio: 'inherit' });
    const contender = new ContenderProcess(child);
    await contender.until(() => contender.reports.some(({ told }) => told === 'ready'));
    return contender;
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** Has it do something. @throws Error with the `code` of what it threw */
  tell(order: OrderWithoutId): Promise<Answer> {
    const id = ++this.#orders;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ ...order, id });
    });
  }

  /** Settles once it has said what makes this true. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      await new Promise<void>((resolve, reject) => {
        const end = (): void => {
          this.#listeners.delete(end);
          this.#child.off('exit', failed);
          resolve();
        };
        const failed = (): void =>
          reject(new Error('The contender ended before it said what was waited for'));
        this.#listeners.add(end);
        this.#child.once('exit', failed);
      });
    }
  }

  /** Settles with how it has ended, by itself. */
  async ended(): Promise<number | NodeJS.Signals | null> {
    const [code, signal] = (await once(this.#child, 'exit')) as [number | null, NodeJS.Signals | null];
    return code ?? signal;
  }

  /** Settles once the kernel has stopped it. */
  async untilStopped(): Promise<void> {
    // The state stands behind the name, which is in brackets.
    while (!/\) T /.test(readFileSync(`/proc/${this.pid}/stat`, 'utf8'))) {
      await new Promise(resolve => setImmediate(resolve));
    }
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  goOn(): void {
    this.#child.kill('SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  #hear(report: Report): void {
    this.reports.push(report);
    if (report.told === 'answer') this.#waiting.get(report.id)?.resolve(report.answer);
    if (report.told === 'failure') {
      const error = Object.assign(new Error(report.message), { code: report.code });
      this.#waiting.get(report.id)?.reject(error);
    }
    for (const listener of this.#listeners) listener();
  }
}
