import { type Clock, ManualClock, type QueueStore, type Random, seededRandom } from '@quorate/core';
import { createMemoryQueueStore, type MemoryQueueStore } from '@quorate/engine-memory';
import {
  type AnyTask,
  createTasks,
  type TaskEvent,
  type Tasks,
  type TasksOptions,
  type TaskWorkOptions,
  type Work,
} from '../../src/index.ts';
import { turn } from '../queue-stand.ts';

/** Several processes of one application, with time that moves when it is told to. */
export class TaskStand {
  readonly clock: ManualClock = new ManualClock({ wallMs: 1_790_000_000_000 });
  readonly random: Random;
  readonly store: MemoryQueueStore;
  readonly events: TaskEvent[] = [];
  readonly #works: Work[] = [];
  #count = 0;

  constructor(seed = 1, options: { readonly bodyMaxBytes?: number } = {}) {
    this.random = seededRandom(seed);
    this.store = createMemoryQueueStore({ clock: this.clock, random: this.random.fork('store'), ...options });
  }

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
    const work = tasks.work({ leaseMs: 1000, graceMs: 100, schedules: false, onTask, ...options });
    this.#works.push(work);
    return work;
  }

  /** What happened to tasks, in words. */
  get story(): readonly string[] {
    return this.events.map(({ type, task, attempt }) => `${task} ${type} ${attempt}`);
  }

  async pass(durationMs: number, stepMs = 50): Promise<void> {
    for (let leftMs = durationMs; leftMs > 0; leftMs -= stepMs) {
      await turn();
      this.clock.advance(Math.min(stepMs, leftMs));
    }
    await turn();
  }

  /** Lets time pass until a promise has settled. */
  async until<Value>(promise: Promise<Value>, limitMs = 120_000, stepMs = 50): Promise<Value> {
    const state = { isSettled: false };
    const settle = (): void => {
      state.isSettled = true;
    };
    promise.then(settle, settle);
    for (let passedMs = 0; passedMs < limitMs; passedMs += stepMs) {
      await turn();
      if (state.isSettled) return promise;
      this.clock.advance(stepMs);
    }
    throw new Error(`Not settled within ${limitMs} ms`);
  }

  /** Ends all workers and the store; nothing is left of them. */
  async close(): Promise<void> {
    await this.until(Promise.all(this.#works.map(work => work[Symbol.asyncDispose]())));
    await this.store[Symbol.asyncDispose]();
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
