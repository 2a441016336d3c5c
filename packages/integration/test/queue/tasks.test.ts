import type { QueueStore } from '@quorate/core';
import { createTasks, defineTask, type Tasks, unchecked } from '@quorate/queue';
import { skipReason } from '@quorate/servers';
import { describe, expect, test } from 'vitest';
import { engines, openQueueStore, startEngine } from '../engines.ts';

const wait = { deadlineMs: 60_000 };

const add = defineTask({
  name: 'add',
  input: unchecked<{ x: number; y: number }>(),
  run: ({ x, y }) => x + y,
});
const sum = defineTask({
  name: 'sum',
  input: unchecked<readonly number[]>(),
  run: numbers => numbers.reduce((total, number) => total + number, 0),
});
const fail = defineTask({
  name: 'fail',
  input: unchecked<null>(),
  retry: { attemptsMax: 2, delayMs: 20 },
  run(_input, { attempt }): never {
    throw new RangeError(`attempt ${attempt}`);
  },
});
const stay = defineTask({
  name: 'stay',
  input: unchecked<null>(),
  run: async (_input, { signal, progress }) => {
    await progress('here');
    return new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
  },
});
const definitions = { add, sum, fail, stay };

/** The application as one process has it. */
function application(store: QueueStore): Tasks<typeof definitions> {
  return createTasks({ store, name: 'app', tasks: definitions });
}

/** Waits until the task says that it runs: it may be with a worker before it does. */
async function untilHere(handle: { progress(): Promise<unknown> }): Promise<void> {
  await expect.poll(() => handle.progress(), { timeout: 60_000 }).toBe('here');
}

describe('tasks', () => {
  for (const { name, program } of engines) {
    const reason = program === undefined ? undefined : skipReason(program);
    test.skipIf(reason !== undefined)(
      `on ${name} (needs it${reason === undefined ? '' : `, ${reason}`})`,
      { timeout: 180_000 },
      async () => {
        await using stand = await startEngine(name);
        await using store = await openQueueStore(stand.address);
        await using other = await openQueueStore(stand.address);
        const [tasks, remote] = [application(store), application(other)];
        await using first = remote.work({ concurrency: 10 });
        await using second = application(other).work({ concurrency: 10 });

        const sums = await Promise.all(
          Array.from({ length: 100 }, async (_, x) => (await tasks.add.send({ x, y: 1 })).result(wait)),
        );
        expect(sums).toEqual(Array.from({ length: 100 }, (_, x) => x + 1));

        await expect((await tasks.fail.send(null)).result(wait)).rejects.toMatchObject({
          code: 'TASK_FAILED',
          retryable: true,
          cause: { name: 'RangeError', message: 'attempt 2' },
        });

        const staying = await tasks.stay.send(null);
        await untilHere(staying);
        expect(await staying.status()).toMatchObject({ state: 'running', attempts: 1 });
        expect(await staying.cancel()).toBe(true);
        await expect(staying.result(wait)).rejects.toMatchObject({ code: 'TASK_CANCELLED' });

        const dedupe = { id: 'one', ttlMs: 600_000 };
        const [once, twice] = [
          await tasks.add.send({ x: 1, y: 1 }, { dedupe }),
          await remote.add.send({ x: 5, y: 5 }, { dedupe }),
        ];
        expect([once.duplicate, twice.duplicate]).toEqual([false, true]);
        expect(await twice.result(wait)).toBe(2);

        const flow = tasks.map(
          tasks.add,
          Array.from({ length: 60 }, (_, x) => ({ x, y: 0 })),
        );
        const joined = flow.pipe(tasks.sum).pipe(tasks.add, total => ({ x: total, y: 1 }));
        if (store.capabilities.atomicSettle) expect(await (await joined.send()).result(wait)).toBe(1771);
        else await expect(joined.send()).rejects.toMatchObject({ code: 'UNSUPPORTED' });

        const step = tasks.add.with({ x: 2, y: 2 });
        const { nextAtMs = 0 } = await tasks.schedules.add({ id: 'often', step, everyMs: 500 });
        const slot = tasks.handle(`often@${nextAtMs}`);
        await expect.poll(async () => (await slot.status()).state, { timeout: 60_000 }).toBe('succeeded');
        expect(await slot.result(wait)).toBe(4);
        expect(await tasks.schedules.remove('often')).toBe(true);

        await Promise.all([first.drain(wait), second.drain(wait)]);
      },
    );
  }
});
