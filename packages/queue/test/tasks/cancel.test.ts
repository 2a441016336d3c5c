import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defineTask, unchecked } from '../../src/index.ts';
import { TaskStand } from './task-stand.ts';

let stand: TaskStand;

beforeEach(() => {
  stand = new TaskStand();
});

afterEach(() => stand.close());

describe('cancelling', () => {
  const seen: unknown[] = [];
  const wait = defineTask({
    name: 'wait',
    input: unchecked<'heed' | 'ignore' | 'end'>(),
    run: (how, { signal }) =>
      new Promise<string>((resolve, reject) => {
        signal.addEventListener('abort', () => {
          seen.push((signal.reason as { code: string }).code);
          if (how === 'heed') reject(signal.reason as Error);
          if (how === 'end') resolve('done all the same');
        });
      }),
  });

  beforeEach(() => {
    seen.length = 0;
  });

  test('what has not started is not run, whatever it waits for', async () => {
    const tasks = stand.tasks({ wait, keyed: defineTask({ ...wait, name: 'keyed', key: () => 'k' }) });
    const handles = [
      await tasks.wait.send('heed'),
      await tasks.wait.send('heed', { delayMs: 5000 }),
      await tasks.keyed.send('heed'),
      await tasks.keyed.send('heed'),
    ];
    expect((await handles[3]?.status())?.state).toBe('held');
    for (const handle of handles) expect(await handle.cancel()).toBe(true);
    stand.work(tasks, { concurrency: 4 });
    await stand.pass(10_000);
    expect(stand.story).toEqual([]);
    for (const handle of handles) expect(await handle.status()).toEqual({ state: 'cancelled' });
  });

  test('of what a worker has fetched and not started: it is acknowledged without a run', async () => {
    const tasks = stand.tasks({ wait });
    const first = await tasks.wait.send('heed');
    const second = await tasks.wait.send('heed');
    stand.work(stand.tasks({ wait }), { concurrency: 1, prefetch: 1 });
    await stand.pass(200);
    expect(await second.status()).toMatchObject({ state: 'running', attempts: 0 });
    expect(await second.cancel()).toBe(true);
    expect(await first.cancel()).toBe(true);
    await expect(stand.until(second.result())).rejects.toMatchObject({ code: 'TASK_CANCELLED' });
    expect(stand.story).toEqual(['wait started 1', 'wait cancelled 1', 'wait cancelled 1']);
    expect((await stand.store.state.scan('app/cancel/')).items).toEqual([]);
  });

  test('what runs in another process has its signal aborted, and is not tried again', async () => {
    const handle = await stand.tasks({ wait }).wait.send('heed');
    stand.work(stand.tasks({ wait }));
    await stand.pass(200);
    expect(await stand.tasks({ wait }).handle(handle.id).cancel()).toBe(true);
    await expect(stand.until(handle.result(), 2000)).rejects.toMatchObject({ code: 'TASK_CANCELLED' });
    expect(seen).toEqual(['TASK_CANCELLED']);
  });

  test('what ends well all the same has succeeded; what never ends is left alone', async () => {
    const tasks = stand.tasks({ wait });
    stand.work(tasks, { concurrency: 2 });
    const [ends, ignores] = [await tasks.wait.send('end'), await tasks.wait.send('ignore')];
    await stand.pass(200);
    await ends.cancel();
    await ignores.cancel();
    expect(await stand.until(ends.result())).toBe('done all the same');
    await expect(stand.until(ignores.result(), 2000)).rejects.toMatchObject({ code: 'TASK_CANCELLED' });
  });

  test('of what has succeeded all the same is not told of when the result has had its time', async () => {
    const tasks = stand.tasks({ wait }, { resultTtlMs: 2000 });
    stand.work(tasks);
    const handle = await tasks.wait.send('end');
    await stand.pass(200);
    await handle.cancel();
    expect(await stand.until(handle.result())).toBe('done all the same');
    await stand.pass(3000);
    expect(await handle.status()).toEqual({ state: 'gone' });
  });

  test('of what waits leaves its result, and no wish for workers to look for', async () => {
    const tasks = stand.tasks({ wait });
    const handle = await tasks.wait.send('heed');
    await handle.cancel();
    expect((await stand.store.state.scan('app/cancel/')).items).toEqual([]);
    expect(await handle.status()).toEqual({ state: 'cancelled' });
  });

  test('of what has ended changes nothing', async () => {
    const tasks = stand.tasks({
      quick: defineTask({ name: 'quick', input: unchecked<null>(), run: () => 1 }),
    });
    stand.work(tasks);
    const handle = await tasks.quick.send(null);
    expect(await stand.until(handle.result())).toBe(1);
    expect(await handle.cancel()).toBe(false);
    expect(await handle.result()).toBe(1);
  });
});
