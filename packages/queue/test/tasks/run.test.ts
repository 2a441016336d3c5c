import { type QueueStore, QuorateError } from '@quorate/core';
import { afterEach, beforeEach, describe, expect, expectTypeOf, test } from 'vitest';
import { defineTask, type StandardSchema, type TaskHandle, unchecked } from '../../src/index.ts';
import type { EngineTime } from '../../src/tasks/engine-time.ts';
import { ProgressWriter } from '../../src/tasks/progress-writer.ts';
import { turn } from '../queue-stand.ts';
import { TaskStand, wrapped } from './task-stand.ts';

let stand: TaskStand;

beforeEach(() => {
  stand = new TaskStand();
});

afterEach(() => stand.close());

/** Text of digits that becomes a number: what goes in is not what comes out. */
const digits: StandardSchema<string, number> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: async value =>
      typeof value === 'string' && /^\d+$/.test(value)
        ? { value: Number(value) }
        : { issues: [{ message: 'Expected digits', path: [{ key: 'at' }, 0] }, { message: 'Not good' }] },
  },
};

describe('the schema', () => {
  test('is asked at the send, and gives the run what it made of the input', async () => {
    const double = defineTask({ name: 'double', input: digits, run: number => number * 2 });
    const tasks = stand.tasks({ double });
    expectTypeOf<Parameters<typeof tasks.double.send>[0]>().toEqualTypeOf<string>();
    expectTypeOf(tasks.double.handle('x')).toEqualTypeOf<TaskHandle<number>>();
    stand.work(tasks);
    expect(await stand.until((await tasks.double.send('21')).result())).toBe(42);
    await expect(tasks.double.send('x')).rejects.toThrow(
      new TypeError('Input of task "double" must satisfy its schema: at.0: Expected digits; Not good'),
    );
  });

  test('is asked again at the run: what another release sent is not run', async () => {
    const sender = stand.tasks({
      double: defineTask({ name: 'double', input: unchecked<string>(), run: () => 0 }),
    });
    const handle = await sender.double.send('x');
    stand.work(stand.tasks({ double: defineTask({ name: 'double', input: digits, run: number => number }) }));
    await expect(stand.until(handle.result())).rejects.toMatchObject({
      code: 'TASK_FAILED',
      retryable: false,
      cause: { name: 'TypeError' },
    });
  });

  test('must be one; names, versions and times are checked', () => {
    const run = (): void => {};
    expect(() => defineTask({ name: 'x', input: {} as never, run })).toThrow(
      new TypeError('Input of task "x" must be a Standard Schema of version 1: received object'),
    );
    const input = unchecked<null>();
    expect(() => defineTask({ name: 'a b', input, run })).toThrow(RangeError);
    expect(() => defineTask({ name: 'x', version: 0, input, run })).toThrow(RangeError);
    expect(() => defineTask({ name: 'x', input, run, timeoutMs: 0 })).toThrow(RangeError);
    expect(() => defineTask({ name: 'x', input, run, retry: { attemptsMax: 0 } })).toThrow(RangeError);
    const x = defineTask({ name: 'x', input, run });
    expect(() => stand.tasks({ x, y: x })).toThrow('received "x" twice');
    expect(() => stand.tasks({ work: x })).toThrow('received "work"');
    expect(() => stand.tasks({ x }, { name: 'a/b' })).toThrow(RangeError);
  });
});

