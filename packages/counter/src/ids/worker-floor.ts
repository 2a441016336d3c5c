import type { Clock, Condition, Random, Revision, Store, WriteResult } from '@quorate/core';
import type { CounterSession } from '../counter-session.ts';
import { numberBytes, readNumber } from '../int64.ts';
import type { Pauses } from '../pauses.ts';
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
export interface Floor {
  readonly timeMs: number;
  /** None where nobody has ever had the number. */
  readonly modified: Revision | undefined;
}

/** What somebody has who was the first to lease a number. */
export interface Taken {
  readonly worker: number;
  readonly floor: Floor;
  /** Where its time begins. */
  readonly fromMs: number;
}

/** Tries a number that nobody has. @returns nothing where somebody was faster */
export async function takeFree(
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

/** Moves the floor, where nobody else has. */
export async function writeFloor(
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
