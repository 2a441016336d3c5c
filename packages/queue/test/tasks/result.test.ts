import { QuorateError, type QueueStore } from '@quorate/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createQueues, defineTask, type SentTask, unchecked } from '../../src/index.ts';
import { turn } from '../queue-stand.ts';
import { TaskStand, wrapped } from './task-stand.ts';

let stand: TaskStand;

beforeEach(() => {
  stand = new TaskStand();
});

afterEach(() => stand.close());

const add = defineTask({
  name: 'add',
  input: unchecked<{ x: number; y: number }>(),
  run: ({ x, y }) => x + y,
});

/** Runs until it is let go. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>(resolve => {
    open = resolve;
  });
  return { opened, open };
}

describe('a result', () => {
  test('asked for before the task starts', async () => {
    const tasks = stand.tasks({ add });
    const handle = await tasks.add.send({ x: 4, y: 4 });
    const result = handle.result();
    stand.work(tasks);
    expect(await stand.until(result)).toBe(8);
    expect(handle).toMatchObject({ duplicate: false, durability: 'memory' });
  });

  test('asked for while it runs, and of another process', async () => {
    const { opened, open } = gate();
    const slow = defineTask({
      name: 'slow',
      input: unchecked<string>(),
      run: text => opened.then(() => text),
    });
    stand.work(stand.tasks({ slow }));
    const sender = stand.tasks({ slow });
    const handle = await sender.slow.send('late');
    await stand.pass(3000);
    expect(await handle.status()).toMatchObject({ state: 'running', attempts: 1, deliveries: 1 });
    const result = stand.tasks({ slow }).slow.handle(handle.id).result();
    await stand.pass(1000);
    open();
    expect(await stand.until(result)).toBe('late');
    expect(await handle.status()).toEqual({ state: 'succeeded' });
  });

  test('asked for after it ended, as often as one likes, whatever it is', async () => {
    const echo = defineTask({ name: 'echo', input: unchecked<unknown>(), run: value => value });
    const tasks = stand.tasks({ echo });
    stand.work(tasks, { concurrency: 10 });
    const values = [undefined, null, 0, '', false, [1, [2]], { deep: { ä: '€' } }];
    const handles = await stand.until(Promise.all(values.map(value => tasks.echo.send(value))));
    await stand.pass(1000);
    for (const [index, handle] of handles.entries()) {
      expect(await handle.result()).toEqual(values[index]);
      expect(await handle.result()).toEqual(values[index]);
    }
  });

  test('a lost hint delays it by a look, and no more', async () => {
    const tasks = stand.tasks({ add }, { store: withoutHints(stand) });
    const result = (await tasks.add.send({ x: 1, y: 2 })).result();
    stand.work(stand.tasks({ add }));
    expect(await stand.until(result, 3000)).toBe(3);
  });

  test('that comes between the look for it and the look for the message', async () => {
    const tasks = stand.tasks({ add });
    const inner = stand.store.open();
    let isWorking = false;
    const get: QueueStore['inspect']['get'] = async (...call) => {
      if (!isWorking) {
        isWorking = true;
        stand.work(tasks);
        await stand.pass(500);
      }
      return inner.inspect.get(...call);
    };
    const inspect = Object.assign(Object.create(inner.inspect) as QueueStore['inspect'], { get });
    const racing = stand.tasks({ add }, { store: wrapped(inner, { inspect }) });
    const { id } = await tasks.add.send({ x: 1, y: 2 });
    expect(await racing.add.handle(id).result()).toBe(3);
  });

  test('of a purged task is a typed error, at once and for whoever waits already', async () => {
    const tasks = stand.tasks({ add });
    const handle = await tasks.add.send({ x: 1, y: 1 });
    const waiting = handle.result();
    waiting.catch(() => {});
    await turn();
    await stand.store.inspect.purge('app/queue');
    await expect(stand.until(waiting)).rejects.toMatchObject({ code: 'TASK_GONE' });
    await expect(handle.result()).rejects.toMatchObject({ code: 'TASK_GONE' });
    expect(await handle.status()).toEqual({ state: 'gone' });
  });

  test('of what was never sent, too', async () => {
    const tasks = stand.tasks({ add });
    await expect(tasks.add.handle('never').result()).rejects.toMatchObject({ code: 'TASK_GONE' });
  });

  test('is gone after its time', async () => {
    const tasks = stand.tasks({ add }, { resultTtlMs: 5000 });
    stand.work(tasks);
    const handle = await tasks.add.send({ x: 1, y: 1 });
    expect(await stand.until(handle.result())).toBe(2);
    await stand.pass(4500);
    expect(await handle.result()).toBe(2);
    await stand.pass(1000);
    await expect(handle.result()).rejects.toMatchObject({ code: 'TASK_GONE' });
  });

  test('that is not kept is gone at once', async () => {
    const quiet = defineTask({
      name: 'quiet',
      input: unchecked<number>(),
      resultTtlMs: 0,
      run: value => value,
    });
    const tasks = stand.tasks({ quiet });
    stand.work(tasks);
    const handle = await tasks.quiet.send(1);
    await expect(stand.until(handle.result())).rejects.toMatchObject({ code: 'TASK_GONE' });
    expect((await stand.store.state.scan('app/')).items).toEqual([]);
  });

  test('of a task that failed has the cause, and says whether trying again might help', async () => {
    const fail = defineTask({
      name: 'fail',
      input: unchecked<'soft' | 'hard'>(),
      retry: { attemptsMax: 2, delayMs: 10, retryable: error => (error as Error).message !== 'hard' },
      run(how): never {
        throw Object.assign(new RangeError(how, { cause: new Error('below') }), { code: 'E_HOW' });
      },
    });
    const tasks = stand.tasks({ fail });
    stand.work(tasks);
    const soft = stand.until((await tasks.fail.send('soft')).result());
    await expect(soft).rejects.toMatchObject({ code: 'TASK_FAILED', retryable: true });
    const error = (await soft.catch((thrown: unknown) => thrown)) as QuorateError;
    expect(error).toBeInstanceOf(QuorateError);
    expect(error.cause).toMatchObject({ name: 'RangeError', message: 'soft', code: 'E_HOW' });
    expect((error.cause as Error).cause).toMatchObject({ message: 'below' });
    expect((error.cause as Error).stack).toContain('result.test.ts');
    const hard = stand.until((await tasks.fail.send('hard')).result());
    await expect(hard).rejects.toMatchObject({ code: 'TASK_FAILED', retryable: false });
    expect(stand.story).toEqual([
      'fail started 1',
      'fail retried 1',
      'fail started 2',
      'fail failed 2',
      'fail started 1',
      'fail failed 1',
    ]);
    expect((await stand.store.inspect.messages('app/queue/~dead')).items).toMatchObject([
      { headers: { '~task': 'fail', '~cause': 'attempts', '~error': 'RangeError: soft' } },
      { headers: { '~task': 'fail', '~cause': 'rejected', '~code': 'E_HOW' } },
    ]);
  });

  test('of a task that was put back from the dead letters is that of its new attempts', async () => {
    let isMended = false;
    const mended = defineTask({
      name: 'mended',
      input: unchecked<string>(),
      retry: { attemptsMax: 2, delayMs: 10 },
      run(text, { attempt }) {
        if (!isMended || attempt === 1) throw new Error(`not yet: ${attempt}`);
        return text;
      },
    });
    const tasks = stand.tasks({ mended });
    stand.work(tasks);
    const handle = await tasks.mended.send('all is well');
    await expect(stand.until(handle.result())).rejects.toMatchObject({ code: 'TASK_FAILED' });
    isMended = true;
    await using queues = createQueues({ store: stand.store, clock: stand.clock });
    const redriven = await stand.until(queues.deadLetters('app/queue').redrive([handle.id]));
    expect(redriven).toBe(1);
    await stand.pass(1000);
    expect(await stand.until(handle.result())).toBe('all is well');
    expect(stand.story.slice(-4)).toEqual([
      'mended started 1',
      'mended retried 1',
      'mended started 2',
      'mended succeeded 2',
    ]);
  });

  describe('of a task that was put back under its id', () => {
    let isMended: boolean;
    const mended = defineTask({
      name: 'mended',
      input: unchecked<null>(),
      retry: { attemptsMax: 1 },
      run() {
        if (!isMended) throw new Error('not yet');
        return 'well';
      },
    });

    async function putBack(): Promise<SentTask<string>> {
      isMended = false;
      const tasks = stand.tasks({ mended });
      const work = stand.work(tasks);
      const handle = await tasks.mended.send(null, { dedupe: { id: 'a' } });
      await expect(stand.until(handle.result())).rejects.toMatchObject({ code: 'TASK_FAILED' });
      await stand.until(work.drain());
      await using queues = createQueues({ store: stand.store, clock: stand.clock });
      expect(await stand.until(queues.deadLetters('app/queue').redrive([handle.id]))).toBe(1);
      expect(await handle.status()).toMatchObject({ state: 'ready', attempts: 0 });
      return handle;
    }

    test('is waited for', async () => {
      const handle = await putBack();
      isMended = true;
      const result = handle.result();
      stand.work(stand.tasks({ mended }));
      expect(await stand.until(result)).toBe('well');
    });

    test('and cancelled then is that it was cancelled', async () => {
      const handle = await putBack();
      expect(await handle.cancel()).toBe(true);
      await expect(handle.result()).rejects.toMatchObject({ code: 'TASK_CANCELLED' });
      expect((await stand.store.inspect.queues('app/')).items).toEqual([]);
    });
  });

  test('of a cancelled task is a typed error', async () => {
    const tasks = stand.tasks({ add });
    const handle = await tasks.add.send({ x: 1, y: 1 }, { delayMs: 1_000_000 });
    const waiting = handle.result();
    waiting.catch(() => {});
    expect(await handle.cancel()).toBe(true);
    await expect(stand.until(waiting, 3000)).rejects.toMatchObject({ code: 'TASK_CANCELLED' });
    expect(await handle.cancel()).toBe(false);
  });

  test('of a task whose worker died comes from the next', async () => {
    let runs = 0;
    const once = defineTask({
      name: 'once',
      input: unchecked<null>(),
      run: (_input, { attempt, deliveryCount }) =>
        ++runs === 1 ? new Promise<never>(() => {}) : [attempt, deliveryCount],
    });
    const dying = stand.store.open();
    const dead = stand.tasks({ once }, { store: dying }).work({ leaseMs: 1000, schedules: false });
    const tasks = stand.tasks({ once });
    const result = (await tasks.once.send(null)).result();
    await stand.pass(100);
    expect(runs).toBe(1);
    await dying[Symbol.asyncDispose](); // Nothing more is heard of it, not even an extension.
    await expect(stand.until(dead.done)).rejects.toMatchObject({ code: 'CLOSED' });
    stand.work(tasks);
    expect(await stand.until(result)).toEqual([2, 2]);
  });

  test('of a task that kills its workers is told when they are too many; what was fetched beside it is not charged', async () => {
    const killer = defineTask({
      name: 'killer',
      input: unchecked<null>(),
      run: () => new Promise<never>(() => {}),
    });
    const sender = stand.tasks({ killer, add });
    const killed = (await sender.killer.send(null)).result();
    killed.catch(() => {});
    const beside = await sender.add.send({ x: 1, y: 1 });
    for (let count = 0; count < 3; count++) {
      const dying = stand.store.open();
      stand.tasks({ killer, add }, { store: dying }).work({ leaseMs: 1000, prefetch: 1, schedules: false });
      await stand.pass(200);
      await dying[Symbol.asyncDispose]();
      await stand.pass(2000);
    }
    expect(await beside.status()).toMatchObject({ state: 'ready', attempts: 0, deliveries: 3 });
    stand.work(sender, { crashesMax: 3 });
    await expect(stand.until(killed)).rejects.toMatchObject({
      code: 'TASK_FAILED',
      cause: { code: 'TASK_CRASHED', message: expect.stringContaining('3 times') },
    });
    expect(await stand.until(beside.result())).toBe(2);
  });

  test('of what was moved to the dead letters by somebody else is a failure', async () => {
    const tasks = stand.tasks({ add });
    const handle = await tasks.add.send({ x: 1, y: 1 });
    const [message] = await stand.store.lease('app/queue', { messagesMax: 1, leaseMs: 1000, owner: 'x' });
    if (message === undefined) throw new Error('A message must be there');
    const headers = { '~cause': 'deliveries', '~deliveries': '7' };
    await stand.store.settle([
      { lease: message, action: { type: 'move', queue: 'app/queue/~dead', headers } },
    ]);
    await expect(handle.result()).rejects.toMatchObject({ code: 'TASK_FAILED' });
  });

  test('is waited for as long as the caller says', async () => {
    const tasks = stand.tasks({ add });
    const handle = await tasks.add.send({ x: 1, y: 1 });
    const late = handle.result({ deadlineMs: 500 });
    await expect(stand.until(late)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    const controller = new AbortController();
    const aborted = handle.result({ signal: controller.signal });
    aborted.catch(() => {});
    await turn();
    controller.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
    stand.work(tasks);
    expect(await stand.until(handle.result())).toBe(2);
    expect(stand.clock.timerCount).toBeLessThan(20);
  });

  test('that JSON cannot say, or that is too large, is a failure and no loop', async () => {
    const small = new TaskStand(2, { bodyMaxBytes: 4096 });
    const strange = defineTask({
      name: 'strange',
      input: unchecked<string>(),
      retry: { attemptsMax: 1 },
      run(how) {
        if (how === 'error') throw new Error('y'.repeat(3000), { cause: new Error('z'.repeat(3000)) });
        return how === 'bigint' ? 1n : 'x'.repeat(4000);
      },
    });
    const tasks = small.tasks({ strange });
    small.work(tasks);
    const bigint = (await tasks.strange.send('bigint')).result();
    await expect(small.until(bigint)).rejects.toMatchObject({
      code: 'TASK_FAILED',
      retryable: false,
      cause: { name: 'TypeError', message: expect.stringContaining('what JSON can say') },
    });
    const large = (await tasks.strange.send('large')).result();
    await expect(small.until(large)).rejects.toMatchObject({
      cause: { name: 'RangeError', message: expect.stringContaining('at most 3072 bytes: received 4002') },
    });
    const error = (await tasks.strange.send('error')).result();
    await expect(small.until(error)).rejects.toMatchObject({ cause: { message: 'y'.repeat(200) } });
    await small.close();
  });
});

/** Watches that hear of nothing. */
function withoutHints({ store }: TaskStand): QueueStore {
  const { state } = store;
  const deaf = {
    get: state.get.bind(state),
    write: state.write.bind(state),
    scan: state.scan.bind(state),
    watch: () => ({ [Symbol.dispose]() {} }),
  };
  return wrapped(store.open(), { state: deaf });
}
