import { setTimeout as sleep } from 'node:timers/promises';
import type { Setup } from '../../suite.ts';
import { type Started, startProcess } from '../lock/processes.ts';
import { type JobQueue, jobs, queueName, sendAll } from './job-queue.ts';
import { openJobs, type QueueKind } from './queue-kinds.ts';

/** How long it is quiet between two jobs, ms. */
const restMs = 10;

/** What a process of {@link twoProcesses} is started with. */
export interface WorkerTask {
  readonly kind: QueueKind;
  readonly name: string;
  readonly concurrency: number;
}

/**
 * One process sends, so many at a time, while another handles, so many at a time: the time for one job, from the first sending until
 * the last is settled, ns.
 */
export function twoProcesses(kind: QueueKind): Setup {
  return async context => {
    const [count, atOnce] = [context.number('jobs'), context.number('in flight')];
    await using pair = await startPair(kind, atOnce);
    const round = async (jobCount: number): Promise<number> => {
      const startMs = performance.now();
      await Promise.all([
        sendAll(pair.queue, jobs(jobCount), atOnce),
        pair.worker.answer({ handle: jobCount }),
      ]);
      return performance.now() - startMs;
    };
    await round(Math.ceil(count / 4));
    return { quantity: ((await round(count)) / count) * 1e6 };
  };
}

/** How long a job takes from its sending in one process until another has it, while nothing else is to do: the median, ns. */
export function idleLatency(kind: QueueKind): Setup {
  return async context => {
    const count = context.number('jobs');
    await using pair = await startPair(kind, 1);
    const timed = pair.worker.answer({ time: count });
    for (let number = 0; number < count; number++) {
      await sleep(restMs);
      await pair.queue.send({ number, text: `${process.hrtime.bigint()}` });
    }
    return { quantity: (await timed) as number };
  };
}

interface Pair extends AsyncDisposable {
  readonly queue: JobQueue;
  readonly worker: Started;
}

async function startPair(kind: QueueKind, concurrency: number): Promise<Pair> {
  const name = queueName();
  const queue = await openJobs(kind, name);
  const worker = await startProcess('../queue/worker-process.ts', {
    kind,
    name,
    concurrency,
  } satisfies WorkerTask);
  return {
    queue,
    worker,
    async [Symbol.asyncDispose]() {
      await worker.end({ end: true });
      await queue[Symbol.asyncDispose]();
    },
  };
}