describe('attempts', () => {
  test('follow on one another until one ends well', async () => {
    const flaky = defineTask({
      name: 'flaky',
      input: unchecked<null>(),
      retry: { attemptsMax: 3, delayMs: 100 },
      run(_input, { attempt }) {
        if (attempt < 3) throw new Error(`attempt ${attempt}`);
        return attempt;
      },
    });
    const tasks = stand.tasks({ flaky });
    const handle = await tasks.flaky.send(null);
    stand.work(tasks);
    expect(await stand.until(handle.result())).toBe(3);
    expect(stand.story).toEqual([
      'flaky started 1',
      'flaky retried 1',
      'flaky started 2',
      'flaky retried 2',
      'flaky started 3',
      'flaky succeeded 3',
    ]);
  });

  test('take no longer than their time: the signal aborts, and it counts as a failure', async () => {
    const reasons: unknown[] = [];
    const slow = defineTask({
      name: 'slow',
      input: unchecked<null>(),
      timeoutMs: 500,
      retry: { attemptsMax: 2, delayMs: 10 },
      // Gives a value all the same: too late.
      run: (_input, { signal }) =>
        new Promise<string>(resolve => {
          signal.addEventListener('abort', () => {
            reasons.push(signal.reason);
            resolve('late');
          });
        }),
    });
    const tasks = stand.tasks({ slow });
    stand.work(tasks);
    await expect(stand.until((await tasks.slow.send(null)).result())).rejects.toMatchObject({
      code: 'TASK_FAILED',
      retryable: true,
      cause: { code: 'TASK_TIMEOUT', message: expect.stringContaining('longer than 500 ms') },
    });
    expect(reasons).toMatchObject([{ code: 'TASK_TIMEOUT' }, { code: 'TASK_TIMEOUT' }]);
  });

  test('that do not heed their signal are left alone after the grace; the result does not wait for them', async () => {
    const deaf = defineTask({
      name: 'deaf',
      input: unchecked<null>(),
      timeoutMs: 500,
      retry: { attemptsMax: 1 },
      run: () => new Promise<never>(() => {}),
    });
    const tasks = stand.tasks({ deaf });
    stand.work(tasks);
    const result = (await tasks.deaf.send(null)).result();
    await expect(stand.until(result, 2000)).rejects.toMatchObject({ cause: { code: 'TASK_TIMEOUT' } });
  });

  test('can be given more time', async () => {
    const patient = defineTask({
      name: 'patient',
      input: unchecked<null>(),
      timeoutMs: 500,
      async run(_input, { extend, signal }) {
        for (let count = 0; count < 4; count++) {
          extend(500);
          await new Promise<void>(resolve => stand.clock.setTimer(400, resolve));
        }
        return signal.aborted;
      },
    });
    const tasks = stand.tasks({ patient });
    stand.work(tasks);
    expect(await stand.until((await tasks.patient.send(null)).result())).toBe(false);
  });

  test('whatever was thrown crosses processes', async () => {
    const circle: { cause?: unknown } = {};
    circle.cause = circle;
    const thrown: unknown[] = [
      undefined,
      'text',
      Symbol('s'),
      { toString: () => 1 },
      Object.create(null),
      circle,
      {
        get message(): string {
          throw new Error('getter');
        },
      },
      new Error('\ud800'.repeat(3000)),
      new Error('y'.repeat(10_000)),
    ];
    const odd = defineTask({
      name: 'odd',
      input: unchecked<number>(),
      retry: { attemptsMax: 1 },
      run(index): never {
        throw thrown[index];
      },
    });
    const tasks = stand.tasks({ odd });
    stand.work(tasks, { concurrency: 10 });
    for (const index of thrown.keys()) {
      const error = await stand
        .until((await tasks.odd.send(index)).result())
        .catch((error: unknown) => error);
      expect(error, String(index)).toMatchObject({
        code: 'TASK_FAILED',
        cause: { message: expect.any(String) },
      });
      expect((error as Error).message.length).toBeLessThan(2200);
    }
  });
});

