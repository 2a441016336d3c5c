import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { defineTask, unchecked } from '../../src/index.ts';
import { TaskStand } from './task-stand.ts';

let stand: TaskStand;

beforeEach(() => {
  stand = new TaskStand();
});

afterEach(() => stand.close());

test('workers tell of their tasks on a channel of diagnostics, whether they are asked to or not', async () => {
  const flaky = defineTask({
    name: 'flaky',
    input: unchecked<number>(),
    retry: { attemptsMax: 2, delayMs: 10 },
    run(failures, { attempt }) {
      if (attempt <= failures) throw new Error(`no ${attempt}`);
    },
  });
  const heard: unknown[] = [];
  const listen = (event: unknown): void => void heard.push(event);
  const tasks = stand.tasks({ flaky });
  subscribe('quorate:queue:task', listen);
  stand.endsWith(tasks.work({ leaseMs: 1000, schedules: false }));
  const once = await tasks.flaky.send(1);
  await stand.until(once.result());
  const never = await tasks.flaky.send(2);
  await stand.until(never.result().catch(() => {}));
  unsubscribe('quorate:queue:task', listen);
  await stand.until((await tasks.flaky.send(0)).result());
  const of = (id: string) => ({ task: 'flaky', id });
  expect(heard).toEqual([
    { ...of(once.id), type: 'started', attempt: 1 },
    { ...of(once.id), type: 'retried', attempt: 1, error: new Error('no 1') },
    { ...of(once.id), type: 'started', attempt: 2 },
    { ...of(once.id), type: 'succeeded', attempt: 2 },
    { ...of(never.id), type: 'started', attempt: 1 },
    { ...of(never.id), type: 'retried', attempt: 1, error: new Error('no 1') },
    { ...of(never.id), type: 'started', attempt: 2 },
    { ...of(never.id), type: 'failed', attempt: 2, error: new Error('no 2') },
  ]);
});
