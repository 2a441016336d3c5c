/** What happens to a task, as `@quorate/queue` tells it. */
export interface TaskEvent {
  readonly type: string;
  readonly task: string;
  readonly id: string;
  readonly attempt: number;
  readonly error?: unknown;
}

/** What a worker is told beside its tasks: only failed calls of the store matter here. */
export interface WorkEvent {
  readonly type: string;
  readonly error?: unknown;
}

/** Tasks being run. */
export interface Work extends AsyncDisposable {
  readonly queue: string;
  readonly done: Promise<void>;
  drain(options?: { readonly deadlineMs?: number }): Promise<void>;
}

/** What `createTasks` of `@quorate/queue` gives, as far as a worker needs it: the command has no version of its own of it. */
export interface Application {
  readonly name: string;
  work(options: {
    readonly concurrency: number;
    readonly leaseMs: number;
    readonly onTask: (event: TaskEvent) => void;
    readonly onEvent: (event: WorkEvent) => void;
  }): Work;
}

export function isApplication(value: unknown): value is Application {
  if (typeof value !== 'object' || value === null) return false;
  const { name, work } = value as Partial<Application>;
  return typeof name === 'string' && typeof work === 'function';
}
