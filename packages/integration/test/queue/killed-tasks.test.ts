import { fileURLToPath } from 'node:url';
import { type QueueStore, sleep, systemClock } from '@quorate/core';
import { skipReason } from '@quorate/servers';
import { describe, expect, test } from 'vitest';
import { engines, openQueueStore, startEngine, type StoreAddress } from '../engines.ts';
import { ToldProcess } from '../replication/told-process.ts';
import { hangingTasks, type TaskNews } from './hanging-tasks.ts';

const program = fileURLToPath(new URL('hanging-tasks.ts', import.meta.url));
const wait = { deadlineMs: 60_000 };

/** A process that works on tasks, and what it said. */
class TaskWorker implements AsyncDisposable {
  readonly news: TaskNews[] = [];
  readonly #process: ToldProcess<never, TaskNews>;

  /** @param hangs the task that it never ends */
  constructor(address: StoreAddress, hangs: TaskNews['ran'] | 'none') {
    this.#process = new ToldProcess<never, TaskNews>(
      [process.execPath, program, JSON.stringify(address), hangs],
      each => this.news.push(each),
      () => {},
    );
  }

  ready(): Promise<void> {
    return this.#process.ready();
  }

  /** Waits until it has said so much. */
  async running(count: number): Promise<readonly TaskNews[]> {
    while (this.news.length < count) await sleep(systemClock, 5);
    return this.news;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#process.kill();
  }
}

/** Waits until so many processes are known to each other. */
async function known(store: QueueStore, count: number): Promise<void> {
  for (;;) {
    const { items } = await store.state.scan('app/');
    if (items.filter(({ key }) => key.includes('/~owners/')).length >= count) return;
    await sleep(systemClock, 5);
  }
}

describe('tasks and flows whose workers are killed at it come to their results', () => {
  for (const { name, program: needed } of engines) {
    const reason = needed === undefined ? undefined : skipReason(needed);
    test.skipIf(reason !== undefined)(
      `on ${name} (needs it${reason === undefined ? '' : `, ${reason}`})`,
      { timeout: 180_000 },
      async () => {
        await using stand = await startEngine(name);
        await using store = await openQueueStore(stand.address);
        const tasks = hangingTasks(store);
        const { double, sum } = tasks;
        const inputs = [1, 2, 3];
        const flow = store.capabilities.atomicSettle
          ? await tasks.map(double, inputs).pipe(sum).send()
          : undefined;
        const each = flow === undefined ? await Promise.all(inputs.map(x => double.send(x))) : [];

        const first = new TaskWorker(stand.address, 'double');
        expect(await first.running(3)).toEqual(inputs.map(() => ({ ran: 'double', attempt: 1 })));
        const second = new TaskWorker(stand.address, 'sum');
        await second.ready();
        await known(store, 2);
        await first[Symbol.asyncDispose]();
        const again = await second.running(3);
        expect(again.slice(0, 3)).toEqual(inputs.map(() => ({ ran: 'double', attempt: 2 })));

        const joined = flow ?? (await sum.send(await Promise.all(each.map(handle => handle.result(wait)))));
        expect((await second.running(4))[3]).toEqual({ ran: 'sum', attempt: 1 });
        await using third = new TaskWorker(stand.address, 'none');
        await third.ready();
        await known(store, 2);
        await second[Symbol.asyncDispose]();
        expect(await joined.result(wait)).toBe(12);
        expect(third.news).toEqual([{ ran: 'sum', attempt: 2 }]);
      },
    );
  }
});
