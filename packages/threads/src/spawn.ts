import { type Clock, type WaitOptions, linkSignal, systemClock } from '@quorate/core';
import { abortable } from './abortable.ts';
import type { Backend } from './backend.ts';
import type { Callable } from './caller.ts';
import type { AnyService, DataOf, MethodsOf, Service } from './service.ts';
import { SpawnedWorker } from './spawned-worker.ts';
import type { MemberId, Team } from './team.ts';
import { threads } from './threads.ts';
import type { WorkerExit } from './worker-exit.ts';

/** A running worker. */
export interface WorkerHandle<S extends AnyService = AnyService>
  extends Callable<MethodsOf<S>>,
    AsyncDisposable {
  readonly name: string;
  /** Who the worker is in the team that it was spawned into. */
  readonly member: MemberId | undefined;
  /** Settles when the thread has really stopped. Never rejects. */
  readonly exited: Promise<WorkerExit>;

  /**
   * Asks the worker to finish what it runs, clean up and leave; terminates it when the deadline (default 5,000 ms) or the
   * signal says so. Calls made from now on are refused. Disposing does the same.
   */
  close(options?: WaitOptions): Promise<WorkerExit>;

  /**
   * Stops the worker, even in an endless loop. Outstanding calls are rejected at once. An inline worker's code cannot be
   * interrupted: it falls silent instead.
   */
  terminate(): Promise<WorkerExit>;

  /** Keeps the Node process alive while the worker lives, which is the default. */
  ref(): void;
  /** Lets the Node process end while the worker lives, outstanding calls or not. */
  unref(): void;
}

/** How a worker is started. */
export type SpawnOptions<Data = unknown> = BaseOptions &
  (undefined extends Data ? { readonly data?: Data | undefined } : { readonly data: Data });

interface BaseOptions extends WaitOptions {
  /** For people and messages. Default: the last part of the URL and a number. */
  readonly name?: string | undefined;
  /** What is moved with the start data rather than copied, ports included. */
  readonly transfer?: readonly object[] | undefined;
  /** Where the worker runs. Default {@link threads}: a thread of its own. */
  readonly backend?: Backend | undefined;
  /** The team that the worker joins, so that others learn of its end. */
  readonly team?: Team | undefined;
  /** Calls beyond this many unanswered ones are refused. Default 4,096. */
  readonly outstandingMax?: number | undefined;
  /** What deadlines are measured on. Default `systemClock`. */
  readonly clock?: Clock | undefined;
}

/** A service whose type nobody told: any method, any value. */
type UntypedService = Service<Readonly<Record<string, (input: unknown) => unknown>>, unknown>;

const spawnDeadlineMs = 30_000;
const outstandingMaxDefault = 4_096;
let spawned = 0;

/**
 * Starts a worker from a module that exports the result of {@link serve}, and settles when it is ready for calls.
 *
 * Give the type of that export as type argument: `spawn<typeof api>(new URL('./worker.ts', import.meta.url))`. The module is
 * loaded in the worker by `import()`: TypeScript source works wherever the platform runs it. The deadline's default is
 * 30,000 ms, so that a module that never finishes loading is an error too.
 *
 * @throws TypeError when the URL is none, or the start data cannot be cloned
 * @throws QuorateError `SPAWN_FAILED` when the worker ends before it is ready: not found, syntax error, top-level throw, exit;
 *   the error underneath is the `cause`. `ABORTED`, `DEADLINE_EXCEEDED`: the worker is terminated. Always `not-applied`
 */
export async function spawn<S extends AnyService = UntypedService>(
  url: URL | string,
  ...[options = {} as SpawnOptions<DataOf<S>>]: undefined extends DataOf<S>
    ? [options?: SpawnOptions<DataOf<S>>]
    : [options: SpawnOptions<DataOf<S>>]
): Promise<WorkerHandle<S>> {
  const base: BaseOptions & { readonly data?: unknown } = options;
  const { clock = systemClock, signal, deadlineMs = spawnDeadlineMs } = base;
  using limit = linkSignal(clock, { signal, deadlineMs, outcome: 'not-applied' });
  limit.throwIfAborted();
  const absolute = parseUrl(url);
  const worker = new SpawnedWorker({
    url: absolute,
    name: base.name ?? defaultName(absolute),
    data: base.data,
    transfer: base.transfer ?? [],
    backend: base.backend ?? threads(),
    team: base.team,
    clock,
    outstandingMax: base.outstandingMax ?? outstandingMaxDefault,
  });
  try {
    await abortable(worker.ready, limit.signal);
  } catch (thrown) {
    void worker.terminate();
    throw thrown;
  }
  return worker as SpawnedWorker & WorkerHandle<S>;
}

function parseUrl(url: URL | string): URL {
  try {
    return new URL(url);
  } catch (cause) {
    throw new TypeError(`URL of a worker module must be absolute: received ${JSON.stringify(url)}`, {
      cause,
    });
  }
}

/** The end of the module's path tells workers apart best; a data URL's is the whole program. */
function defaultName({ protocol, pathname }: URL): string {
  const base = protocol === 'data:' ? 'worker' : pathname.split('/').at(-1);
  return `${base}-${++spawned}`;
}
