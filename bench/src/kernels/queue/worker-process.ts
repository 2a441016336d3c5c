import { answerParent } from '../lock/answer-parent.ts';
import { quantile } from '../../statistics/quantile.ts';
import { handleAll, type JobQueue } from './job-queue.ts';
import { openJobs } from './queue-kinds.ts';
import type { WorkerTask } from './two-processes.ts';

type Order = { readonly handle: number } | { readonly time: number } | { readonly end: true };

/** The process that handles what another sends: takes a task, and says each time when so many more jobs are settled. */
let serving: { readonly queue: JobQueue; readonly concurrency: number } | undefined;
answerParent(async (ask: WorkerTask | Order) => {
  if ('kind' in ask) {
    serving = { queue: await openJobs(ask.kind, ask.name), concurrency: ask.concurrency };
    return 'ready';
  }
  if (serving === undefined) throw new Error('Process must have a task: it has none');
  const { queue, concurrency } = serving;
  if ('handle' in ask) return handleAll(queue, ask.handle, concurrency);
  if ('time' in ask) return timed(queue, ask.time);
  await queue[Symbol.asyncDispose]();
  return process.exit(0);
});

/** The median of how long jobs were on their way, by the clock that all processes of a machine share, ns. */
async function timed(queue: JobQueue, count: number): Promise<number> {
  const times: number[] = [];
  await handleAll(queue, count, 1, ({ text }) => times.push(Number(process.hrtime.bigint() - BigInt(text))));
  // The first ones connect and load scripts.
  return quantile(times.slice(Math.ceil(count / 5)), 0.5);
}
