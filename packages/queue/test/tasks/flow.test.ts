import type { QueueStore } from '@quorate/core';
import { afterEach, beforeEach, describe, expect, expectTypeOf, test } from 'vitest';
import { defineTask, type Flow, unchecked } from '../../src/index.ts';
import { turn } from '../queue-stand.ts';
import { TaskStand } from './task-stand.ts';

let stand: TaskStand;

beforeEach(() => {
  stand = new TaskStand();
});

afterEach(() => stand.close());

type Pair = { x: number; y: number };
const runs: string[] = [];

const add = defineTask({ name: 'add', input: unchecked<Pair>(), run: ({ x, y }) => x + y });
const mul = defineTask({ name: 'mul', input: unchecked<Pair>(), run: ({ x, y }) => x * y });
const sum = defineTask({
  name: 'sum',
  input: unchecked<{ numbers: readonly number[] }>(),
  run: ({ numbers }) => numbers.reduce((total, number) => total + number, 0),
});
const describeIt = defineTask({
  name: 'describe',
  input: unchecked<string>(),
  retry: { attemptsMax: 1 },
  run: text => ({ text, words: text.split(' ') }),
});
const fail = defineTask({
  name: 'fail',
  input: unchecked<unknown>(),
  retry: { attemptsMax: 1 },
  run(input): never {
    throw new Error(`no ${String(input)}`);
  },
});
const note = defineTask({
  name: 'note',
  input: unchecked<string>(),
  run: text => void runs.push(text),
});
const echo = defineTask({
  name: 'echo',
  input: unchecked<{ text: string; words: string[] }>(),
  run: value => value,
});
const all = { add, mul, sum, describe: describeIt, fail, note };

beforeEach(() => {
  runs.length = 0;
});

describe('a chain', () => {
  test('hands each result on, wherever its input wants it', async () => {
    const tasks = stand.tasks(all);
    const flow = tasks
      .chain(tasks.add.with({ x: 1, y: 2 }))
      .pipe(tasks.mul, three => ({ x: three, y: 3 }))
      .pipe(tasks.sum, nine => ({ numbers: [nine, 10, nine] }));
    expectTypeOf(flow).toEqualTypeOf<Flow<number>>();
    const handle = await flow.send();
    expect(await handle.status()).toEqual({ state: 'running' });
    stand.work(tasks);
    stand.work(stand.tasks(all));
    expect(await stand.until(handle.result())).toBe(28);
    expect(await handle.status()).toEqual({ state: 'succeeded' });
    expect((await stand.store.inspect.queues('app/')).items).toEqual([]);
  });

  test('parts of a result, and a result as it is', async () => {
    const tasks = stand.tasks({ ...all, echo });
    stand.work(tasks);
    const described = tasks.chain(tasks.describe.with('to be or'));
    const part = described
      .pipe(tasks.describe, ({ words }) => words[1])
      .pipe(tasks.describe, ({ text }) => text);
    expect(await stand.until((await part.send()).result())).toEqual({ text: 'be', words: ['be'] });
    const whole = tasks
      .chain(tasks.describe.with('same'))
      .pipe(tasks.describe, ({ text }) => text)
      .pipe(tasks.echo);
    expect(await stand.until((await whole.send()).result())).toEqual({ text: 'same', words: ['same'] });
  });

  test('what a path names on a prototype is not there', async () => {
    const tasks = stand.tasks(all);
    stand.work(tasks);
    const flow = tasks
      .chain(tasks.describe.with('a'))
      .pipe(tasks.describe, result => Reflect.get(result, '__proto__') as string);
    await expect(stand.until((await flow.send()).result())).rejects.toMatchObject({
      code: 'TASK_FAILED',
      cause: { message: expect.stringContaining('undefined') },
    });
  });

  test('each step is one commit with the end of the one before', async () => {
    const tasks = stand.tasks(all);
    const handle = await tasks
      .chain(tasks.add.with({ x: 1, y: 2 }))
      .pipe(tasks.mul, three => ({ x: three, y: 3 }))
      .send();
    // Whoever looks at any moment sees exactly one message, or the end.
    const counts: number[] = [];
    const watch = stand.store.state.watch('app/result/', () => {
      void stand.store.inspect.depth('app/queue').then(({ readyCount, leasedCount }) => {
        counts.push(readyCount + leasedCount);
      });
    });
    stand.work(tasks);
    expect(await stand.until(handle.result())).toBe(9);
    await turn();
    watch[Symbol.dispose]();
    expect(counts).toEqual([1, 0]);
  });

  test('fails with the step that fails; what comes after is not run', async () => {
    const tasks = stand.tasks(all);
    stand.work(tasks);
    const flow = tasks
      .chain(tasks.add.with({ x: 1, y: 2 }))
      .pipe(tasks.fail, three => three)
      .pipe(tasks.note, () => 'after');
    await expect(stand.until((await flow.send()).result())).rejects.toMatchObject({
      code: 'TASK_FAILED',
      cause: { message: 'no 3' },
    });
    expect(runs).toEqual([]);
  });

  test('a step whose input its schema refuses fails it', async () => {
    const strict = defineTask({
      name: 'strict',
      input: {
        '~standard': {
          version: 1 as const,
          vendor: 'test',
          validate: (value: unknown) =>
            typeof value === 'string'
              ? { value }
              : { issues: [{ message: 'Expected text', path: ['in', 0] }] },
        },
      },
      key: text => text,
      run: text => text,
    });
    const tasks = stand.tasks({ add, strict });
    stand.work(tasks);
    const flow = tasks.chain(tasks.add.with({ x: 1, y: 2 })).pipe(tasks.strict, three => three as never);
    await expect(stand.until((await flow.send()).result())).rejects.toMatchObject({
      code: 'TASK_FAILED',
      cause: { message: 'Input of task "strict" must satisfy its schema: in.0: Expected text' },
    });
  });
});

