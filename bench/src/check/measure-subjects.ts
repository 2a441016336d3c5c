import { seededRandom } from '@quorate/core';
import { shuffled } from '../run/shuffled.ts';
import type { Subject } from './subject.ts';
import { SubjectRun, type SubjectRunOptions } from './subject-run.ts';

export interface MeasureOptions extends SubjectRunOptions {
  /** No pair is started after so much time. */
  readonly budgetMs: number;
  readonly nowMs: () => number;
  /** The pairs that are still needed if nothing more moves, and those taken. */
  readonly onPair?: (run: SubjectRun, taken: number, expected: number) => void;
}

/**
 * Measures all subjects, pair by pair in turns: a pair of every subject that needs one, in an order drawn anew, then the next
 * of each. So a neighbour that keeps the machine busy for ten seconds spoils one or two pairs of many subjects and not all
 * of one, which is what a robust estimate bears.
 */
export async function measureSubjects(
  subjects: readonly Subject[],
  options: MeasureOptions,
): Promise<SubjectRun[]> {
  const { signal, seed, budgetMs, nowMs } = options;
  const startMs = nowMs();
  const order = seededRandom(seed).fork('order of pairs');
  const runs = subjects.map(subject => new SubjectRun(subject, options));
  for (const run of runs) {
    signal.throwIfAborted();
    if (nowMs() - startMs < budgetMs) await run.start();
  }
  const own = runs.filter(({ subject }) => subject.truth === undefined);
  const comparisons = own.reduce((sum, { metrics }) => sum + metrics.length, 0);
  for (const run of runs) run.comparisons = comparisons;
  let turn = 0;
  for (let active = runs; active.length > 0; active = active.filter(run => run.next !== 'stop')) {
    for (const run of shuffled(active, order)) {
      signal.throwIfAborted();
      if (nowMs() - startMs >= budgetMs) return runs;
      const step = run.next;
      if (step === 'stop') continue;
      await run.takePair(step, turn++, order);
      options.onPair?.(run, turn, turn + remaining(runs));
    }
  }
  return runs;
}

function remaining(runs: readonly SubjectRun[]): number {
  return runs.reduce((sum, run) => sum + run.pairsExpected, 0);
}