describe('a worker', () => {
  test('leaves tasks that it does not know, or that are newer, to others; they lose nothing by it', async () => {
    const input = unchecked<null>();
    const old = defineTask({ name: 'job', input, run: () => 'old' });
    const other = defineTask({
      name: 'other',
      input,
      retry: { attemptsMax: 1 },
      run: (_input, { attempt }) => attempt,
    });
    const sender = stand.tasks({
      job: defineTask({ name: 'job', version: 2, input, run: () => 'new' }),
      other,
    });
    const [job, unknown] = [await sender.job.send(null), await sender.other.send(null)];
    const narrow = stand.work(stand.tasks({ job: old }), { concurrency: 5 });
    await stand.pass(300_000, 500);
    expect(stand.story.length).toBeGreaterThan(12);
    expect(new Set(stand.events.map(({ type }) => type))).toEqual(new Set(['put-off']));
    expect(await unknown.status()).toMatchObject({ state: 'delayed' });
    await stand.until(narrow[Symbol.asyncDispose]());
    stand.work(sender);
    expect(await stand.until(job.result())).toBe('new');
    // What it was delivered before was no attempt of its own.
    expect(await stand.until(unknown.result())).toBe(1);
  });

  test('that is told to end gives back what it runs, at once and without a charge', async () => {
    let starts = 0;
    const wait = defineTask({
      name: 'wait',
      input: unchecked<null>(),
      retry: { attemptsMax: 1 },
      run(_input, { signal, attempt }) {
        if (++starts > 2) return attempt;
        return new Promise<never>((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        });
      },
    });
    const tasks = stand.tasks({ wait });
    const handle = await tasks.wait.send(null);
    for (let count = 0; count < 2; count++) {
      const work = stand.work(tasks, { leaseMs: 60_000 });
      await stand.pass(100);
      await stand.until(work[Symbol.asyncDispose](), 1000);
    }
    stand.work(tasks);
    expect(await stand.until(handle.result(), 2000)).toBe(1);
  });

  test('starts no more in a time than it may, all workers together', async () => {
    const starts: number[] = [];
    const note = defineTask({
      name: 'note',
      input: unchecked<number>(),
      run: () => void starts.push(stand.clock.monotonicMs()),
    });
    const tasks = stand.tasks({ note });
    await Promise.all(Array.from({ length: 8 }, (_, number) => tasks.note.send(number)));
    const rate = { limit: 2, perMs: 1000 };
    stand.work(tasks, { concurrency: 8, rate });
    stand.work(stand.tasks({ note }), { concurrency: 8, rate });
    await stand.pass(2000);
    expect(starts.length).toBeGreaterThanOrEqual(3);
    expect(starts.length).toBeLessThanOrEqual(5);
    await stand.pass(8000);
    expect(starts).toHaveLength(8);
  });

  test('that drains ends what runs, and takes no more', async () => {
    let open = (): void => {};
    const wait = defineTask({
      name: 'wait',
      input: unchecked<number>(),
      run: number =>
        new Promise<number>(resolve => {
          open = () => resolve(number);
        }),
    });
    const tasks = stand.tasks({ wait });
    const [first, second] = [await tasks.wait.send(1), await tasks.wait.send(2)];
    const work = stand.work(tasks);
    await stand.pass(100);
    const drained = work.drain();
    await stand.pass(5000);
    open();
    await stand.until(drained);
    expect(await first.result()).toBe(1);
    expect(await second.status()).toMatchObject({ state: 'ready', attempts: 0 });
  });
});

test('no run begins on a lease that was lost while the store was asked', async () => {
  const runs: string[] = [];
  const taskOf = (name: string) =>
    defineTask({ name: 'note', input: unchecked<null>(), run: () => void runs.push(name) });
  const inner = stand.store.open();
  let goOn = (): void => {};
  const stalled = new Promise<void>(resolve => {
    goOn = resolve;
  });
  const state = Object.assign(Object.create(inner.state) as QueueStore['state'], {
    watch: inner.state.watch.bind(inner.state),
    scan: inner.state.scan.bind(inner.state),
    write: inner.state.write.bind(inner.state),
    get: async (key: string) => {
      if (key === 'app/cancelled') await stalled;
      return inner.state.get(key);
    },
  });
  const extend: QueueStore['extend'] = async (leases, leaseMs, options = {}) => {
    if (options.started === true) return inner.extend(leases, leaseMs, options);
    throw new QuorateError('UNAVAILABLE', 'Cut off', { outcome: 'not-applied', retryable: true });
  };
  const handle = await stand.tasks({ note: taskOf('sender') }).note.send(null);
  stand.work(stand.tasks({ note: taskOf('slow') }, { store: wrapped(inner, { state, extend }) }));
  await stand.pass(200);
  stand.work(stand.tasks({ note: taskOf('other') }));
  await stand.until(handle.result());
  goOn();
  await stand.pass(2000);
  expect(runs).toEqual(['other']);
});