describe('a group', () => {
  test('gives all results in their order, typed', async () => {
    const tasks = stand.tasks(all);
    const flow = tasks.group([tasks.add.with({ x: 1, y: 2 }), tasks.describe.with('x y')]);
    expectTypeOf(flow).toEqualTypeOf<Flow<[number, { text: string; words: string[] }]>>();
    const handle = await flow.send();
    stand.work(tasks, { concurrency: 2 });
    const [number, { words }] = await stand.until(handle.result());
    expect([number, words]).toEqual([3, ['x', 'y']]);
  });

  test('of any width, by two workers; the join runs once, with all of them', async () => {
    const tasks = stand.tasks(all);
    const inputs = Array.from({ length: 100 }, (_, index) => ({ x: index, y: 1 }));
    const handle = await tasks
      .map(tasks.mul, inputs)
      .pipe(tasks.sum, numbers => ({ numbers }))
      .send();
    stand.work(tasks, { concurrency: 10 });
    stand.work(stand.tasks(all), { concurrency: 20 });
    expect(await stand.until(handle.result())).toBe(4950);
    expect(stand.story.filter(line => line.startsWith('sum started'))).toHaveLength(1);
  });

  test('of one, and of nothing', async () => {
    const tasks = stand.tasks(all);
    stand.work(tasks);
    expect(await stand.until((await tasks.map(tasks.add, [{ x: 1, y: 1 }]).send()).result())).toEqual([2]);
    expect(await stand.until((await tasks.map(tasks.add, []).send()).result())).toEqual([]);
    const joined = tasks.map(tasks.add, []).pipe(tasks.sum, numbers => ({ numbers }));
    expect(await stand.until((await joined.send()).result())).toBe(0);
  });

  test('fails as soon as a member does; members that wait are not run any more', async () => {
    const tasks = stand.tasks(all);
    const handle = await tasks
      .group([tasks.fail.with('good'), tasks.note.with('one'), tasks.note.with('two')])
      .pipe(tasks.note, () => 'joined')
      .send();
    stand.work(tasks, { concurrency: 1 });
    await expect(stand.until(handle.result())).rejects.toMatchObject({
      code: 'TASK_FAILED',
      cause: { message: 'no good' },
    });
    await stand.pass(1000);
    expect(runs).toEqual([]);
    expect((await stand.store.inspect.depth('app/queue')).readyCount).toBe(0);
  });

  test('of which a message is purged fails for whoever waits', async () => {
    const tasks = stand.tasks(all);
    const handle = await tasks
      .map(tasks.add, [
        { x: 1, y: 1 },
        { x: 2, y: 2 },
      ])
      .send();
    const [first] = (await stand.store.inspect.messages('app/queue')).items;
    await stand.store.inspect.remove('app/queue', [first?.id as never]);
    stand.work(tasks);
    await expect(stand.until(handle.result())).rejects.toMatchObject({
      code: 'TASK_FAILED',
      cause: { message: expect.stringContaining(`Nothing is known of task "${handle.id}.0.0"`) },
    });
  });

  test('is refused where there are too many, or where the engine cannot end and begin in one commit', async () => {
    const tasks = stand.tasks(all);
    expect(() => tasks.map(tasks.note, new Array<string>(1001).fill('x'))).toThrow(
      new RangeError('Group must have at most 1000 tasks: received 1001'),
    );
    const { store } = stand;
    const capabilities = { ...store.capabilities, atomicSettle: false };
    const weak = Object.assign(Object.create(store) as QueueStore, { capabilities });
    const other = stand.tasks(all, { store: weak });
    await expect(other.chain(other.note.with('x')).send()).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });
});

