import { createTasks, defineTask, type Tasks, unchecked } from '@quorate/queue';
import type { QueueStore } from '@quorate/core';
import { openQueueStore, type StoreAddress } from '../engines.ts';
import { tellParent } from '../replication/told-process.ts';

/** What a worker of these tasks says: that a task's function was called. */
export interface TaskNews {
  readonly ran: 'double' | 'sum';
  readonly attempt: number;
}

/** The task whose function this process never returns from. */
const [addressText, hangs] = process.argv.slice(2);

async function run<Output>(ran: TaskNews['ran'], attempt: number, output: Output): Promise<Output> {
  tellParent({ ran, attempt } satisfies TaskNews);
  return ran === hangs ? new Promise<never>(() => {}) : output;
}

const double = defineTask({
  name: 'double',
  input: unchecked<number>(),
  run: (x, { attempt }) => run('double', attempt, 2 * x),
});
const sum = defineTask({
  name: 'sum',
  input: unchecked<readonly number[]>(),
  run: (numbers, { attempt }) =>
    run(
      'sum',
      attempt,
      numbers.reduce((total, number) => total + number, 0),
    ),
});
const definitions = { double, sum };

/** The application as one process has it. */
export function hangingTasks(store: QueueStore): Tasks<typeof definitions> {
  return createTasks({ store, name: 'app', tasks: definitions });
}

if (process.send !== undefined && addressText !== undefined && import.meta.main) {
  const store = await openQueueStore(JSON.parse(addressText) as StoreAddress);
  // Longer than the test may take: nothing comes back by the end of its lease.
  hangingTasks(store).work({ concurrency: 3, leaseMs: 600_000 });
  process.on('disconnect', () => process.exit());
  process.send({ said: 'ready' });
}
