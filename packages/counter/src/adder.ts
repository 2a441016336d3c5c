import { type Clock, linkSignal, type WaitOptions } from '@quorate/core';
import { AddBatch } from './add-batch.ts';
import { addUnknown, counterBusy, countersClosed } from './counter-error.ts';
import type { Added } from './counter.ts';
import { checkDelta, type Delta, plus } from './int64.ts';
import type { NumberWriter } from './number-writer.ts';
import type { Pauses } from './pauses.ts';
import { PendingAdd } from './pending-add.ts';
import { PostLedger } from './post-ledger.ts';

/** What an adder stands on. */
export interface AdderContext {
  readonly name: string;
  readonly clock: Clock;
  readonly writer: NumberWriter;
  readonly pauses: Pauses;
  /** The most additions that may wait. */
  readonly pendingMax: number;
  /** Aborts when the manager is closed. */
  readonly closing: AbortSignal;
  /** Told when work begins and ends, so that one adder works for a counter at a time. */
  readonly onBusy: () => void;
  readonly onIdle: () => void;
}

/**
 * All additions of one process to one number. One goes to the store at a time, and everything that comes meanwhile, or in the
 * same turn, is the next: a store remembers one operation of a session, and a thousand additions cost one round trip.
 */
export class Adder {
  readonly #context: AdderContext;
  #queue: PendingAdd[] = [];
  /** How many of those in the queue were given up. */
  #goneCount = 0;
  /** How many are under way. */
  #sentCount = 0;
  #isBusy = false;
  /** What was posted and has not left yet. */
  #posted: PendingAdd | undefined;
  readonly #ledger: PostLedger;

  constructor(context: AdderContext) {
    this.#context = context;
    this.#ledger = new PostLedger(context.name, context.clock);
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Whether posts were lost and nobody has been told. */
  get hasLosses(): boolean {
    return this.#ledger.hasLosses;
  }

  add(delta: Delta, options?: WaitOptions): Promise<Added> {
    return new Promise((resolve, reject) => {
      checkDelta(delta);
      const pending = new PendingAdd(delta, resolve, reject);
      if (options?.signal !== undefined || options?.deadlineMs !== undefined) this.#link(pending, options);
      if (pending.isSettled) return;
      const refusal = this.#push(pending);
      if (refusal !== undefined) pending.fail(refusal);
    });
  }

  post(delta: Delta): void {
    const posted = this.#posted;
    if (posted !== undefined && typeof delta === 'number' && typeof posted.delta === 'number') {
      const sum = posted.delta + delta;
      if (Number.isSafeInteger(sum) && Number.isSafeInteger(delta)) {
        posted.delta = sum;
        return;
      }
    }
    this.#post(delta);
  }

  flush(options?: WaitOptions): Promise<void> {
    return this.#ledger.flush(options);
  }

  #post(given: Delta): void {
    checkDelta(given);
    // As a number where that is exact: numbers are added up, one behind the other.
    const delta = typeof given === 'bigint' && BigInt.asIntN(53, given) === given ? Number(given) : given;
    if (this.#posted !== undefined) {
      const sum = plus(this.#posted.delta, delta);
      if (typeof sum === 'number') {
        this.#posted.delta = sum;
        return;
      }
    }
    const group = this.#ledger.open();
    const pending = new PendingAdd(delta, group.succeed, reason => group.fail(pending.delta, reason));
    const refusal = this.#push(pending);
    if (refusal !== undefined) {
      group.succeed();
      throw refusal;
    }
    this.#posted = pending;
  }

  #link(pending: PendingAdd, options: WaitOptions): void {
    const linked = linkSignal(this.#context.clock, { ...options, outcome: 'not-applied' });
    pending.link(linked, this.#context.name, () => {
      this.#goneCount++;
      if (this.#goneCount > 32 && this.#goneCount > this.#queue.length / 2) this.#forgetGone();
    });
  }

  /** @returns why not, where it does not wait in line now */
  #push(pending: PendingAdd): Error | undefined {
    const { closing, name, pendingMax } = this.#context;
    if (closing.aborted) return countersClosed(name);
    if (this.#queue.length + this.#sentCount >= pendingMax) {
      this.#forgetGone();
      if (this.#queue.length + this.#sentCount >= pendingMax) return counterBusy(name, pendingMax);
    }
    this.#queue.push(pending);
    if (this.#isBusy) return undefined;
    this.#isBusy = true;
    this.#context.onBusy();
    // What is added in the same turn goes with it.
    queueMicrotask(() => void this.#run());
    return undefined;
  }

  #forgetGone(): void {
    this.#queue = this.#queue.filter(({ isSettled }) => !isSettled);
    this.#goneCount = 0;
  }

  async #run(): Promise<void> {
    const { pauses, closing } = this.#context;
    while (this.#queue.length > 0) {
      const batch = this.#take();
      if (batch.adds.length === 0) continue;
      this.#sentCount = batch.adds.length;
      const again = await this.#send(batch);
      this.#sentCount = 0;
      if (again === undefined) {
        pauses.reset();
        continue;
      }
      if (closing.aborted) {
        batch.fail(() => countersClosed(this.#context.name));
        continue;
      }
      this.#queue = [...again.filter(({ isSettled }) => !isSettled), ...this.#queue];
      await pauses.rest(closing);
    }
    this.#isBusy = false;
    this.#context.onIdle();
  }

  #take(): AddBatch {
    if (this.#goneCount > 0) this.#forgetGone();
    const adds = this.#queue;
    this.#queue = [];
    this.#posted = undefined;
    for (const add of adds) add.isSent = true;
    return new AddBatch(adds);
  }

  /** Sends a batch, in parts where it must be. @returns what certainly had no effect and should go again */
  async #send(batch: AddBatch): Promise<readonly PendingAdd[] | undefined> {
    const { name, writer } = this.#context;
    if (batch.fits) {
      const outcome = await writer.write(BigInt(batch.total));
      switch (outcome.type) {
        case 'applied':
          batch.succeed(outcome.value);
          return undefined;
        case 'unknown':
          batch.fail(({ delta }) => addUnknown(name, delta, outcome.cause));
          return undefined;
        case 'failed':
          batch.fail(() => outcome.error);
          return undefined;
        case 'again':
          for (const add of batch.adds) add.isSent = false;
          return batch.adds;
        case 'refused':
          if (batch.adds.length > 1) break;
          batch.fail(() => outcome.error);
          return undefined;
      }
    }
    // One that does not fit harms none of the others: halves are tried apart.
    const again: PendingAdd[] = [];
    for (const half of batch.halves()) again.push(...((await this.#send(half)) ?? []));
    return again.length === 0 ? undefined : again;
  }
}
