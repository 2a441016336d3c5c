import { urlOf } from '../store/services.ts';
import type { Job, JobQueue, OpenJobs } from './job-queue.ts';

/** Connections of each pool. */
const poolSize = 10;

/** graphile-worker; its workers take jobs for each other in batches (`localQueue`), as its documentation says for throughput. */
export const graphileJobs: OpenJobs = async (name): Promise<JobQueue> => {
  const { Logger, makeWorkerUtils, run } = await import('graphile-worker');
  const { Pool } = await import('pg');
  const pgPool = new Pool({ connectionString: urlOf('postgres'), max: poolSize });
  pgPool.on('error', () => {});
  pgPool.on('connect', client => void client.on('error', () => {}));
  const logger = new Logger(() => () => {});
  const utils = await makeWorkerUtils({ pgPool, logger });
  await utils.migrate();
  return {
    send: async job => utils.addJob(name, job),
    async fill(all) {
      for (let from = 0; from < all.length; from += 1000) {
        await utils.addJobs(
          all.slice(from, from + 1000).map(payload => ({ identifier: name, payload })),
          false,
        );
      }
    },
    async work(concurrency, handle) {
      const runner = await run({
        pgPool,
        logger,
        concurrency,
        noHandleSignals: true,
        pollInterval: 1000,
        taskList: { [name]: async payload => handle(payload as Job) },
        preset: { worker: { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
      });
      return { [Symbol.asyncDispose]: async () => runner.stop() };
    },
    async [Symbol.asyncDispose]() {
      await utils.release();
      await pgPool.end();
    },
  };
};
