import type { QueueInput, QueueOutput } from '../../src/linearizability/models/fifo-queue.ts';
import type { Operation } from '../../src/operation.ts';

/**
 * So many values are enqueued at once, and then one comes out that was never put in: every order of all of them has to be
 * tried before that is known.
 */
export function hardHistory(values: number): Operation<QueueInput, QueueOutput>[] {
  const history: Operation<QueueInput, QueueOutput>[] = Array.from({ length: values }, (_, value) => ({
    process: value,
    input: { type: 'enqueue', value },
    invokedAt: 0,
    returnedAt: 10,
  }));
  history.push({ process: 0, input: { type: 'dequeue' }, output: 'stranger', invokedAt: 20, returnedAt: 21 });
  return history;
}
