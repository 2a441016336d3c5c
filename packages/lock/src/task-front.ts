import type { AcquireOptions } from './lock.ts';
import { OwnTask, ownTask, type TaskScope } from './lock-task.ts';

/** Who acts: the tasks of one manager. */
export class TaskFront {
  readonly isReentrant: boolean;
  readonly #scope: TaskScope | undefined;
  readonly #client: string;
  #count = 0;

  constructor(client: string, scope: TaskScope | undefined, isReentrant: boolean) {
    this.#client = client;
    this.#scope = scope;
    this.isReentrant = isReentrant;
  }

  /** Whether a task can be found that was not given. */
  get isScoped(): boolean {
    return this.#scope !== undefined;
  }

  make(label?: string): OwnTask {
    const id = `${this.#client}.${++this.#count}`;
    return new OwnTask(id, label ?? id);
  }

  /** @throws TypeError */
  taskOf({ task }: AcquireOptions): OwnTask | undefined {
    return ownTask(task ?? this.#scope?.current());
  }

  /** Runs it as one task, where tasks are kept: the present one, or a new one named after what it is about to hold. */
  run<Result>(name: string, options: AcquireOptions, use: (options: AcquireOptions) => Result): Result {
    const task = this.taskOf(options) ?? (this.#scope === undefined ? undefined : this.make(name));
    if (task === undefined) return use(options);
    const own = { ...options, task };
    return this.#scope === undefined ? use(own) : this.#scope.run(task, () => use(own));
  }
}
