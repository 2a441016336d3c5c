import { boundedWait, type WaitOptions } from '@quorate/core';
import { CounterSession } from '../counter-session.ts';
import { Every } from '../every.ts';
import { Pauses } from '../pauses.ts';
import { noWorker, workerLost } from './id-error.ts';
import { type Floor, type LeaseContext, takeFree, type Taken, writeFloor } from './worker-floor.ts';

/** How often it tries to be the one who gets a number. */
const triesMax = 100;

/**
 * A worker number that nobody else has while the session lives, and time that nobody else will ever use with it.
 *
 * Before an id with some time is made, the store has a *floor* at or above that time, kept for ever; whoever has the number next
 * begins above it. So two never make the same id, even where the former holder was stopped for a day in the middle of making
 * one: the lease hands numbers out, the floor keeps ids apart. Each floor replaces one revision of the one before, so a late write
 * of a former holder fails, and tells it that it has lost.
 */
export class WorkerLease {
  readonly worker: number;
  /** Where its time begins. */
  readonly fromMs: number;
  readonly #context: LeaseContext;
  readonly #session: CounterSession;
  readonly #pauses: Pauses;
  readonly #lost = new AbortController();
  #floor: Floor;
  readonly #ticks: Every;
  #isReserving = false;

  private constructor(context: LeaseContext, session: CounterSession, pauses: Pauses, taken: Taken) {
    this.#context = context;
    this.#session = session;
    this.#pauses = pauses;
    this.worker = taken.worker;
    this.fromMs = taken.fromMs;
    this.#floor = taken.floor;
    session.onLost(cause => this.#lose(cause));
    const { clock, ttlMs, horizonMs } = context;
    this.#ticks = new Every(clock, Math.min(ttlMs, horizonMs) / 4, () => {
      session.look();
      this.reserve(Math.floor(clock.wallMs()));
    });
  }

  /** @throws QuorateError `NO_WORKER`, `CLOCK_WENT_BACK`, `UNAVAILABLE`, `ABORTED`, `DEADLINE_EXCEEDED` */
  static async take(context: LeaseContext, options: WaitOptions): Promise<WorkerLease> {
    const { store, ttlMs, clock, random, name, workers } = context;
    let session: CounterSession | undefined;
    const pauses = new Pauses(clock, random);
    // Looks after answers that are overdue.
    const ticks = new Every(clock, ttlMs / 4, () => session?.look());
    const taking = async (signal: AbortSignal | undefined): Promise<WorkerLease> => {
      session = new CounterSession(await store.session({ signal, ttlMs }));
      // Nobody would end it any more.
      if (signal?.aborted === true) await session.end();
      for (let tries = 0; tries < triesMax; tries++) {
        const taken = await takeFree(context, session, pauses);
        if (!session.isLive) throw workerLost(name, session.cause);
        if (taken !== undefined) return new WorkerLease(context, session, pauses, taken);
      }
      throw noWorker(name, workers);
    };
    try {
      return await boundedWait(clock, options, 'not-applied', taking);
    } catch (thrown) {
      // With the session everything ends that is still under way.
      await session?.end();
      throw thrown;
    } finally {
      ticks.cancel();
    }
  }

  /** Aborts when the lease is lost, before anybody else can have it. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Up to which ms ids may be made. */
  get upToMs(): number {
    return this.#floor.timeMs;
  }

  /** @throws QuorateError `WORKER_LOST`, by the clocks, though no timer has run yet */
  check(): void {
    if (!this.#lost.signal.aborted && !this.#session.isLive) this.#lose(this.#session.cause);
    this.#lost.signal.throwIfAborted();
  }

  /** Reserves on, where less than half of the horizon is left. */
  reserve(fromMs: number): void {
    const { horizonMs } = this.#context;
    if (fromMs + horizonMs / 2 <= this.#floor.timeMs) return;
    if (this.#isReserving || this.#lost.signal.aborted) return;
    this.#isReserving = true;
    void this.#write(fromMs + horizonMs).finally(() => {
      this.#isReserving = false;
    });
  }

  /** Gives the number back. @param usedMs the highest time of an id */
  async release(usedMs: number): Promise<void> {
    this.#session.isClosing = true;
    if (!this.#lost.signal.aborted) {
      // So that the next holder need not wait for what was reserved and not used.
      if (!this.#isReserving && usedMs < this.#floor.timeMs) await this.#write(usedMs);
      this.#lose(undefined);
    }
    this.#ticks.cancel();
    await this.#session.end().catch(() => {});
  }

  #lose(cause: unknown): void {
    if (this.#lost.signal.aborted) return;
    this.#ticks.cancel();
    this.#lost.abort(workerLost(this.#context.name, cause));
  }

  async #write(timeMs: number): Promise<void> {
    const written = await writeFloor(
      this.#context,
      this.#session,
      this.worker,
      this.#floor,
      timeMs,
      this.#pauses,
    );
    if (written === 'lost') this.#lose(this.#session.cause);
    else if (written !== 'again') this.#floor = written;
  }
}
