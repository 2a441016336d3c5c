import type { Clock } from '@quorate/core';
import { checkLinearizability, keyValue } from '@quorate/sim';
import type { History } from './history.ts';

/** What the recorded history proves. */
export interface HistoryVerdict {
  readonly verdict: 'ok' | 'violation' | 'unknown';
  readonly operations: number;
  /** Calls whose outcome nobody knows. */
  readonly open: number;
  /** Keys are judged one by one. */
  readonly keys: number;
  /** The most operations of one key. */
  readonly operationsOfOneKey: number;
  readonly steps: number;
  readonly durationMs: number;
  /** Of a violation: which answer nothing explains. Of `unknown`: which limit was met. */
  readonly detail: string | null;
}

const deadlineMs = 8000;
const memoryMaxBytes = 256 * 2 ** 20;

/** Whether there is an order of all operations, each between its call and its answer, that explains every answer. */
export async function judge(history: History, clock: Clock): Promise<HistoryVerdict> {
  const startMs = clock.monotonicMs();
  const { operations, openCount } = history;
  const ofKey = new Map<string, number>();
  for (const { input } of operations) ofKey.set(input.key, (ofKey.get(input.key) ?? 0) + 1);
  const result = await checkLinearizability(keyValue(), operations, { clock, deadlineMs, memoryMaxBytes });
  let detail: string | null = null;
  if (result.verdict === 'violation') detail = result.message;
  else if (result.verdict === 'unknown') {
    detail = `stopped by its ${result.why} with ${result.undecided} keys undecided`;
  }
  return {
    verdict: result.verdict,
    operations: operations.length,
    open: openCount,
    keys: ofKey.size,
    operationsOfOneKey: Math.max(0, ...ofKey.values()),
    steps: result.steps,
    durationMs: Math.round(clock.monotonicMs() - startMs),
    detail,
  };
}
