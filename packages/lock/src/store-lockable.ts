import type { HeldClaim } from './held-lock.ts';
import { HoldCore } from './hold-core.ts';
import type { AcquireOptions, Hold, Lockable } from './lock.ts';
import { lockLost } from './lock-error.ts';
import type { OwnTask } from './lock-task.ts';
import type { Station } from './station.ts';
import type { TaskFront } from './task-front.ts';

/** The station for a time to live. @throws RangeError; QuorateError `UNSUPPORTED`, `CLOSED` */
export type StationFor = (options: AcquireOptions) => Station;

/** The three verbs over a station. */
export class StoreLockable<Held extends Hold & HeldClaim> implements Lockable<Held> {
  readonly name: string;
  readonly partition: string;
  readonly #front: TaskFront;
  readonly #station: StationFor;
  readonly #claim: (core: HoldCore) => Held;

  constructor(
    name: string,
    partition: string,
    front: TaskFront,
    station: StationFor,
    claim: (core: HoldCore) => Held,
  ) {
    this.name = name;
    this.partition = partition;
    this.#front = front;
    this.#station = station;
    this.#claim = claim;
  }

  acquire(options: AcquireOptions = {}): Promise<Held> {
    try {
      const task = this.#front.taskOf(options);
      const station = this.#station(options);
      const again = this.#again(task, station);
      return again === undefined ? station.acquire(options, task, this.#claim) : Promise.resolve(again);
    } catch (thrown) {
      return Promise.reject(thrown);
    }
  }

  async tryAcquire(options: AcquireOptions = {}): Promise<Held | undefined> {
    const task = this.#front.taskOf(options);
    const station = this.#station(options);
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
    return this.#front.run(this.name, options, own => runWith(this, own, use));
  }

  /** What the task holds already, once more. */
  #again(task: OwnTask | undefined, station: Station): Held | undefined {
    if (!this.#front.isReentrant || task === undefined) return undefined;
    for (const core of task.holds) {
      if (!(core instanceof HoldCore) || core.place !== station || core.isLost) continue;
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
