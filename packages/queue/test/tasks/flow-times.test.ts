import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defineTask, unchecked } from '../../src/index.ts';
import { TaskStand } from './task-stand.ts';

let stand: TaskStand;

beforeEach(() => {
  stand = new TaskStand();
});

afterEach(() => stand.close());

describe('a group that outlives `flowTtlMs`', () => {
  /** What each member waits for before it ends. */
  const gates = new Map<number, () => void>();
  const wait = defineTask({
    name: 'wait',
    input: unchecked<number>(),
    run: index => new Promise<number>(resolve => gates.set(index, () => resolve(index))),
  });

  test('fails where a member’s result is gone by its end, and gives no other in its place', async () => {
    const tasks = stand.tasks({ wait }, { flowTtlMs: 10_000 });
    const inputs = Array.from({ length: 33 }, (_, index) => index);
    const handle = await tasks.map(tasks.wait, inputs).send();
    const result = handle.result();
    result.catch(() => {});
    stand.work(tasks, { concurrency: 40 });
    await stand.pass(500);
    const end = (isTurn: (index: number) => boolean): void => {
      for (const index of inputs.filter(isTurn)) gates.get(index)?.();
    };
    // Three parts: of the second, one ends late and one last, so that what is ticked off lasts longer than the first results.
    end(index => index % 3 > 0 && index !== 1 && index !== 4);
    await stand.pass(6000);
    end(index => index % 3 === 0 || index === 1);
    await stand.pass(6000);
    expect(await handle.status()).toEqual({ state: 'running' });
    end(() => true);
    await expect(stand.until(result)).rejects.toMatchObject({
      code: 'TASK_FAILED',
      cause: { code: 'TASK_GONE' },
    });
  });

  test('is gone, and whoever waits is told', async () => {
    const tasks = stand.tasks({ wait }, { flowTtlMs: 10_000 });
    const handle = await tasks.map(tasks.wait, [1, 2]).send();
    await expect(stand.until(handle.result())).rejects.toMatchObject({ code: 'TASK_GONE' });
  });
});
