import type { Clock, Random, Store, WaitOptions } from '@quorate/core';
import { checkTtl } from '../counter-options.ts';
import { type IdGenerator, type IdOptions, LeasedIds } from './id-generator.ts';
import { IdLayout } from './id-layout.ts';
import { WorkerLease } from './worker-lease.ts';

/** What ids stand on. */
export interface IdsContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly ttlMs: number;
}

/** @throws RangeError; QuorateError as `WorkerLease.take` */
export async function createIds(
  context: IdsContext,
  name: string,
  partition: string,
  options: IdOptions & WaitOptions,
): Promise<IdGenerator> {
  const { epochMs, workerBits, sequenceBits, workers } = new IdLayout(options);
  const { ttlMs = context.ttlMs, horizonMs = 10_000, leadMaxMs = 10, waitMaxMs = 1000 } = options;
  checkTtl(ttlMs, context.store);
  checkMs('Horizon', horizonMs, 100);
  checkMs('Lead', leadMaxMs, 0);
  checkMs('Wait', waitMaxMs, 0);
  if (leadMaxMs > horizonMs / 4)
    throw new RangeError(`Lead in ms must be at most a quarter of the horizon: received ${leadMaxMs}`);
  const { signal, deadlineMs } = options;
  const { store, clock, random } = context;
  const lease = await WorkerLease.take(
    { store, clock, random, name, partition, workers, ttlMs, horizonMs, rollbackMaxMs: leadMaxMs },
    { signal, deadlineMs },
  );
  const layout = { epochMs, workerBits, sequenceBits };
  return new LeasedIds(name, lease, clock, { ...layout, ttlMs, horizonMs, leadMaxMs, waitMaxMs });
}

function checkMs(what: string, ms: number, min: number): void {
  if (ms >= min && ms <= 86_400_000) return;
  throw new RangeError(`${what} in ms must be from ${min} to 86400000: received ${ms}`);
}
