import { type Clock, QuorateError, type WaitOptions, invariant, linkSignal } from '@quorate/core';
import type { Backend, Thread, WorkerOrder } from './backend.ts';
import { type CallOptions, Caller } from './caller.ts';
import { type Port, listen } from './port.ts';
import type { MemberId, Team } from './team.ts';
import { decodeThrown } from './wire-error.ts';
import type { Reply, Request } from './wire.ts';
import { type WorkerExit, describeExit } from './worker-exit.ts';

/** What {@link SpawnedWorker} is made of. */
export interface WorkerPlan {
  readonly url: URL;
  readonly name: string;
  readonly data: unknown;
  readonly transfer: readonly object[];
  readonly backend: Backend;
  readonly team: Team | undefined;
  readonly clock: Clock;
  readonly outstandingMax: number;
}

/** How long a worker may take to close before it is terminated. */
const closeDeadlineMs = 5_000;

/**
 * A worker seen from the thread that spawned it.
 *
 * Its end has two steps. As soon as it is known to be ending, outstanding calls are rejected. When the thread has really
 * stopped, its team is told and `exited` settles: only then may somebody else take what it held.
 */
export class SpawnedWorker {
  readonly name: string;
  readonly member: MemberId | undefined;
  /** Settles when the worker is up; rejects with `SPAWN_FAILED` when it ends first. */
  readonly ready: Promise<void>;
  readonly exited: Promise<WorkerExit>;
  readonly #plan: WorkerPlan;
  readonly #port: Port<Request, Reply>;
  readonly #caller: Caller;
  readonly #thread: Thread | undefined;
  readonly #settleReady: Settle<void>;
  readonly #settleExited: Settle<WorkerExit>;
  #exit: WorkerExit | undefined;
  #closing = false;

  constructor(plan: WorkerPlan) {
    const { backend, team } = plan;
    this.#plan = plan;
    this.name = plan.name;
    [this.ready, this.#settleReady] = deferred<void>();
    [this.exited, this.#settleExited] = deferred<WorkerExit>();
    const [local, remote] = backend.channel();
    this.#port = local;
    try {
      this.#caller = new Caller(local, plan);
      this.member = team?.join();
    } catch (thrown) {
      local.close(); // An open channel is not collected.
      throw thrown;
    }
    listen(local, reply => this.#receive(reply), {
      onUnreadable: () => this.#end('threw', 1, new TypeError('An answer of the worker cannot be read here')),
    });
    try {
      this.#thread = backend.start({
        order: this.#order(remote),
        transfer: plan.transfer,
        local,
        events: { onError: thrown => this.#end('threw', 1, thrown), onExit: code => this.#finish(code) },
      });
    } catch (thrown) {
      this.#end('threw', 1, thrown);
      this.#finish(1);
      if (!(thrown instanceof Error) || thrown.name !== 'DataCloneError') return;
      throw new TypeError(`Start data of "${this.name}" cannot be sent: ${thrown.message}`, {
        cause: thrown,
      });
    }
  }

  get outstandingCount(): number {
    return this.#caller.outstandingCount;
  }

  call(method: string, input?: unknown, options?: CallOptions): Promise<unknown> {
    return this.#caller.call(method, input, options);
  }

  async close({ signal, deadlineMs = closeDeadlineMs }: WaitOptions = {}): Promise<WorkerExit> {
    using limit = linkSignal(this.#plan.clock, { signal, deadlineMs });
    if (this.#exit !== undefined) return this.exited;
    if (limit.signal.aborted) return this.terminate();
    limit.signal.addEventListener('abort', () => void this.terminate(), { once: true });
    if (!this.#closing) {
      this.#closing = true;
      this.#caller.refuse({ message: `Worker "${this.name}" is closing`, cause: undefined });
      this.#port.postMessage({ kind: 'close' });
    }
    return await this.exited;
  }

  terminate(): Promise<WorkerExit> {
    this.#end('terminated', 1);
    return this.exited;
  }

  ref(): void {
    this.#port.ref?.();
    this.#thread?.ref();
  }

  unref(): void {
    this.#port.unref?.();
    this.#thread?.unref();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #order(port: Port<Reply, Request>): WorkerOrder {
    const { url, name, data, team } = this.#plan;
    const membership =
      team && this.member !== undefined ? { buffer: team.buffer, member: this.member } : undefined;
    return { url: url.href, name, data, port, team: membership };
  }

  #receive(reply: Reply): void {
    switch (reply.kind) {
      case 'result':
      case 'failure':
        this.#caller.receive(reply);
        break;
      case 'ready':
        this.#settleReady.resolve();
        break;
      case 'broken':
        this.#end('threw', 1, decodeThrown(reply.thrown));
        break;
      case 'closed':
        this.#end('closed', 0);
        break;
      case 'left':
        this.#end('exited', reply.code);
        break;
    }
  }

  /** The worker is ending, or has to: whoever waits for an answer learns it now. The first reason stands. */
  #end(reason: WorkerExit['reason'], code: number, cause?: unknown): void {
    if (this.#exit !== undefined) return;
    this.#exit = { name: this.name, reason, code, cause };
    const message = describeExit(this.#exit);
    this.#caller.lose({ message, cause });
    this.#settleReady.reject(
      new QuorateError('SPAWN_FAILED', `${message} before it was ready${because(cause)}`, {
        outcome: 'not-applied',
        cause,
      }),
    );
    this.#thread?.terminate();
  }

  /** The thread has stopped: whoever waits for what it held learns it now. */
  #finish(code: number): void {
    this.#end('exited', code); // Unless the end has a reason already: a thread that stops without a word has left.
    invariant(this.#exit !== undefined, 'a worker that stopped has a reason');
    if (this.member !== undefined) this.#plan.team?.leave(this.member);
    this.#port.close();
    this.#settleExited.resolve(this.#exit);
  }
}

interface Settle<T> {
  resolve(value: T): void;
  reject(reason: unknown): void;
}

function deferred<T>(): [Promise<T>, Settle<T>] {
  let settle: Settle<T> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  promise.catch(() => {}); // Nobody may be waiting any more; the failure is told through `exited` as well.
  invariant(settle !== undefined, 'a promise runs its executor at once');
  return [promise, settle];
}

function because(cause: unknown): string {
  return cause instanceof Error ? `: ${cause.message}` : '';
}
