import { type Clock, linkSignal } from '@quorate/core';
import type { AcquireOptions, Hold, Holds, Lockable } from './lock.ts';
import { runWith } from './store-lockable.ts';
import type { TaskFront } from './task-front.ts';

/** Several locks, all or none. */
export type AllLocks = Lockable<Holds>;

/**
 * Several locks at once. They are acquired one after the other in the order of their keys, which is the same for everybody, so that
 * two who want the same ones never wait for each other.
 *
 * @throws TypeError, RangeError where one is not of these locks, or stands there twice
 */
export function acquireAll(wanted: readonly Lockable<Hold>[], clock: Clock, front: TaskFront): AllLocks {
  if (wanted.length === 0) throw new RangeError('Locks to be held together must be at least one');
  const keys = wanted.map(lockable => {
    if (isPlaced(lockable)) return lockable.partition;
    throw new TypeError(
      `Lock "${lockable?.name}" must be a mutex, read, write lock or semaphore of these locks`,
    );
  });
  const order = wanted.map((_, index) => index).sort((one, other) => (keys[one]! < keys[other]! ? -1 : 1));
  for (const [place, index] of order.entries()) {
    if (place === 0 || keys[index] !== keys[order[place - 1]!]) continue;
    throw new RangeError(
      `Locks to be held together must be different: received "${wanted[index]?.name}" twice`,
    );
  }
  return new TogetherLockable(wanted, order, clock, front);
}

class TogetherLockable implements AllLocks {
  readonly name: string;
  readonly #wanted: readonly Lockable<Hold>[];
  readonly #order: readonly number[];
  readonly #clock: Clock;
  readonly #front: TaskFront;

  constructor(wanted: readonly Lockable<Hold>[], order: readonly number[], clock: Clock, front: TaskFront) {
    this.name = wanted.map(({ name }) => name).join(', ');
    this.#wanted = wanted;
    this.#order = order;
    this.#clock = clock;
    this.#front = front;
  }

  async acquire(options: AcquireOptions = {}): Promise<Holds> {
    return (await this.#acquire(options, (lockable, limits) => lockable.acquire(limits)))!;
  }

  tryAcquire(options: AcquireOptions = {}): Promise<Holds | undefined> {
    return this.#acquire(options, (lockable, limits) => lockable.tryAcquire(limits));
  }

  run<Result>(
    ...[first, second]:
      | [use: (held: Holds) => Result | PromiseLike<Result>]
      | [options: AcquireOptions, use: (held: Holds) => Result | PromiseLike<Result>]
  ): Promise<Result> {
    const [options, use] = typeof first === 'function' ? [{}, first] : [first, second!];
    return this.#front.run(this.name, options, own => runWith(this, own, use));
  }

  async #acquire(
    options: AcquireOptions,
    take: (lockable: Lockable<Hold>, limits: AcquireOptions) => Promise<Hold | undefined>,
  ): Promise<Holds | undefined> {
    using limit = linkSignal(this.#clock, { ...options, outcome: 'not-applied' });
    for (;;) {
      const held = new Map<number, Hold>();
      const letGo = (): Promise<unknown> =>
        Promise.all([...held.values()].map(hold => hold[Symbol.asyncDispose]()));
      try {
        for (const index of this.#order) {
          limit.throwIfAborted();
          const limits = { ...options, deadlineMs: limit.remainingMs() };
          const hold = await take(this.#wanted[index]!, limits);
          if (hold === undefined) {
            await letGo();
            return undefined;
          }
          held.set(index, hold);
        }
      } catch (thrown) {
        await letGo();
        throw thrown;
      }
      const holds = this.#wanted.map((_, index) => held.get(index)!);
      // While it waited for the last one, the first may have been lost.
      if (holds.every(hold => hold.remainingMs() > 0)) return new HeldTogether(this.name, holds);
      await letGo();
    }
  }
}

class HeldTogether implements Holds {
  readonly name: string;
  readonly holds: readonly Hold[];
  #signal: AbortSignal | undefined;

  constructor(name: string, holds: readonly Hold[]) {
    this.name = name;
    this.holds = holds;
  }

  get signal(): AbortSignal {
    if (this.#signal !== undefined) return this.#signal;
    const controller = new AbortController();
    for (const { signal } of this.holds) {
      const onLost = (): void => controller.abort(signal.reason);
      if (signal.aborted) onLost();
      else signal.addEventListener('abort', onLost, { once: true });
    }
    this.#signal = controller.signal;
    return this.#signal;
  }

  remainingMs(): number {
    return Math.min(...this.holds.map(hold => hold.remainingMs()));
  }

  assertHeld(): void {
    for (const hold of this.holds) hold.assertHeld();
  }

  async release(): Promise<void> {
    const settled = await Promise.allSettled(this.holds.map(hold => hold.release()));
    for (const result of settled) if (result.status === 'rejected') throw result.reason;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.holds.map(hold => hold[Symbol.asyncDispose]()));
  }
}

/** Whether it is one of this package, which know their places in the order. */
function isPlaced(lockable: Lockable<Hold>): lockable is Lockable<Hold> & { readonly partition: string } {
  return typeof (lockable as { partition?: unknown } | undefined)?.partition === 'string';
}
