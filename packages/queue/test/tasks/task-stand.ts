import type { Clock, QueueStore } from '@quorate/core';
import {
  type AnyTask,
  createTasks,
  type TaskEvent,
  type Tasks,
  type TasksOptions,
  type TaskWorkOptions,
  type Work,
} from '../../src/index.ts';
import { Stand } from '../stand.ts';

/** Several processes of one application, with time that moves when it is told to. */
export class TaskStand extends Stand {
  readonly events: TaskEvent[] = [];
  #count = 0;

  /** The application as one process has it. */
  tasks<const Definitions extends Readonly<Record<string, AnyTask>>>(
    tasks: Definitions,
    options: Partial<TasksOptions<Definitions>> = {},
  ): Tasks<Definitions> {
    return createTasks<Definitions>({
      store: this.store.open() as QueueStore,
      clock: this.clock as Clock,
      random: this.random.fork(`process ${this.#count++}`),
      name: 'app',
      tasks,
      ...options,
    });
  }

  /** A worker that ends with the stand. */
  work(tasks: { work(options: TaskWorkOptions): Work }, options: TaskWorkOptions = {}): Work {
    const onTask = (event: TaskEvent): void => void this.events.push(event);
    return this.endsWith(tasks.work({ leaseMs: 1000, graceMs: 100, schedules: false, onTask, ...options }));
  }

  /** What happened to tasks, in words. */
  get story(): readonly string[] {
    return this.events.map(({ type, task, attempt }) => `${task} ${type} ${attempt}`);
  }
}

/** A store, parts of which are others. */
export function wrapped(store: QueueStore, parts: Partial<QueueStore>): QueueStore {
  return new Proxy(store, {
    get(target, name) {
      if (Object.hasOwn(parts, name)) return Reflect.get(parts, name);
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
