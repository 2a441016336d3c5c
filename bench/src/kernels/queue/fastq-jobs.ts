import type { Job, JobQueue, OpenJobs } from './job-queue.ts';

/** fastq: a queue in memory that knows no leases, no failures and no other process. */
export const fastqJobs: OpenJobs = async (): Promise<JobQueue> => {
  const { promise: fastq } = await import('fastq');
  let handler: (job: Job) => void = () => {};
  const queue = fastq(async (job: Job) => handler(job), 1);
  queue.pause();
  return {
    async send(job) {
      void queue.push(job);
    },
    async fill(all) {
      for (const job of all) void queue.push(job);
    },
    async work(concurrency, handle) {
      handler = handle;
      queue.concurrency = concurrency;
      queue.resume();
      return {
        async [Symbol.asyncDispose]() {
          queue.pause();
        },
      };
    },
    async [Symbol.asyncDispose]() {
      queue.kill();
    },
  };
};