describe('a flow', () => {
  test('sent twice under one id is one', async () => {
    const tasks = stand.tasks(all);
    const dedupe = { id: 'daily', ttlMs: 60_000 };
    const flow = tasks.map(tasks.note, ['a', 'b', 'c']);
    const first = await flow.send({ dedupe });
    const second = await flow.send({ dedupe });
    expect(second).toMatchObject({ id: first.id, duplicate: true });
    stand.work(tasks);
    await stand.until(second.result());
    await flow.send({ dedupe });
    await stand.pass(1000);
    expect(runs).toEqual(['a', 'b', 'c']);
  });

  test('sent again while it runs does not run again what has ended', async () => {
    let open = (): void => {};
    const opened = new Promise<void>(resolve => {
      open = resolve;
    });
    const slow = defineTask({ name: 'slow', input: unchecked<null>(), run: () => opened });
    const tasks = stand.tasks({ ...all, slow });
    stand.work(tasks, { concurrency: 2 });
    const flow = tasks.group([tasks.note.with('a'), tasks.slow.with(null)]);
    await flow.send({ dedupe: { id: 'twice', ttlMs: 100 } });
    await stand.pass(500);
    const again = await flow.send({ dedupe: { id: 'twice', ttlMs: 100 } });
    expect(again.duplicate).toBe(true);
    await stand.pass(500);
    open();
    await stand.until(again.result());
    expect(runs).toEqual(['a']);
  });

  test('is not mixed up with another whose id goes on as the ids of its members do', async () => {
    const tasks = stand.tasks(all);
    stand.work(tasks, { concurrency: 4 });
    const flow = (x: number) =>
      tasks.map(tasks.add, [
        { x, y: 0 },
        { x, y: 1 },
      ]);
    for (const id of ['v1.0', 'v1.0.1', 'v1']) {
      const handle = await flow(id.length).send({ dedupe: { id } });
      expect(await stand.until(handle.result())).toEqual([id.length, id.length + 1]);
    }
    expect(await tasks.handle((await flow(0).send({ dedupe: { id: 'v1.0.1' } })).id).result()).toEqual([
      6, 7,
    ]);
  });

  test('that was cancelled is one for as long as its members’ ids are remembered', async () => {
    const tasks = stand.tasks(all, { resultTtlMs: 2000 });
    const dedupe = { id: 'daily', ttlMs: 60_000 };
    const flow = tasks.map(tasks.note, ['a', 'b']);
    await (await flow.send({ dedupe })).cancel();
    await stand.pass(5000);
    const again = await flow.send({ dedupe });
    expect(again.duplicate).toBe(true);
    await expect(stand.until(again.result())).rejects.toMatchObject({ code: 'TASK_CANCELLED' });
  });

  test('sent again under its id, when the first has had its time, is a new one', async () => {
    const tasks = stand.tasks(all, { resultTtlMs: 2000 });
    stand.work(tasks, { concurrency: 5 });
    const dedupe = { id: 'daily' };
    const inputs = Array.from({ length: 20 }, (_, x) => ({ x, y: 1 }));
    const flow = tasks.map(tasks.add, inputs).pipe(tasks.sum, numbers => ({ numbers }));
    expect(await stand.until((await flow.send({ dedupe })).result())).toBe(210);
    await stand.pass(3000);
    const cancelled = await flow.send({ dedupe, delayMs: 60_000 });
    expect(cancelled.duplicate).toBe(false);
    await cancelled.cancel();
    await stand.pass(100_000, 1000);
    const third = await flow.send({ dedupe });
    expect(third.duplicate).toBe(false);
    expect(await stand.until(third.result())).toBe(210);
  });

  test('begun by a sender that died before its messages were put is begun by the next', async () => {
    const tasks = stand.tasks(all);
    const dedupe = { id: 'half' };
    await tasks.map(tasks.note, ['a', 'b']).send({ dedupe });
    await stand.store.inspect.purge('app/queue');
    stand.work(tasks);
    const again = await tasks.map(tasks.note, ['a', 'b']).send({ dedupe });
    expect(again.duplicate).toBe(true);
    expect(await stand.until(again.result())).toEqual([null, null]);
    expect(runs).toEqual(['a', 'b']);
  });

  test('waits for its delay, and takes its lane', async () => {
    const tasks = stand.tasks(all);
    stand.work(tasks);
    const handle = await tasks.chain(tasks.note.with('later')).send({ delayMs: 5000, lane: 3 });
    expect((await stand.store.inspect.messages('app/queue')).items).toMatchObject([
      { lane: 3, state: 'delayed' },
    ]);
    await stand.pass(4000);
    expect(runs).toEqual([]);
    await stand.until(handle.result());
    expect(runs).toEqual(['later']);
  });

  test('that was cancelled goes no further, and tells what runs', async () => {
    let reason: unknown;
    const wait = defineTask({
      name: 'wait',
      input: unchecked<null>(),
      run: (_input, { signal }) =>
        new Promise<never>((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            reason = signal.reason;
            reject(signal.reason as Error);
          });
        }),
    });
    const tasks = stand.tasks({ ...all, wait });
    stand.work(stand.tasks({ ...all, wait }));
    const handle = await tasks
      .group([tasks.wait.with(null), tasks.note.with('never')])
      .pipe(tasks.note, () => 'after')
      .send();
    await stand.pass(500);
    expect(await handle.cancel()).toBe(true);
    await expect(stand.until(handle.result())).rejects.toMatchObject({ code: 'TASK_CANCELLED' });
    await stand.pass(1500);
    expect(reason).toMatchObject({ code: 'TASK_CANCELLED' });
    expect(runs).toEqual([]);
    expect((await stand.store.inspect.queues('app/')).items).toEqual([]);
  });

  test('whose member was cancelled long before its time is cancelled, whatever was since', async () => {
    const dayMs = 86_400_000;
    const tasks = stand.tasks(all);
    const handle = await tasks.chain(tasks.note.with('x')).send({ delayMs: 3 * dayMs });
    expect(await tasks.handle(`${handle.id}.0.0`).cancel()).toBe(true);
    expect(await (await tasks.note.send('y')).cancel()).toBe(true);
    await stand.pass(3 * dayMs, dayMs / 4);
    stand.work(tasks);
    await expect(stand.until(handle.result())).rejects.toMatchObject({ code: 'TASK_CANCELLED' });
    expect(runs).toEqual([]);
  });

  test('whose result is too large fails, and does not loop', async () => {
    const small = new TaskStand(3, { bodyMaxBytes: 4096 });
    const large = defineTask({ name: 'large', input: unchecked<number>(), run: () => 'x'.repeat(2000) });
    const tasks = small.tasks({ large, note });
    small.work(tasks);
    const group = await tasks.map(tasks.large, [1, 2, 3]).send();
    await expect(small.until(group.result())).rejects.toMatchObject({
      cause: { message: expect.stringContaining('Result of a flow must be at most 4096 bytes') },
    });
    const joined = await tasks
      .map(tasks.large, [1, 2])
      .pipe(tasks.note, both => both as never)
      .send();
    await expect(small.until(joined.result())).rejects.toMatchObject({
      cause: { message: expect.stringContaining('Input of task "note" must be at most 3072 bytes') },
    });
    await small.close();
  });
});
