import { bullmqJobs } from './bullmq-jobs.ts';
import { fastqJobs } from './fastq-jobs.ts';
import { graphileJobs } from './graphile-jobs.ts';
import type { JobQueue, OpenJobs } from './job-queue.ts';
import { pgBossJobs } from './pg-boss-jobs.ts';
import { bareJobs, lmdb, lmdbInline, memory, nats, postgres, quorateJobs, redis } from './quorate-jobs.ts';
import { rawJetStreamJobs } from './raw-jetstream-jobs.ts';
import { rawPostgresJobs } from './raw-postgres-jobs.ts';

/** All queues that are compared, by names that can be told to another process. */
export const queueKinds = {
  memory: quorateJobs(memory),
  'memory, bare': bareJobs(memory),
  lmdb: quorateJobs(lmdb),
  'lmdb, inline': quorateJobs(lmdbInline),
  redis: quorateJobs(redis),
  nats: quorateJobs(nats),
  postgres: quorateJobs(postgres),
  bullmq: bullmqJobs,
  'pg-boss': pgBossJobs,
  graphile: graphileJobs,
  fastq: fastqJobs,
  'raw PostgreSQL': rawPostgresJobs,
  'raw JetStream': rawJetStreamJobs,
} as const satisfies Readonly<Record<string, OpenJobs>>;

export type QueueKind = keyof typeof queueKinds;

export function openJobs(kind: QueueKind, name: string): Promise<JobQueue> {
  return queueKinds[kind](name);
}
