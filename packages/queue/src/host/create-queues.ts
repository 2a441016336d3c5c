import { makeQueues, type Queues } from '../create-queues.ts';
import type { QueuesOptions } from '../queues-options.ts';
import { ownProcesses } from './own-processes.ts';

/**
 * Makes producers and consumers over a QueueStore. Opens nothing yet.
 *
 * @throws TypeError
 */
export function createQueues(options: QueuesOptions): Queues {
  return makeQueues({ processes: ownProcesses(options), ...options });
}
