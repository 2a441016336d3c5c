import { makeTasks, type Tasks, type TasksOptions } from '../tasks/create-tasks.ts';
import type { AnyTask } from '../tasks/task.ts';
import { ownProcesses } from './own-processes.ts';

/**
 * The tasks of an application: to send them, to wait for them, and to run them. All of it lies in one partition of the store, so that
 * the end of a task, its result and what follows from it are one commit.
 *
 * @throws TypeError, RangeError
 */
export function createTasks<const Definitions extends Readonly<Record<string, AnyTask>>>(
  options: TasksOptions<Definitions>,
): Tasks<Definitions> {
  return makeTasks({ processes: ownProcesses(options), ...options });
}
