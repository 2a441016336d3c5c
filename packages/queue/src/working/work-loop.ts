import { boundedWait, errorCode, type LeasedMessage, pageMax, type WaitOptions } from '@quorate/core';
import { isWrongCall } from '../batch/wrong-call.ts';
import { NeighbourWatch } from '../neighbours/neighbour-watch.ts';
import { endConflict, leaseLost, workEnded } from '../queue-error.ts';
import type { Ending } from './ending.ts';
import { earlyEnding, endingOfError, givenBack } from './ending-policy.ts';
import { HeldMessage } from './held-message.ts';
import { LaneChoice } from './lane-choice.ts';
import { LeaseCall } from './lease-call.ts';
import { LeaseTimes } from './lease-times.ts';
import { PauseWatch } from './pause-record.ts';
import { type Ended, Settler } from './settler.ts';
import { Starter } from './starter.ts';
import { TroubleRest } from './trouble-rest.ts';
import type { Work } from './work.ts';
import { type CheckedWork, checkWork, type WorkOptions } from './work-options.ts';
import { WorkTeller } from './work-teller.ts';

/**
 * Begins to work on a queue: leases its messages ahead of need, starts the handler on them, extends their leases and settles them, all
 * of it in batches.
 *
 * @throws TypeError, RangeError on bad options
 * @throws QuorateError `CLOSED`
 */
export function startWork(options: WorkOptions): Work {
  return new WorkLoop(checkWork(options));
}

class WorkLoop implements Work {
  readonly queue: string;
  readonly done: Promise<void>;
  readonly #options: CheckedWork;
  readonly #tell: WorkTeller;
  readonly #held = new Set<HeldMessage>();
  readonly #times: LeaseTimes;
  readonly #starter: Starter;
  readonly #settler: Settler;
  readonly #leasing: LeaseCall;
  readonly #rest: TroubleRest;
  readonly #pause: PauseWatch;
  readonly #neighbours: NeighbourWatch | undefined;
  readonly #over = new AbortController();
  /** Leased and not started, in the order in which they came. */
  #waiting: HeldMessage[] = [];
  /** Handlers that run or are about to. */
  #busyCount = 0;
  #isPausedHere = false;
  #isPreparing = false;
  #isEnding = false;
  #isOver = false;
  #isPumping = false;
  #isWaitingForPermits = false;
  #resolve: () => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #disposed: Promise<void> | undefined;