describe('sending', () => {
  const order: string[] = [];
  const log = defineTask({
    name: 'log',
    input: unchecked<{ key?: string; text: string }>(),
    key: ({ key }) => key,
    retry: { attemptsMax: 3, delayMs: 1000 },
    run({ text }, { attempt }) {
      if (text.endsWith('!') && attempt === 1) throw new Error('once');
      order.push(text);
    },
  });

  beforeEach(() => {
    order.length = 0;
  });

  test('what is sent under one id is one, while it is there and for its time', async () => {
    const tasks = stand.tasks({ log });
    const dedupe = { id: 'a', ttlMs: 5000 };
    const first = await tasks.log.send({ text: 'one' }, { dedupe });
    const second = await stand.tasks({ log }).log.send({ text: 'two' }, { dedupe });
    expect([first.duplicate, second.duplicate, second.id]).toEqual([false, true, first.id]);
    stand.work(tasks);
    await stand.until(second.result());
    expect((await tasks.log.send({ text: 'three' }, { dedupe })).duplicate).toBe(true);
    await stand.pass(5000);
    expect((await tasks.log.send({ text: 'four' }, { dedupe })).duplicate).toBe(false);
    await stand.pass(100);
    expect(order).toEqual(['one', 'four']);
  });

  test('what is sent again under an id is not taken for the one before', async () => {
    let runs = 0;
    const count = defineTask({ name: 'count', input: unchecked<null>(), run: () => ++runs });
    const tasks = stand.tasks({ count });
    const dedupe = { id: 'a' };
    const cancelled = await tasks.count.send(null, { dedupe, delayMs: 5000 });
    await cancelled.cancel();
    expect(await cancelled.status()).toEqual({ state: 'cancelled' });
    stand.work(tasks);
    for (const expected of [1, 2]) {
      const next = await tasks.count.send(null, { dedupe });
      expect(next).toMatchObject({ duplicate: false, id: cancelled.id });
      expect(await stand.until(next.result())).toBe(expected);
    }
  });

  test('under an id again, with the result before it not taken away, says that it is sent', async () => {
    const inner = stand.store.open();
    const state = Object.assign(Object.create(inner.state) as QueueStore['state'], {
      watch: inner.state.watch.bind(inner.state),
      get: inner.state.get.bind(inner.state),
      write: async () => {
        throw new QuorateError('UNAVAILABLE', 'Cut off', { outcome: 'not-applied', retryable: true });
      },
    });
    const tasks = stand.tasks({ log });
    const dedupe = { id: 'a', ttlMs: 0 };
    const work = stand.work(tasks);
    await stand.until((await tasks.log.send({ text: 'one' }, { dedupe })).result());
    await stand.until(work.drain());
    const cut = stand.tasks({ log }, { store: wrapped(inner, { state }) });
    await expect(cut.log.send({ text: 'two' }, { dedupe })).rejects.toMatchObject({ outcome: 'unknown' });
    expect((await stand.store.inspect.depth('app/queue')).readyCount).toBe(1);
  });

  test('a key keeps its order through retries, and others go by', async () => {
    const tasks = stand.tasks({ log });
    for (const text of ['a1!', 'a2', 'b1', 'a3']) await tasks.log.send({ key: text.slice(0, 1), text });
    stand.work(tasks, { concurrency: 4 });
    await stand.pass(5000);
    expect(order).toEqual(['b1', 'a1!', 'a2', 'a3']);
  });

  test('as many of a key at a time as it says', async () => {
    let [running, most] = [0, 0];
    const busy = defineTask({
      name: 'busy',
      input: unchecked<number>(),
      key: () => 'all',
      keyConcurrency: 2,
      async run() {
        most = Math.max(most, ++running);
        await new Promise<void>(resolve => stand.clock.setTimer(100, resolve));
        running--;
      },
    });
    const tasks = stand.tasks({ busy });
    const handles = await Promise.all([1, 2, 3, 4, 5].map(number => tasks.busy.send(number)));
    stand.work(tasks, { concurrency: 5 });
    await stand.until(Promise.all(handles.map(handle => handle.result())));
    expect(most).toBe(2);
  });

  test('later, at a time, by lanes, with headers', async () => {
    const tasks = stand.tasks({ log });
    await tasks.log.send({ text: 'last' }, { lane: 2 });
    await tasks.log.send({ text: 'first' }, { lane: 0, headers: { trace: 't1' } });
    await tasks.log.send({ text: 'later' }, { delayMs: 2000 });
    await tasks.log.send({ text: 'then' }, { readyAt: new Date((await stand.store.now()) + 1000) });
    stand.work(tasks);
    await stand.pass(3000);
    expect(order).toEqual(['first', 'last', 'then', 'later']);
    await expect(tasks.log.send({ text: 'x' }, { lane: 16 })).rejects.toThrow(RangeError);
    await expect(tasks.log.send({ text: 'x' }, { headers: { '~task': 'y' } })).rejects.toThrow(RangeError);
    await expect(tasks.log.send({ text: 'x' }, { dedupe: { id: '' } })).rejects.toThrow(RangeError);
  });

  test('what is too large is refused alone, with the limit', async () => {
    const tasks = stand.tasks({ log });
    const [small, large] = [tasks.log.send({ text: 'ok' }), tasks.log.send({ text: 'x'.repeat(2_000_000) })];
    await expect(large).rejects.toThrow(/must be at most 1048576 bytes/);
    await expect(small).resolves.toMatchObject({ duplicate: false });
  });
});

