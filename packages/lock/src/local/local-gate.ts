import { type Clock, type LinkedSignal, linkSignal, type WaitOptions } from '@quorate/core';
import { LinkedList, type Linked } from '../linked-list.ts';
import type { OwnTask, TaskWait, WaitPlace } from '../lock-task.ts';
import { LocalHold } from './local-hold.ts';

/**
 * Who may pass, in one process: alone, or up to so many at once, in the order of their coming. A free gate is passed without a
 * promise, a list or a clock; everything is constant time, giving up in the middle of the line too.
 */
export class LocalGate implements WaitPlace {
  readonly name: string;
  readonly text: string;
  readonly need: number;
  readonly clock: Clock;
  /** Its manager has forgotten it, since nobody used it. */
  isDetached = false;
  /** Grants so far: what fences are made of. */
  grants: number;
  readonly #sharedMax: number;
  /** Those of them that belong to a task. */
  #holds: Set<LocalHold> | undefined;
  #active = 0;
  #isExclusive = false;
  #exclusiveWaiting = 0;
  readonly #waiters = new LinkedList<LocalWaiter>();
  /** A reader that waits for the others to go. */
  #upgrader: LocalWaiter | undefined;
  /** What it reads by, until it lets go of that. */
  #upgrading: LocalHold | undefined;

  constructor(clock: Clock, name: string, text: string, sharedMax: number, grants: number) {
    this.clock = clock;
    this.name = name;
    this.text = text;
    this.need = Number.isFinite(sharedMax) ? sharedMax : 1;
    this.#sharedMax = sharedMax;
    this.grants = grants;
  }

  get isIdle(): boolean {
    return this.#active === 0 && this.#waiters.size === 0;
  }

  *blockers(): Iterable<OwnTask> {
    for (const { task } of this.#holds ?? []) if (task !== undefined) yield task;
  }

  /** Passes where it is free and nobody waits. */
  tryPass(isShared: boolean): boolean {
    if (this.#waiters.size > 0 || !this.#fits(isShared)) return false;
    this.#pass(isShared);
    return true;
  }

  /** Stands at the end of the line; {@link wake} follows. */
  wait(isShared: boolean, task: OwnTask | undefined, options: WaitOptions | undefined): LocalWaiter {
    const waiter = new LocalWaiter(this, isShared, task);
    if (options !== undefined) waiter.limit(options);
    this.#waiters.push(waiter);
    if (!isShared) this.#exclusiveWaiting++;
    return waiter;
  }

  /** Waits until nobody else passes; undefined where somebody who wants to be alone was first. */
  waitAlone(reader: LocalHold, options: WaitOptions): LocalWaiter | undefined {
    if (this.#upgrader !== undefined || this.#exclusiveWaiting > 0) return undefined;
    const waiter = new LocalWaiter(this, false, reader.task);
    waiter.limit(options);
    this.#upgrader = waiter;
    this.#upgrading = reader;
    this.#next();
    return waiter;
  }

  /** Lets those pass whose turn it is. */
  wake(): void {
    this.#next();
  }

  note(hold: LocalHold): void {
    this.#holds ??= new Set();
    this.#holds.add(hold);
  }

  leave(hold: LocalHold): void {
    this.#holds?.delete(hold);
    this.#active--;
    if (this.#upgrading === hold) this.#upgrading = undefined;
    if (!hold.isShared) this.#isExclusive = false;
    if (this.#upgrader !== undefined || this.#waiters.size > 0) this.#next();
  }

  /** A waiter has given up. */
  onGone(waiter: LocalWaiter): void {
    if (this.#upgrader === waiter) {
      this.#upgrader = undefined;
      this.#upgrading = undefined;
    } else if (this.#waiters.remove(waiter) && !waiter.isShared) this.#exclusiveWaiting--;
    this.#next();
  }

  failAll(reason: unknown): void {
    this.#upgrader?.fail(reason);
    for (let waiter = this.#waiters.first; waiter !== undefined; waiter = this.#waiters.first)
      waiter.fail(reason);
  }

  #fits(isShared: boolean): boolean {
    if (!isShared) return this.#active === 0;
    return !this.#isExclusive && this.#upgrader === undefined && this.#active < this.#sharedMax;
  }

  #pass(isShared: boolean): void {
    this.#active++;
    this.#isExclusive ||= !isShared;
    this.grants++;
  }

  #next(): void {
    const upgrader = this.#upgrader;
    const others = this.#active - (this.#upgrading === undefined ? 0 : 1);
    if (upgrader !== undefined && others === 0 && !this.#isExclusive) {
      this.#upgrading = undefined;
      this.#upgrader = undefined;
      this.#pass(false);
      upgrader.grant();
    }
    for (let first = this.#waiters.first; first !== undefined; first = this.#waiters.first) {
      if (!this.#fits(first.isShared)) return;
      this.#waiters.remove(first);
      if (!first.isShared) this.#exclusiveWaiting--;
      this.#pass(first.isShared);
      first.grant();
    }
  }
}

/** Somebody who waits at a gate. */
export class LocalWaiter implements Linked<LocalWaiter>, TaskWait {
  previous: LocalWaiter | undefined = undefined;
  next: LocalWaiter | undefined = undefined;
  isLinked = false;
  onEnd: (() => void) | undefined = undefined;
  readonly place: LocalGate;
  readonly isShared: boolean;
  readonly task: OwnTask | undefined;
  readonly promise: Promise<LocalHold>;
  private resolve!: (hold: LocalHold) => void;
  private reject!: (reason: unknown) => void;
  private limited: LinkedSignal | undefined = undefined;

  constructor(place: LocalGate, isShared: boolean, task: OwnTask | undefined) {
    this.place = place;
    this.isShared = isShared;
    this.task = task;
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  /** @throws QuorateError where the wait is over before it began; RangeError */
  limit({ signal, deadlineMs }: WaitOptions): void {
    if (signal === undefined && deadlineMs === undefined) return;
    const limited = linkSignal(this.place.clock, { signal, deadlineMs, outcome: 'not-applied' });
    limited.throwIfAborted();
    this.limited = limited;
    limited.signal.addEventListener('abort', () => this.fail(limited.signal.reason), { once: true });
  }

  grant(): void {
    this.limited?.[Symbol.dispose]();
    this.resolve(new LocalHold(this.place, this.isShared, this.place.grants, this.task));
  }

  fail(reason: unknown): void {
    this.limited?.[Symbol.dispose]();
    this.reject(reason);
    this.place.onGone(this);
  }
}
