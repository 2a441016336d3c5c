import { setTimeout as sleep } from 'node:timers/promises';
import { createQueues, type Queues } from '@quorate/queue';
import type { QueueStore } from '@quorate/core';
import type { Setup } from '../../suite.ts';
import { killed } from '../lock/hand-off.ts';
import { startProcess } from '../lock/processes.ts';
import { queueName } from './job-queue.ts';
import { openStores, type StoreKind } from './quorate-jobs.ts';

/** Where the two workers are, as far as they know. */
export type Distance = 'one machine' | 'two machines';

/** What a process is started with that begins to handle a job and never ends it. */
export interface HangTask {
  readonly kind: StoreKind;
  readonly name: string;
  readonly distance: Distance;
}

/** Between machines the lease's end is what counts; on one machine nobody shall wait for it. */
const leaseMs: Readonly<Record<Distance, number>> = { 'one machine': 600_000, 'two machines': 2000 };

/** Until the successor knows of its neighbour, and listens. Did it not, the time would be longer. */
const settleMs = 600;

/** From the `kill -9` of a process whose handler runs until the handler of another has the same job; ns, the median. */
export function recovery(kind: StoreKind, distance: Distance): Setup {
  return context => {
    return killed(context.number('kills'), async () => {
      const task = { kind, name: queueName(), distance };
      const { store, queues } = await openQueues(task);
      await queues.producer<string>(jobsOf(task)).send('job');
      const { child } = await startProcess('../queue/hanging-process.ts', task);
      const handled = Promise.withResolvers<number>();
      startHandler(queues, task, () => handled.resolve(performance.now()));
      await sleep(settleMs);
      return {
        child,
        handedOver: async () => {
          const atMs = await handled.promise;
          await queues[Symbol.asyncDispose]();
          await store[Symbol.asyncDispose]();
          return atMs;
        },
      };
    });
  };
}

export async function openQueues({
  kind,
  name,
  distance,
}: HangTask): Promise<{ readonly store: QueueStore; readonly queues: Queues }> {
  const store = await openStores[kind](name);
  return {
    store,
    queues: createQueues({ store, ...(distance === 'one machine' ? {} : { processes: false }) }),
  };
}

export function startHandler(queues: Queues, task: HangTask, handle: () => unknown): void {
  queues.consume(jobsOf(task), handle, { leaseMs: leaseMs[task.distance] });
}

function jobsOf({ name }: HangTask): string {
  return `${name}/jobs`;
}
