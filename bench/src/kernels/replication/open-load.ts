import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from '../../statistics/quantile.ts';

/** What callers waited who arrived at a fixed rate. */
export interface LoadResult {
  readonly calls: number;
  readonly p99Ms: number;
}

/**
 * Makes calls at a rate, whatever the earlier ones take, until told to stop, and times each from the moment at which it was due:
 * what is late by the load's own timer counts, too (see `measure/open-loop.ts`, which spins between calls; here the cores are
 * for the replicas, so calls that fall due within a millisecond are made together).
 *
 * @param until tells when the last call is due; those under way are waited for
 * @throws what a call is rejected with
 */
export async function openLoad(
  call: (index: number) => Promise<unknown>,
  rate: number,
  until: Promise<unknown>,
): Promise<LoadResult> {
  const times: number[] = [];
  const failures: unknown[] = [];
  const underWay = new Set<Promise<void>>();
  const state = { isOver: false };
  const end = (): void => void (state.isOver = true);
  until.then(end, end);
  const startMs = performance.now();
  for (let index = 0; !state.isOver && failures.length === 0; ) {
    for (; startMs + (index * 1000) / rate <= performance.now(); index++) {
      const dueMs = startMs + (index * 1000) / rate;
      const settled: Promise<void> = call(index)
        .then(
          () => void times.push(performance.now() - dueMs),
          (reason: unknown) => void failures.push(reason),
        )
        .finally(() => underWay.delete(settled));
      underWay.add(settled);
    }
    await sleep(1);
  }
  await Promise.all(underWay);
  if (failures.length > 0) throw failures[0];
  return { calls: times.length, p99Ms: quantile(times, 0.99) };
}
