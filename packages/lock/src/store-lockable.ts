import type { HeldClaim } from './held-lock.ts';
import type { HoldCore } from './hold-core.ts';
import type { AcquireOptions, Hold, Lockable } from './lock.ts';
import { lockLost } from './lock-error.ts';
import type { LockTask, OwnTask } from './lock-task.ts';
import type { Station } from './station.ts';

/** What a lock needs of its manager. */
export interface LockableContext {
  /** The station for a time to live; checks the purpose. @throws RangeError, QuorateError `UNSUPPORTED`, `CLOSED` */
  station(options: AcquireOptions): Station;
  taskOf(options: AcquireOptions): OwnTask | undefined;
  /** A task for what runs in `run`, where tasks are kept. */
  inTask<Result>(task: OwnTask | undefined, name: string, run: (task: LockTask | undefined) => Result): Result;
  readonly reentrant: boolean;
}

/** The three verbs over a station. */
export class StoreLockable<Held extends Hold & HeldClaim> implements Lockable<Held> {
  readonly name: string;
  readonly partition: string;
  readonly #context: LockableContext;
  readonly #claim: (core: HoldCore) => Held;

  constructor(name: string, partition: string, context: LockableContext, claim: (core: HoldCore) => Held) {
    this.name = name;
    this.partition = partition;
    this.#context = context;
    this.#claim = claim;
  }

  async acquire(options: AcquireOptions = {}): Promise<Held> {
    const task = this.#context.taskOf(options);
    const station = this.#context.station(options);
    return this.#again(task, station) ?? this.#claim(await station.acquire(options, task));
  }

  async tryAcquire(options: AcquireOptions = {}): Promise<Held | undefined> {
    const task = this.#context.taskOf(options);
    const station = this.#context.station(options);
    const again = this.#again(task, station);
    if (again !== undefined) return again;
    const core = await station.tryAcquire(options, task);
    return core && this.#claim(core);
  }

  async run<Result>(
    ...[first, second]:
      | [use: (held: Held) => Result | PromiseLike<Result>]
      | [options: AcquireOptions, use: (held: Held) => Result | PromiseLike<Result>]
  ): Promise<Result> {
    const [options, use] = typeof first === 'function' ? [{}, first] : [first, second!];
    return this.#context.inTask(this.#context.taskOf(options), this.name, task =>
      runWith(this, task === undefined ? options : { ...options, task }, use),
    );
  }

  /** What the task holds already, once more. */
  #again(task: OwnTask | undefined, station: Station): Held | undefined {
    if (!this.#context.reentrant || task === undefined) return undefined;
    for (const core of task.holds) {
      if (core.slot.station !== station || core.isLost) continue;
      core.claim();
      return this.#claim(core);
    }
    return undefined;
  }
}

/** Acquires, uses, releases; and says so where the lock was lost meanwhile. */
export async function runWith<Held extends Hold, Result>(
  lockable: Pick<Lockable<Held>, 'acquire'>,
  options: AcquireOptions,
  use: (held: Held) => Result | PromiseLike<Result>,
): Promise<Result> {
  await using held = await lockable.acquire(options);
  const { signal } = held;
  // Asked before it is released: nobody may take a result for good that was made without the lock.
  const checkLost = (cause: unknown): void => {
    // Reading the time left finds out what no timer could tell yet.
    if (held.remainingMs() === 0 && signal.aborted) throw lockLost(held.name, cause);
  };
  let result: Result;
  try {
    result = await use(held);
  } catch (thrown) {
    checkLost(thrown);
    throw thrown;
  }
  checkLost(signal.reason);
  return result;
}
