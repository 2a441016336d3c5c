import { setTimeout as sleep } from 'node:timers/promises';
import { urlOf } from '../store/services.ts';
import type { Job, JobQueue, OpenJobs } from './job-queue.ts';
import { looping } from './looping.ts';

/** How long a worker that found nothing rests, ms: less than pg-boss itself lets one wait. */
const restMs = 2;

/**
 * pg-boss by its own verbs: fetched and completed in batches of as many as may be under way, since its `work` looks for jobs twice a
 * second at most.
 */
export const pgBossJobs: OpenJobs = async (name): Promise<JobQueue> => {
  const { PgBoss } = await import('pg-boss');
  const boss = new PgBoss({ connectionString: urlOf('postgres'), schedule: false, supervise: false });
  boss.on('error', () => {});
  await boss.start();
  await boss.createQueue(name);
  return {
    send: async job => boss.send(name, job),
    async fill(all) {
      for (let from = 0; from < all.length; from += 1000) {
        await boss.insert(
          name,
          all.slice(from, from + 1000).map(data => ({ data })),
        );
      }
    },
    async work(concurrency, handle) {
      return looping(async () => {
        const found = await boss.fetch<Job>(name, { batchSize: concurrency });
        for (const { data } of found) handle(data);
        const ids = found.map(({ id }) => id);
        if (found.length === 0) await sleep(restMs);
        else await boss.complete(name, ids);
      });
    },
    async [Symbol.asyncDispose]() {
      await boss.stop({ graceful: false });
    },
  };
};
