import type { LockTask, TaskScope } from '../lock-task.ts';

/**
 * Knows the task that runs now, by Node's `AsyncLocalStorage`: with it, what runs in `run` is one task, with everything it awaits,
 * so that deadlocks are found and locks can be entered again without naming tasks.
 *
 * @throws TypeError on a platform without `node:async_hooks`
 */
export function asyncTasks(): TaskScope {
  const hooks = globalThis.process?.getBuiltinModule?.('node:async_hooks');
  if (hooks === undefined) throw new TypeError('Platform must have node:async_hooks: received none');
  const storage = new hooks.AsyncLocalStorage<LockTask>();
  return {
    current: () => storage.getStore(),
    run: (task, run) => storage.run(task, run),
  };
}
