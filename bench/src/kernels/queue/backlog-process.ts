import { readFileSync } from 'node:fs';
import { answerParent } from '../lock/answer-parent.ts';
import { type BacklogPlace, backlogQueue, bytesOfPlace, openPlace } from './backlog-place.ts';
import { jobs } from './job-queue.ts';

/** What is asked of a process that works beside a backlog, or makes one. */
export type BacklogAsk =
  | { readonly place: BacklogPlace }
  /** Puts so many that are ready and so many that will be tomorrow. */
  | { readonly ready: number; readonly delayed: number }
  /** Puts and then claims so many, so many at a time. */
  | { readonly claim: number; readonly atOnce: number }
  | { readonly end: true };

/** What was put. */
export interface BacklogMade {
  /** What the place takes more than when it was empty, for each job, bytes. */
  readonly bytesPerJob: number;
  readonly memory: ProcessMemory;
}

/** What was claimed. */
export interface BacklogClaimed {
  /** Of the claims alone: a lease and a settlement, ms. */
  readonly tookMs: number;
  readonly memory: ProcessMemory;
}

/** The most that a process had in memory, bytes. */
export interface ProcessMemory {
  /** With whatever it shares: the pages of files that are mapped count where they are in memory. */
  readonly peak: number;
  /** What is its own, now. */
  readonly own: number;
}

const dayMs = 86_400_000;
/** Jobs of one call, and calls at a time, while a backlog is made. */
const putCount = 1000;
const putsAtOnce = 4;
const leaseMs = 600_000;

let place: BacklogPlace | undefined;
answerParent(async (ask: BacklogAsk) => {
  if ('end' in ask) return process.exit(0);
  if ('place' in ask) {
    ({ place } = ask);
    return 'ready';
  }
  if (place === undefined) throw new Error('Process must have a place: it has none');
  return 'ready' in ask ? fill(place, ask) : claim(place, ask);
});

/** As a producer sends them: with its headers. The bytes are read when nobody has the queue open any more. */
async function fill(
  where: BacklogPlace,
  { ready, delayed }: { readonly ready: number; readonly delayed: number },
): Promise<BacklogMade> {
  const { createQueues } = await import('@quorate/queue');
  // What an empty queue takes is not a job's: tables, indexes, scripts, files of a fixed size.
  await (await openPlace(where))[Symbol.asyncDispose]();
  const before = await bytesOfPlace(where);
  const store = await openPlace(where);
  const queues = createQueues({ store });
  const producer = queues.producer(backlogQueue);
  const left = { ready, delayed };
  const putter = async (): Promise<void> => {
    while (left.ready + left.delayed > 0) {
      const isDelayed = left.delayed > left.ready;
      const kind = isDelayed ? 'delayed' : 'ready';
      const count = Math.min(putCount, left[kind]);
      left[kind] -= count;
      await producer.sendMany(jobs(count), isDelayed ? { delayMs: dayMs } : {});
    }
  };
  await Promise.all(Array.from({ length: putsAtOnce }, putter));
  const memory = memoryNow();
  await queues[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  return { bytesPerJob: ((await bytesOfPlace(where)) - before) / (ready + delayed), memory };
}

/** As many as are claimed are put before, at the end of the queue: it stays as long as it is. */
async function claim(
  where: BacklogPlace,
  { claim: count, atOnce }: { readonly claim: number; readonly atOnce: number },
): Promise<BacklogClaimed> {
  await using store = await openPlace(where);
  const round = async (): Promise<number> => {
    const put = jobs(atOnce).map(job => ({
      queue: backlogQueue,
      message: { body: Buffer.from(JSON.stringify(job)) },
    }));
    await store.put(put);
    const startMs = performance.now();
    const leases = await store.lease(backlogQueue, { messagesMax: atOnce, leaseMs, owner: 'bench' });
    const settled = await store.settle(leases.map(lease => ({ lease, action: { type: 'acknowledge' } })));
    const tookMs = performance.now() - startMs;
    const done = settled.filter(({ outcome }) => outcome === 'applied').length;
    if (done !== atOnce) throw new Error(`Each claim must give ${atOnce} jobs: one gave ${done}`);
    return tookMs;
  };
  // Connections, scripts, plans and compiled code come with the first.
  for (let warm = 0; warm < count / 4; warm += atOnce) await round();
  let tookMs = 0;
  for (let claimed = 0; claimed < count; claimed += atOnce) tookMs += await round();
  return { tookMs, memory: memoryNow() };
}

/** By /proc where there is one. */
function memoryNow(): ProcessMemory {
  const peak = process.resourceUsage().maxRSS * 1024;
  try {
    const status = readFileSync('/proc/self/status', 'latin1');
    return { peak, own: Number(/^RssAnon:\s*(\d+)/m.exec(status)?.[1]) * 1024 };
  } catch {
    return { peak, own: process.memoryUsage().rss };
  }
}
