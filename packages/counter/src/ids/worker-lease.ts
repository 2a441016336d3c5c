import {
  boundedWait,
  type Clock,
  type Condition,
  type Random,
  type Revision,
  type Store,
  type WaitOptions,
  type WriteResult,
} from '@quorate/core';
import { CounterSession } from '../counter-session.ts';
import { Every } from '../every.ts';
import { readNumber, numberBytes } from '../int64.ts';
import { Pauses } from '../pauses.ts';
import { carryOut } from '../writer-context.ts';
import { clockWentBack, noWorker, workerLost } from './id-error.ts';

/** What a lease stands on. */
export interface LeaseContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly name: string;
  readonly partition: string;
  readonly workers: number;
  readonly ttlMs: number;
  /** How far ahead time is reserved. */
  readonly horizonMs: number;
  readonly rollbackMaxMs: number;
}

/** Up to when ids of a worker number may have been made, as the store has it. */
interface Floor {
  readonly timeMs: number;
  /** None where nobody has ever had the number. */
  readonly modified: Revision | undefined;
}

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
    const session = new CounterSession(await store.session({ ...options, ttlMs }));
    const pauses = new Pauses(clock, random);
    // Looks after answers that are overdue.
    const ticks = new Every(clock, ttlMs / 4, () => session.look());
    const taking = async (): Promise<WorkerLease> => {
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
      await session.end();
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
    this.#ticks.cancel();
    if (!this.#lost.signal.aborted) {
      // So that the next holder need not wait for what was reserved and not used.
      if (!this.#isReserving && usedMs < this.#floor.timeMs) await this.#write(usedMs);
      this.#lose(undefined);
    }
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

/** What somebody has who was the first to lease a number. */
interface Taken {
  readonly worker: number;
  readonly floor: Floor;
  /** Where its time begins. */
  readonly fromMs: number;
}

/** Tries a number that nobody has. @returns nothing where somebody was faster */
async function takeFree(
  context: LeaseContext,
  session: CounterSession,
  pauses: Pauses,
): Promise<Taken | undefined> {
  const { store, clock, partition, name, horizonMs } = context;
  const { worker, floor } = await findFree(context);
  const key = `${partition}/lease/${worker}`;
  const end = await carryOut<WriteResult>({ partition, pauses }, session, options =>
    store.put(key, new Uint8Array(0), { absent: true }, { ...options, session: session.id }),
  );
  if (end.type === 'unknown') throw workerLost(name, end.cause);
  if (end.type !== 'answer') throw end.type === 'again' ? (end.cause as Error) : end.error;
  if (end.result.outcome === 'not-applied') return undefined;
  const fromMs = Math.max(Math.floor(clock.wallMs()), floor.timeMs + 1);
  const written = await writeFloor(context, session, worker, floor, fromMs + horizonMs, pauses);
  if (typeof written === 'object') return { worker, floor: written, fromMs };
  if (session.isLost) throw workerLost(name, session.cause);
  // Whoever had the number before has written late: that is read anew.
  await store.delete(key, { modified: end.result.entry.modified });
  return undefined;
}

/** How many numbers are looked at that were in use a moment ago, before one of them is waited for. */
const recentMax = 16;

/**
 * Finds a number that nobody has, the lowest first: a process that starts again alone finds its own, and notices where the clock
 * was set back meanwhile.
 *
 * @throws QuorateError `NO_WORKER`, `CLOCK_WENT_BACK`
 */
async function findFree(context: LeaseContext): Promise<{ readonly worker: number; readonly floor: Floor }> {
  const { clock, name, workers, horizonMs, rollbackMaxMs } = context;
  const taken = await leased(context);
  let soonest: { readonly worker: number; readonly floor: Floor } | undefined;
  for (let worker = 0, recent = 0; worker < workers && recent < recentMax; worker++) {
    if (taken.has(worker)) continue;
    const floor = await readFloor(context, worker);
    const aheadMs = floor.timeMs - Math.floor(clock.wallMs());
    if (aheadMs > horizonMs + rollbackMaxMs)
      throw clockWentBack(`Worker ${worker} of ids "${name}" was used up to ${floor.timeMs} ms`, aheadMs);
    if (aheadMs < 0) return { worker, floor };
    // Left by one that died just now: its time has yet to pass.
    if (soonest === undefined || floor.timeMs < soonest.floor.timeMs) soonest = { worker, floor };
    recent++;
  }
  if (soonest === undefined) throw noWorker(name, workers);
  return soonest;
}

/** The numbers that are leased. */
async function leased({ store, partition }: LeaseContext): Promise<ReadonlySet<number>> {
  const prefix = `${partition}/lease/`;
  const taken = new Set<number>();
  for (let createdBefore: Revision | undefined; ; ) {
    const page = createdBefore === undefined ? {} : { createdBefore };
    const { entries } = await store.list(prefix, { newestFirst: true, ...page });
    for (const { key } of entries) taken.add(Number(key.slice(prefix.length)));
    createdBefore = entries.at(-1)?.created;
    if (createdBefore === undefined) return taken;
  }
}

async function readFloor({ store, partition }: LeaseContext, worker: number): Promise<Floor> {
  const key = floorKey(partition, worker);
  const entry = await store.get(key);
  if (entry === undefined) return { timeMs: 0, modified: undefined };
  return { timeMs: Number(readNumber(key, entry.value)), modified: entry.modified };
}

async function writeFloor(
  { store, partition }: LeaseContext,
  session: CounterSession,
  worker: number,
  { modified }: Floor,
  timeMs: number,
  pauses: Pauses,
): Promise<Floor | 'lost' | 'again'> {
  const condition: Condition = modified === undefined ? { absent: true } : { modified };
  const end = await carryOut<WriteResult>({ partition, pauses }, session, options =>
    store.put(floorKey(partition, worker), numberBytes(BigInt(timeMs)), condition, options),
  );
  if (end.type === 'again') return 'again';
  if (end.type !== 'answer' || end.result.outcome === 'not-applied') return 'lost';
  return { timeMs, modified: end.result.revision };
}

function floorKey(partition: string, worker: number): string {
  return `${partition}/floor/${worker}`;
}