  constructor(options: CheckedWork) {
    const { store, clock, leaseMs, keeper, queue, owner, processes } = options;
    this.queue = queue;
    this.#options = options;
    this.#tell = new WorkTeller(queue, options.onEvent);
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.done.catch(() => {}); // Whoever does not ask has onEvent.
    const onLost = (held: HeldMessage, isCertain: boolean): void => this.#onLost(held, isCertain);
    const onTrouble = (error: unknown): void => this.#tell.trouble(error);
    const common = { store, clock, leaseMs, onLost, onTrouble };
    this.#times = new LeaseTimes({ ...common, keeper, held: this.#held });
    this.#starter = new Starter({
      ...common,
      onLost: held => this.#onLost(held, true),
      onStarted: held => this.#run(held),
      onPutOff: (batch, error) => this.#onPutOff(batch, error),
    });
    this.#settler = new Settler({
      ...common,
      onLost: held => this.#onLost(held, true),
      onSettled: ended => this.#onSettled(ended),
      onConflict: ended => this.#onConflict(ended),
      onRefused: (ended, error) => this.#onRefused(ended, error),
    });
    this.#leasing = new LeaseCall({
      ...options,
      lanes: new LaneChoice(clock, options.lanes),
      onLeased: (messages, startedCount, beforeMs) => this.#onLeased(messages, startedCount, beforeMs),
      onFailed: error => (error === undefined ? this.#pump() : this.#onFailure(error)),
    });
    this.#rest = new TroubleRest(clock, options.random, () => this.#pump());
    this.#pause = new PauseWatch(store, clock, queue, () => this.#onPause(), onTrouble);
    this.#neighbours = processes && new NeighbourWatch({ ...common, queue, owner, processes });
    void this.#prepare(this.#times.ready);
  }

  pause(): void {
    this.#isPausedHere = true;
    this.#onPause();
  }

  resume(): void {
    this.#isPausedHere = false;
    this.#onPause();
  }

  drain(options: WaitOptions = {}): Promise<void> {
    this.#end();
    return boundedWait(this.#options.clock, options, 'not-applied', () => this.done);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed ??= this.#dispose();
    return this.#disposed;
  }

  async #dispose(): Promise<void> {
    const { clock, graceMs } = this.#options;
    const reason = workEnded(this.queue);
    for (const held of this.#held) held.abort(reason);
    this.#end();
    const grace = clock.setTimer(graceMs, () => this.#finish());
    await this.done.catch(() => {});
    grace.cancel();
  }

  async #prepare(ready: Promise<void> | undefined): Promise<void> {
    if (ready === undefined) return;
    this.#isPreparing = true;
    await ready;
    this.#isPreparing = false;
    this.#pump();
  }

  get #isOpen(): boolean {
    return !this.#isPreparing && !this.#isPausedHere && !this.#isEnding && !this.#pause.isPaused;
  }

  #onPause(): void {
    if (!this.#isOpen) this.#giveBack();
    this.#pump();
  }

  /** What was leased and not started goes back at once, and no more comes. */
  #giveBack(): void {
    this.#leasing.abort();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const held of waiting) if (held.state === 'waiting') this.#return(held);
  }

  #return(held: HeldMessage): void {
    this.#settler.settle({ held, ending: givenBack(held.message) });
  }

  #end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#giveBack();
    this.#pump();
  }

  #finish(error?: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#isEnding = true;
    this.#leasing.abort();
    this.#rest[Symbol.dispose]();
    this.#over.abort();
    this.#settler.close();
    this.#times[Symbol.dispose]();
    this.#pause[Symbol.dispose]();
    for (const held of this.#held) {
      held.abort(workEnded(this.queue));
      this.#options.handler.onEnd?.(held, 'lost');
    }
    void this.#leave(error);
  }

  async #leave(error: unknown): Promise<void> {
    if (this.#neighbours !== undefined) await this.#neighbours[Symbol.asyncDispose]();
    if (error === undefined) this.#resolve();
    else this.#reject(error);
  }

  /** Once for all that happens in a turn: handlers that end together are followed by one lease for all of them. */
  #pump(): void {
    if (this.#isPumping || this.#isOver) return;
    this.#isPumping = true;
    queueMicrotask(this.#goOn);
  }

  readonly #goOn = (): void => {
    this.#isPumping = false;
    if (this.#isOver) return;
    if (this.#isOpen) {
      this.#startSome();
      this.#leaseSome();
      return;
    }
    const isIdle = this.#held.size === 0 && this.#busyCount === 0 && !this.#leasing.isUnderWay;
    if (this.#isEnding && isIdle) this.#finish();
  };

  /** How many handlers are neither running nor kept for what is being leased. */
  get #freeCount(): number {
    return this.#options.concurrency - this.#busyCount - this.#leasing.startedMax;
  }

  #startSome(): void {
    const { limiter } = this.#options;
    const wanted = Math.min(this.#freeCount, this.#waiting.length);
    if (wanted <= 0 || this.#rest.isOn) return;
    const count = limiter === undefined ? wanted : limiter.take(wanted);
    for (let index = 0; index < count; index++) {
      this.#busyCount++;
      this.#starter.start(this.#waiting.shift() as HeldMessage);
    }
    if (count < wanted) void this.#waitForPermits(wanted - count);
  }

  async #waitForPermits(count: number): Promise<void> {
    if (this.#isWaitingForPermits) return;
    this.#isWaitingForPermits = true;
    try {
      await this.#options.limiter?.wait(count, this.#over.signal);
      this.#isWaitingForPermits = false;
      this.#pump();
    } catch (thrown) {
      this.#isWaitingForPermits = false;
      this.#onFailure(thrown);
    }
  }

  #leaseSome(): void {
    const { concurrency, prefetch, limiter } = this.#options;
    if (this.#leasing.isUnderWay || this.#rest.isOn || this.#waiting.length > prefetch / 2) return;
    // Those whose ends are being settled make room at once, but only for so many that what cannot be settled does not pile up.
    const unsettledMax = 2 * concurrency + prefetch;
    const wanted = concurrency + prefetch - this.#busyCount - this.#waiting.length;
    const room = Math.min(wanted, unsettledMax - this.#held.size, pageMax);
    if (room <= 0) return;
    // What starts at once needs no call of its own to charge it; where a limiter decides, that is not known yet.
    const startedMax = limiter === undefined ? Math.max(0, this.#freeCount - this.#waiting.length) : 0;
    void this.#leasing.begin(room, Math.min(room, startedMax));
  }

  #onLeased(messages: readonly LeasedMessage[], startedCount: number, beforeMs: number): void {
    this.#rest.answered();
    if (messages.length > 0) this.#take(messages, startedCount, beforeMs);
    this.#pump();
  }

  #take(messages: readonly LeasedMessage[], startedCount: number, beforeMs: number): void {
    const { clock, leaseMs } = this.#options;
    this.#tell.leased(messages.length);
    const nowMs = clock.monotonicMs();
    const taken = messages.map(
      (message, index) => new HeldMessage(message, index < startedCount, beforeMs, nowMs),
    );
    const starting: HeldMessage[] = [];
    for (const held of taken) {
      this.#held.add(held);
      const ending = this.#isOpen ? earlyEnding(held, this.#options) : givenBack(held.message);
      if (ending !== undefined) this.#settler.settle({ held, ending });
      else if (held.charge === 'none') this.#waiting.push(held);
      else starting.push(held);
    }
    this.#times.add(taken.map(({ handle }) => handle));
    this.#busyCount += starting.length;
    for (const held of starting) held.state = 'starting';
    for (const held of starting) {
      // Asked anew for each: the handler before may have blocked the event loop, or paused the work.
      if (!this.#isOpen) this.#notNow(held);
      else if (clock.monotonicMs() < beforeMs + 0.9 * leaseMs) this.#run(held);
      else if (held.state === 'starting') this.#starter.start(held);
    }
  }

  #notNow(held: HeldMessage): void {
    if (held.state === 'gone') return;
    this.#notStarted();
    this.#return(held);
  }

  #run(held: HeldMessage): void {
    // It was heard meanwhile that it is lost.
    if (held.state === 'gone') return;
    if (this.#isOver || this.#disposed !== undefined) {
      this.#notNow(held);
      this.#pump();
      return;
    }
    held.state = 'running';
    held.hasStarted = true;
    this.#tell.started(held);
    let handled: Promise<Ending>;
    try {
      handled = this.#options.handler.handle(held);
    } catch (thrown) {
      handled = Promise.reject(thrown);
    }
    handled.then(
      ending => {
        this.#busyCount--;
        this.#settle(held, ending);
      },
      thrown => {
        this.#busyCount--;
        this.#settle(held, this.#endingOfError(held, thrown));
      },
    );
  }

  #settle(held: HeldMessage, ending: Ending): void {
    if (held.state !== 'gone') this.#settler.settle({ held, ending });
    this.#pump();
  }

  #endingOfError(held: HeldMessage, error: unknown): Ending {
    const ending = endingOfError(held, error, this.#options);
    this.#tell.failed(held, error, ending);
    return ending;
  }

  #onSettled({ held, ending }: Ended): void {
    held.state = 'gone';
    this.#held.delete(held);
    this.#tell.settled(held, ending);
    this.#options.handler.onEnd?.(held, 'settled');
    this.#pump();
  }

  /** @param isCertain whether the engine says so, or only time */
  #onLost(held: HeldMessage, isCertain: boolean): void {
    const { state } = held;
    // What does not run yet is proved to be held before it does.
    if (state === 'gone' || (!isCertain && state !== 'running')) return;
    if (!held.isLost) {
      held.isLost = true;
      held.abort(leaseLost(this.queue, held.message.id));
      this.#tell.lost(held);
    }
    if (!isCertain) return;
    if (state === 'starting') this.#notStarted();
    if (state === 'waiting') this.#waiting = this.#waiting.filter(other => other !== held);
    held.state = 'gone';
    this.#held.delete(held);
    this.#options.handler.onEnd?.(held, 'lost');
    this.#pump();
  }

  #notStarted(): void {
    this.#busyCount--;
    this.#options.limiter?.putBack?.(1);
  }

  #onPutOff(batch: readonly HeldMessage[], error: unknown): void {
    const open = batch.filter(({ state }) => state !== 'gone');
    for (const held of open) {
      this.#notStarted();
      held.state = 'waiting';
      if (!this.#isOpen) this.#return(held);
    }
    if (this.#isOpen) this.#waiting.unshift(...open);
    this.#onFailure(error);
  }

  #onConflict(ended: Ended): void {
    const { held, ending } = ended;
    const conflict = endConflict(this.queue, held.message.id);
    const again = this.#options.handler.endAgain?.(held, ending) ?? Promise.reject(conflict);
    again.then(
      next => this.#settle(held, next),
      thrown => this.#onRefused(ended, thrown),
    );
  }

  #onRefused({ held }: Ended, error: unknown): void {
    if (held.isRefused) {
      this.#tell.trouble(error);
      this.#onLost(held, true);
      return;
    }
    held.isRefused = true;
    const { handler } = this.#options;
    handler.onEnd?.(held, 'refused', error);
    const instead = handler.endInstead?.(held, error) ?? Promise.reject(error);
    void instead.catch(thrown => this.#endingOfError(held, thrown)).then(end => this.#settle(held, end));
  }

  /** A call failed: nothing is asked of the store for a while, unless it never can be again. */
  #onFailure(error: unknown): void {
    if (this.#isOver) return;
    this.#tell.trouble(error);
    if (isWrongCall(error) || errorCode(error) === 'CLOSED') this.#finish(error);
    else this.#rest.failed();
  }
}
