import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Kernel } from '../suite.ts';
import type { OpenLoop, OpenLoopLatency } from './job.ts';

/** Calls that are made on schedule but not counted; no more than are, so that a low rate does not take for ever. */
const warmupCallsMost = 100;

/** A timer may be late by this much; the rest of the way to a call is gone turn by turn, ms. */
const timerSlackMs = 3;

/**
 * Makes calls at a fixed rate, whatever the earlier ones take, and times each from the moment at which it was due.
 *
 * A closed loop waits for a slow call before it makes the next, and so omits the calls that would have had to wait
 * (coordinated omission; Gil Tene, "How NOT to Measure Latency"). Here a call that comes late, because its thread was still
 * in the last one or because the answer takes long, is charged for the whole time since it was due.
 *
 * @param forMs how long calls are made; those under way at its end are waited for
 * @throws what a call throws or is rejected with, when the next one is due
 */
export async function measureOpenLoop(kernel: Kernel, rate: number, forMs: number): Promise<OpenLoop> {
  const call = kernel.call?.bind(kernel);
  if (call === undefined) throw new TypeError(`Bench with a rate must have "call": received none`);
  if (!(rate > 0 && rate <= 1e6)) {
    throw new RangeError(`Rate must be above 0 and at most 1,000,000 calls a second: received ${rate}`);
  }
  const calls = Math.max(1, Math.round((rate * forMs) / 1000));
  const warmupCalls = Math.min(calls, warmupCallsMost);
  const corrected = createHistogram();
  const raw = createHistogram();
  const underWay = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const startMs = performance.now();
  for (let index = -warmupCalls; index < calls; index++) {
    const dueMs = startMs + ((index + warmupCalls) * 1000) / rate;
    await until(dueMs);
    if (failures.length > 0) throw failures[0];
    const madeMs = performance.now();
    const settle = (): void => {
      if (index < 0) return;
      record(corrected, performance.now() - dueMs);
      record(raw, performance.now() - madeMs);
    };
    const result = call(index + warmupCalls);
    if (!(result instanceof Promise)) settle();
    else {
      // Handled as soon as it is there: a rejection that nobody listens to would end the process.
      const settled: Promise<void> = result
        .then(settle, (reason: unknown) => void failures.push(reason))
        .finally(() => underWay.delete(settled));
      underWay.add(settled);
    }
  }
  await Promise.all(underWay);
  if (failures.length > 0) throw failures[0];
  return { rate, calls, corrected: latencyOf(corrected), raw: latencyOf(raw) };
}

/** Lets answers in while it waits, and once where a call is already due: they must not wait for the last call of all. */
async function until(dueMs: number): Promise<void> {
  if (dueMs <= performance.now()) return nextTurn();
  for (let leftMs = dueMs - performance.now(); leftMs > 0; leftMs = dueMs - performance.now()) {
    await (leftMs > timerSlackMs ? sleep(leftMs - timerSlackMs) : nextTurn());
  }
}

function record(histogram: RecordableHistogram, durationMs: number): void {
  histogram.record(Math.max(1, Math.round(durationMs * 1e6)));
}

function latencyOf(histogram: RecordableHistogram): OpenLoopLatency {
  return {
    p50: histogram.percentile(50),
    p99: histogram.percentile(99),
    p999: histogram.percentile(99.9),
    most: histogram.max,
  };
}
