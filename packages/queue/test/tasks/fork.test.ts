import { afterEach, beforeEach, describe, expect, expectTypeOf, test } from 'vitest';
import { defineTask, type Flow, unchecked } from '../../src/index.ts';
import { TaskStand, wrapped } from './task-stand.ts';

let stand: TaskStand;

beforeEach(() => {
  stand = new TaskStand();
});

afterEach(() => stand.close());

const split = defineTask({
  name: 'split',
  input: unchecked<string>(),
  run: text => ({ text, words: text.split(' ') }),
});
const upper = defineTask({ name: 'upper', input: unchecked<string>(), run: text => text.toUpperCase() });
const count = defineTask({
  name: 'count',
  input: unchecked<readonly unknown[]>(),
  run: items => items.length,
});
const fail = defineTask({
  name: 'fail',
  input: unchecked<unknown>(),
  retry: { attemptsMax: 1 },
  run(): never {
    throw new Error('no');
  },
});
const all = { split, upper, count, fail };

describe('a flow that forks', () => {
  test('goes on side by side after one, and joins', async () => {
    const tasks = stand.tasks(all);
    const forked = tasks
      .chain(tasks.split.with('to be'))
      .fork(page => [tasks.upper.from(page.text), tasks.count.from(page.words), tasks.upper.with('x')]);
    expectTypeOf(forked).toEqualTypeOf<Flow<[string, number, string]>>();
    stand.work(tasks, { concurrency: 3 });
    expect(await stand.until((await forked.send()).result())).toEqual(['TO BE', 2, 'X']);
    const joined = forked.pipe(tasks.count, results => [results[1], results[0]]);
    expect(await stand.until((await joined.send()).result())).toBe(2);
  });

  test('after a group, after a fork, and after nothing', async () => {
    const tasks = stand.tasks(all);
    stand.work(tasks, { concurrency: 30 });
    stand.work(stand.tasks(all), { concurrency: 30 });
    const chained = tasks
      .map(tasks.upper, ['a', 'b'])
      .fork(pair => Array.from({ length: 100 }, (_, index) => tasks.upper.from(pair[index % 2] ?? '')))
      .fork(hundred => [tasks.count.from(hundred), tasks.upper.from(hundred[99] ?? '')]);
    expect(await stand.until((await chained.send()).result())).toEqual([100, 'B']);
    const none = tasks
      .map(tasks.upper, [])
      .fork(nothing => [tasks.count.from(nothing), tasks.upper.with('y')]);
    expect(await stand.until((await none.send()).result())).toEqual([0, 'Y']);
  });

  test('takes the result before it apart as any tuple, and a group’s to its end', async () => {
    const tasks = stand.tasks(all);
    stand.work(tasks, { concurrency: 3 });
    const pair = tasks.group([tasks.upper.with('a'), tasks.count.with([1, 2])]);
    const joined = pair.pipe(tasks.count, ([letter, number]) => [letter, number]);
    expect(await stand.until((await joined.send()).result())).toBe(2);
    const each = tasks
      .map(tasks.upper, ['a', 'b', 'c'])
      .fork(letters => [...letters].map(letter => tasks.upper.from(letter)))
      .fork(letters => [...letters].map(letter => tasks.split.from(letter)))
      .fork(([, second]) => [tasks.count.from(second?.words ?? [])]);
    expect(await stand.until((await each.send()).result())).toEqual([1]);
    const split = tasks.chain(tasks.split.with('to be'));
    expect(() => split.fork(({ words }) => [...words].map(word => tasks.upper.from(word)))).toThrow(
      new TypeError('Result of a step cannot be gone through to its end: how long it is is not known yet'),
    );
  });

  test('fails with the first of its members that fails', async () => {
    const tasks = stand.tasks(all);
    stand.work(tasks, { concurrency: 2 });
    const flow = tasks
      .chain(tasks.upper.with('a'))
      .fork(text => [tasks.fail.from(text), tasks.upper.from(text)])
      .pipe(tasks.count);
    await expect(stand.until((await flow.send()).result())).rejects.toMatchObject({
      code: 'TASK_FAILED',
      cause: { message: 'no' },
    });
    await stand.pass(1000);
    expect(stand.story.filter(line => line.startsWith('count'))).toEqual([]);
  });

  test('into more than one commit takes fails, and does not loop', async () => {
    const tasks = stand.tasks(all);
    stand.work(tasks);
    const flow = tasks
      .chain(tasks.upper.with('x'.repeat(500_000)))
      .fork(text => Array.from({ length: 40 }, () => tasks.upper.from(text)));
    await expect(stand.until((await flow.send()).result())).rejects.toMatchObject({
      code: 'TASK_FAILED',
      cause: { message: 'Inputs of a fork must be at most 16777216 bytes together: received 20000080' },
    });
  });

  test('that the engine takes in no commit fails at once with what it says, and repeats no work', async () => {
    const store = wrapped(stand.store.open(), {
      async settle(settlements) {
        const isLarge = settlements.some(({ puts = [] }) => puts.length > 2);
        if (isLarge) throw new RangeError('Settlement must fit a message');
        return stand.store.settle(settlements);
      },
    });
    const tasks = stand.tasks(all, { store });
    stand.work(tasks);
    const flow = tasks
      .chain(tasks.upper.with('a'))
      .fork(text => Array.from({ length: 3 }, () => tasks.upper.from(text)));
    await expect(stand.until((await flow.send()).result())).rejects.toMatchObject({
      code: 'TASK_FAILED',
      cause: { message: 'Settlement must fit a message' },
    });
    await stand.pass(60_000, 1000);
    expect(stand.story).toEqual(['upper started 1', 'upper succeeded 1', 'upper failed 1']);
  });

  test('of nothing, of too much, or of flows is refused', () => {
    const tasks = stand.tasks(all);
    const chain = tasks.chain(tasks.upper.with('a'));
    expect(() => chain.fork(() => [])).toThrow(new RangeError('Fork must have 1 to 100 tasks: received 0'));
    const many = Array.from({ length: 101 }, () => tasks.upper.with('x'));
    expect(() => chain.fork(() => many)).toThrow('Fork must have 1 to 100 tasks: received 101');
    expect(() => tasks.group([chain as never])).toThrow(
      'Step of a flow must be a task with its input, such as tasks.add.with(input): received a flow',
    );
    expect(() => tasks.chain(undefined as never)).toThrow('received undefined');
  });
});
