import type { Setup } from '../../suite.ts';

/** A queue of jobs, ours or somebody else's, as one process uses it. */
export interface JobQueue extends AsyncDisposable {
  /** Sends one; resolves when it is kept as the queue promises. */
  send(job: Job): Promise<unknown>;
  /** Sends many in the fastest way that there is. */
  fill(jobs: readonly Job[]): Promise<unknown>;
  /** Handles jobs as they come, so many at a time at most; the end of it comes when all that was begun is settled. */
  work(concurrency: number, handle: (job: Job) => void): Promise<AsyncDisposable>;
}

export interface Job {
  readonly number: number;
  readonly text: string;
}

/** Opens a queue by its name: for each process that uses it. */
export type OpenJobs = (name: string) => Promise<JobQueue>;

/** Some 100 bytes as JSON. */
export function jobs(count: number, from = 0): Job[] {
  return Array.from({ length: count }, (_, index) => ({ number: from + index, text: 'x'.repeat(76) }));
}

/** A name that no other queue of a run has. */
export function queueName(): string {
  return `bench-${process.pid}-${Math.trunc(performance.now())}`;
}

/** Jobs are sent, as many at a time as the parameter says, each of them awaited; the time for one, ns. */
export function enqueue(open: OpenJobs): Setup {
  return async context => {
    await using queue = await open(queueName());
    const [count, inFlight] = [context.number('jobs'), context.number('in flight')];
    await sendAll(queue, jobs(Math.ceil(count / 4)), inFlight);
    const startMs = performance.now();
    await sendAll(queue, jobs(count), inFlight);
    return { quantity: ((performance.now() - startMs) / count) * 1e6 };
  };
}

/** Jobs that are there are handled and settled, as many at a time as the parameter says; the time for one, ns. */
export function handle(open: OpenJobs): Setup {
  return async context => {
    await using queue = await open(queueName());
    const [count, concurrency] = [context.number('jobs'), context.number('at a time')];
    await handled(queue, Math.ceil(count / 4), concurrency);
    return { quantity: ((await handled(queue, count, concurrency)) / count) * 1e6 };
  };
}

/** Sends with so many under way at a time. */
export async function sendAll(queue: JobQueue, all: readonly Job[], inFlight: number): Promise<void> {
  let next = 0;
  const sender = async (): Promise<void> => {
    for (let job = all[next++]; job !== undefined; job = all[next++]) await queue.send(job);
  };
  await Promise.all(Array.from({ length: inFlight }, sender));
}

/** How long it takes until so many jobs that are there are handled and settled, ms. */
async function handled(queue: JobQueue, count: number, concurrency: number): Promise<number> {
  await queue.fill(jobs(count));
  const startMs = performance.now();
  await handleAll(queue, count, concurrency);
  return performance.now() - startMs;
}

/** Handles so many jobs, and comes to its end when they are settled. @throws Error where one came more than once */
export async function handleAll(
  queue: JobQueue,
  count: number,
  concurrency: number,
  handleJob: (job: Job) => void = () => {},
): Promise<void> {
  let left = count;
  const done = Promise.withResolvers<void>();
  const worker = await queue.work(concurrency, job => {
    handleJob(job);
    if (--left === 0) done.resolve();
  });
  await done.promise;
  await worker[Symbol.asyncDispose]();
  if (left !== 0) throw new Error(`Each job must be handled once: ${-left} more were`);
}
