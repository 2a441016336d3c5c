import { urlOf } from '../store/services.ts';
import type { Job, JobQueue, OpenJobs } from './job-queue.ts';

/** JetStream by its own client: a stream whose messages go when they are acknowledged, and one pull consumer. */
export const rawJetStreamJobs: OpenJobs = async (name): Promise<JobQueue> => {
  const { connect } = await import('@nats-io/transport-node');
  const { AckPolicy, jetstream, jetstreamManager, RetentionPolicy } = await import('@nats-io/jetstream');
  const connection = await connect({ servers: urlOf('nats') });
  const manager = await jetstreamManager(connection);
  const stream = jetstream(connection);
  await manager.streams.add({ name, subjects: [name], retention: RetentionPolicy.Workqueue });
  await manager.consumers.add(name, {
    durable_name: 'worker',
    ack_policy: AckPolicy.Explicit,
    max_ack_pending: 1000,
  });
  const bytes = (job: Job): string => JSON.stringify(job);
  return {
    send: async job => stream.publish(name, bytes(job)),
    async fill(all) {
      for (let from = 0; from < all.length; from += 200) {
        await Promise.all(all.slice(from, from + 200).map(async job => stream.publish(name, bytes(job))));
      }
    },
    async work(concurrency, handle) {
      const consumer = await stream.consumers.get(name, 'worker');
      const messages = await consumer.consume({ max_messages: 1000 });
      const working = (async (): Promise<void> => {
        for await (const message of messages) {
          handle(message.json<Job>());
          message.ack();
        }
      })();
      return {
        async [Symbol.asyncDispose]() {
          await messages.close();
          await working;
          await connection.flush();
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await manager.streams.delete(name);
      await connection.close();
    },
  };
};
