import { urlOf } from '../store/services.ts';
import type { Job, JobQueue, OpenJobs } from './job-queue.ts';

/** BullMQ as its documentation has it; jobs that are done are removed. */
export const bullmqJobs: OpenJobs = async (name): Promise<JobQueue> => {
  const { Queue, Worker } = await import('bullmq');
  const { Redis } = await import('ioredis');
  const connect = (): InstanceType<typeof Redis> => new Redis(urlOf('redis'), { maxRetriesPerRequest: null });
  const clients = [connect()];
  const queue = new Queue(name, { connection: clients[0]!, defaultJobOptions: { removeOnComplete: true } });
  await queue.waitUntilReady();
  return {
    send: async job => queue.add('job', job),
    async fill(all) {
      for (let from = 0; from < all.length; from += 1000) {
        await queue.addBulk(all.slice(from, from + 1000).map(data => ({ name: 'job', data })));
      }
    },
    async work(concurrency, handle) {
      const client = connect();
      clients.push(client);
      const worker = new Worker(name, async ({ data }) => handle(data as Job), {
        connection: client,
        concurrency,
      });
      return { [Symbol.asyncDispose]: async () => worker.close() };
    },
    async [Symbol.asyncDispose]() {
      await queue.close();
      for (const client of clients) client.disconnect();
    },
  };
};