test('the latest progress is written, whenever it is told', async () => {
  for (let turns = 0; turns < 12; turns++) {
    const written: number[] = [];
    const write = async ({ value }: { readonly value?: Uint8Array }) => void written.push(value?.[0] ?? 0);
    const store = { state: { write } } as unknown as QueueStore;
    const time = { now: async () => 0 } as Partial<EngineTime> as EngineTime;
    const writer = new ProgressWriter(store, time, 'app/progress/x', 1000);
    void writer.write(Uint8Array.of(1));
    for (let left = turns; left > 0; left--) await Promise.resolve();
    await writer.write(Uint8Array.of(2));
    expect([turns, written.at(-1)]).toEqual([turns, 2]);
  }
});

test('progress is seen from elsewhere: the latest, also after the end', async () => {
  const seen: unknown[] = [];
  const steps = defineTask({
    name: 'steps',
    input: unchecked<number>(),
    async run(count, { progress, id, headers }) {
      expect(() => progress(1n)).toThrow(TypeError);
      for (let step = 1; step <= count; step++) {
        void progress({ step, count });
        if (step === 2) await progress({ step, count });
        await new Promise<void>(resolve => stand.clock.setTimer(500, resolve));
      }
      return [id, headers];
    },
  });
  const tasks = stand.tasks({ steps });
  const handle = await tasks.steps.send(3, { headers: { trace: 'x' } });
  expect(await handle.progress()).toBeUndefined();
  stand.work(tasks);
  const other = stand.tasks({ steps }).handle(handle.id);
  await stand.pass(250);
  for (let look = 0; look < 3; look++) {
    if (look > 0) await stand.pass(500);
    seen.push(await other.progress());
  }
  expect(seen).toEqual([1, 2, 3].map(step => ({ step, count: 3 })));
  expect(await stand.until(handle.result())).toEqual([handle.id, { trace: 'x' }]);
  await turn();
  expect(await other.progress()).toEqual({ step: 3, count: 3 });
});
