import type { AcquireOptions, Hold, Lockable } from '../lock.ts';
import { deadlock } from '../lock-error.ts';
import { closedCircle } from '../local-circle.ts';
import type { OwnTask } from '../lock-task.ts';
import type { TaskFront } from '../task-front.ts';
import type { LocalGate } from './local-gate.ts';
import { type LocalClaim, LocalHold } from './local-hold.ts';

/** The three verbs at a gate. */
export class LocalLockable implements Lockable<LocalHold | LocalClaim> {
  readonly name: string;
  readonly partition: string;
  readonly #isShared: boolean;
  readonly #front: TaskFront;
  /** The gate of that name, as it is now. @throws QuorateError `CLOSED` */
  readonly #find: () => LocalGate;
  #gate: LocalGate | undefined;

  constructor(name: string, partition: string, isShared: boolean, front: TaskFront, find: () => LocalGate) {
    this.name = name;
    this.partition = partition;
    this.#isShared = isShared;
    this.#front = front;
    this.#find = find;
  }

  acquire(options?: AcquireOptions): Promise<LocalHold | LocalClaim> {
    const gate = this.#gate;
    if (options !== undefined || this.#front.isScoped || gate === undefined || gate.isDetached) {
      return this.#acquire(options ?? {});
    }
    const isShared = this.#isShared;
    if (gate.tryPass(isShared)) return Promise.resolve(new LocalHold(gate, isShared, gate.grants, undefined));
    return gate.wait(isShared, undefined, undefined).promise;
  }

  async tryAcquire(options: AcquireOptions = {}): Promise<LocalHold | LocalClaim | undefined> {
    const task = this.#front.taskOf(options);
    const gate = this.#present();
    const again = this.#again(task, gate);
    if (again !== undefined) return again;
    return gate.tryPass(this.#isShared) ? this.#hold(gate, gate.grants, task) : undefined;
  }

  async run<Result>(
    ...[first, second]:
      | [use: (held: LocalHold | LocalClaim) => Result | PromiseLike<Result>]
      | [options: AcquireOptions, use: (held: LocalHold | LocalClaim) => Result | PromiseLike<Result>]
  ): Promise<Result> {
    const [options, use] = typeof first === 'function' ? [undefined, first] : [first, second!];
    if (!this.#front.isScoped) return useHeld(await this.acquire(options), use);
    return this.#front.run(this.name, options ?? {}, async own => useHeld(await this.acquire(own), use));
  }

  async #acquire(options: AcquireOptions): Promise<LocalHold | LocalClaim> {
    const task = this.#front.taskOf(options);
    const gate = this.#present();
    const again = this.#again(task, gate);
    if (again !== undefined) return again;
    if (options.signal === undefined && options.deadlineMs === undefined && gate.tryPass(this.#isShared)) {
      return this.#hold(gate, gate.grants, task);
    }
    const waiter = gate.wait(this.#isShared, task, options);
    gate.wake();
    if (task === undefined || !waiter.isLinked) return waiter.promise;
    task.waits.add(waiter);
    const circle = closedCircle(waiter);
    if (circle !== undefined) waiter.fail(deadlock(this.name, circle));
    try {
      return await waiter.promise;
    } finally {
      task.waits.delete(waiter);
    }
  }

  #hold(gate: LocalGate, grant: number, task: OwnTask | undefined): LocalHold {
    return new LocalHold(gate, this.#isShared, grant, task);
  }

  #again(task: OwnTask | undefined, gate: LocalGate): LocalClaim | undefined {
    if (!this.#front.isReentrant || task === undefined) return undefined;
    for (const hold of task.holds) {
      const isSame = hold instanceof LocalHold && hold.place === gate && hold.isShared === this.#isShared;
      if (isSame) return hold.again();
    }
    return undefined;
  }

  #present(): LocalGate {
    if (this.#gate === undefined || this.#gate.isDetached) this.#gate = this.#find();
    return this.#gate;
  }
}

async function useHeld<Held extends Hold, Result>(
  held: Held,
  use: (held: Held) => Result | PromiseLike<Result>,
): Promise<Result> {
  try {
    return await use(held);
  } finally {
    await held.release();
  }
}
