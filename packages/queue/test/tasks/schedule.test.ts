import { type QueueStore, QuorateError } from '@quorate/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defineTask, unchecked } from '../../src/index.ts';
import { turn } from '../queue-stand.ts';
import { TaskStand, wrapped } from './task-stand.ts';

let stand: TaskStand;

beforeEach(() => {
  stand = new TaskStand();
});

afterEach(() => stand.close());

const ticks: (readonly [id: string, at: number])[] = [];

const tick = defineTask({
  name: 'tick',
  input: unchecked<string>(),
  run: (text, { id }) => void ticks.push([id.split('@')[1] ?? text, Number(id.split('@')[1])]),
});

/** The stand begins on Monday 2026-09-21 at 14:13:20 UTC. */
const startMs = 1_790_000_000_000;

beforeEach(() => {
  ticks.length = 0;
});

/** How long after the start the fired slots lie, in seconds. */
function fired(): readonly number[] {
  return ticks.map(([, slotMs]) => (slotMs - startMs) / 1000);
}

describe('a schedule', () => {
  test('fires at its times, once for each, however many schedulers there are', async () => {
    const processes = [stand.tasks({ tick }), stand.tasks({ tick }), stand.tasks({ tick })];
    for (const tasks of processes) stand.work(tasks, { schedules: true });
    const [tasks] = processes;
    const added = await tasks?.schedules.add({
      id: 'minutely',
      step: tasks.tick.with('x'),
      cron: '* * * * *',
    });
    expect(added).toMatchObject({ id: 'minutely', task: 'tick', input: 'x', nextAtMs: startMs + 40_000 });
    await stand.pass(300_000, 500);
    expect(fired()).toEqual([40, 100, 160, 220, 280]);
    expect(stand.story.filter(line => line.startsWith('tick started'))).toHaveLength(5);
    expect(await tasks?.handle(`minutely@${startMs + 40_000}`).status()).toEqual({ state: 'succeeded' });
  });

  test('on an interval, in a zone, with seconds; next times are told', async () => {
    const tasks = stand.tasks({ tick });
    const { schedules } = tasks;
    await schedules.add({ id: 'often', step: tasks.tick.with('x'), everyMs: 15_000 });
    await schedules.add({
      id: 'noon',
      step: tasks.tick.with('x'),
      cron: '30 0 12 * * *',
      timeZone: 'Asia/Tokyo',
    });
    expect((await schedules.next('often', 3)).map(at => (at - startMs) / 1000)).toEqual([10, 25, 40]);
    expect((await schedules.next('noon', 2)).map(at => new Date(at).toISOString())).toEqual([
      '2026-09-22T03:00:30.000Z',
      '2026-09-23T03:00:30.000Z',
    ]);
    expect(await schedules.next('never')).toEqual([]);
    stand.work(tasks, { schedules: true });
    await stand.pass(60_000, 500);
    expect(fired()).toEqual([10, 25, 40, 55]);
    expect((await schedules.list()).map(({ id }) => id)).toEqual(['noon', 'often']);
    expect(await schedules.remove('often')).toBe(true);
    expect(await schedules.remove('often')).toBe(false);
    await stand.pass(60_000, 500);
    expect(fired()).toHaveLength(4);
  });

  test('added again goes on where it was; with other times it begins anew', async () => {
    const tasks = stand.tasks({ tick });
    const add = (everyMs: number): Promise<unknown> =>
      tasks.schedules.add({ id: 's', step: tasks.tick.with('x'), everyMs, catchUp: 'all' });
    await add(60_000);
    await stand.pass(150_000, 1000);
    await add(60_000); // As a process does that begins after all had ended.
    stand.work(tasks, { schedules: true });
    await stand.pass(1000);
    expect(fired()).toEqual([40, 100]);
    await add(100_000);
    await stand.pass(200_000, 1000);
    expect(fired()).toEqual([40, 100, 200, 300]);
  });

  test.each([
    ['none', [640]],
    ['last', [520, 640]],
    ['all', [280, 400, 520, 640]],
  ] as const)('catches up with what it missed: %s', async (catchUp, expected) => {
    const tasks = stand.tasks({ tick });
    const step = tasks.tick.with('x');
    await tasks.schedules.add({ id: 's', step, everyMs: 120_000, catchUp, catchUpMax: 3 });
    await stand.pass(600_000, 1000);
    stand.work(tasks, { schedules: true });
    await stand.pass(50_000, 500);
    expect(fired()).toEqual(expected);
  });

  test('that nobody fired for hours has missed all of it with `none`', async () => {
    const tasks = stand.tasks({ tick });
    await tasks.schedules.add({ id: 's', step: tasks.tick.with('x'), cron: '0 * * * *', catchUp: 'none' });
    await stand.pass(5 * 3_600_000, 60_000);
    stand.work(tasks, { schedules: true });
    await stand.pass(60_000, 1000);
    expect(fired()).toEqual([]);
    const [next] = await tasks.schedules.next('s');
    expect(next).toBeGreaterThan(await stand.store.now());
    await stand.pass(3_600_000, 5000);
    expect(fired()).toHaveLength(1);
  });

  test('whose scheduler died between the message and the record is not fired twice', async () => {
    const dying = stand.store.open();
    let writes = 0;
    const write: QueueStore['state']['write'] = async (write, options) => {
      writes++;
      if (write.key.startsWith('app/schedule/') && write.version !== 0)
        throw new QuorateError('UNAVAILABLE', 'The scheduler died', {
          outcome: 'not-applied',
          retryable: true,
        });
      return dying.state.write(write, options);
    };
    const state = {
      write,
      get: dying.state.get.bind(dying.state),
      scan: dying.state.scan.bind(dying.state),
      watch: dying.state.watch.bind(dying.state),
    };
    const store = wrapped(dying, { state });
    const first = stand.tasks({ tick }, { store });
    stand.work(first, { schedules: true });
    await first.schedules.add({ id: 's', step: first.tick.with('x'), everyMs: 60_000 });
    await stand.pass(50_000, 500);
    expect(writes).toBeGreaterThan(2);
    expect(fired()).toEqual([40]);
    stand.work(stand.tasks({ tick }), { schedules: true });
    await stand.pass(60_000, 500);
    expect(fired()).toEqual([40, 100]);
  });

  test('whose scheduler stood still after it had read them is not fired twice', async () => {
    const inner = stand.store.open();
    let [isStopped, goOn] = [false, (): void => {}];
    const stopped = new Promise<void>(resolve => {
      goOn = resolve;
    });
    const scan: QueueStore['state']['scan'] = async (...call) => {
      const page = await inner.state.scan(...call);
      if (page.items.length > 0 && (await inner.now()) >= startMs + 40_000) isStopped = true;
      if (isStopped) await stopped;
      return page;
    };
    const state = Object.assign(Object.create(inner.state) as QueueStore['state'], {
      scan,
      watch: inner.state.watch.bind(inner.state),
      get: inner.state.get.bind(inner.state),
      write: inner.state.write.bind(inner.state),
    });
    const tasks = stand.tasks({ tick });
    await tasks.schedules.add({ id: 's', step: tasks.tick.with('x'), cron: '14 14 * * *' });
    stand.work(stand.tasks({ tick }, { store: wrapped(inner, { state }) }), { schedules: true });
    await stand.pass(60_000, 500);
    expect([isStopped, fired()]).toEqual([true, []]);
    stand.work(tasks, { schedules: true });
    await stand.pass(2 * 3_600_000, 10_000);
    expect(fired()).toEqual([40]);
    // By then nobody knows the id of what was fired any more.
    stand.clock.advance(25 * 86_400_000);
    await stand.pass(20_000, 500);
    const caughtUp = [40, 40 + 25 * 86_400];
    expect(fired()).toEqual(caughtUp);
    goOn();
    await stand.pass(10_000, 500);
    expect(fired()).toEqual(caughtUp);
  });

  test('goes by the engine’s clock: the process’s may be set as one likes', async () => {
    const tasks = stand.tasks({ tick });
    stand.work(tasks, { schedules: true });
    await tasks.schedules.add({ id: 's', step: tasks.tick.with('x'), everyMs: 60_000 });
    stand.clock.stepWall(3_600_000);
    await stand.pass(50_000, 500);
    stand.clock.stepWall(-7_200_000);
    await stand.pass(60_000, 500);
    expect(fired()).toEqual([40, 100]);
  });

  test('an engine’s clock that is set back fires nothing twice; set forward, it catches up', async () => {
    let offsetMs = 0;
    const inner = stand.store.open();
    const store = wrapped(inner, { now: async () => (await stand.store.now()) + offsetMs });
    const tasks = stand.tasks({ tick }, { store });
    stand.work(tasks, { schedules: true });
    await tasks.schedules.add({ id: 's', step: tasks.tick.with('x'), everyMs: 60_000 });
    await stand.pass(50_000, 500);
    offsetMs = -30_000;
    await stand.pass(60_000, 500);
    expect(fired()).toEqual([40]);
    offsetMs = 200_000;
    await stand.pass(20_000, 500);
    expect(fired()).toEqual([40, 280]);
  });

  test('is refused where it is wrong', async () => {
    const tasks = stand.tasks({ tick });
    const step = tasks.tick.with('x');
    const { schedules } = tasks;
    await expect(schedules.add({ id: 's', step })).rejects.toThrow('one of cron and everyMs');
    await expect(schedules.add({ id: 's', step, cron: '* * *' })).rejects.toThrow('5 or 6 fields');
    await expect(schedules.add({ id: 's', step, everyMs: 1 })).rejects.toThrow('from 100 to');
    await expect(schedules.add({ id: 's', step, everyMs: 1000, timeZone: 'UTC' })).rejects.toThrow(
      'is for cron',
    );
    await expect(schedules.add({ id: 'a/b', step, everyMs: 1000 })).rejects.toThrow('Id of a schedule');
    await expect(schedules.add({ id: 's', step: { task: 'else', input: 1 }, everyMs: 1000 })).rejects.toThrow(
      'one of the application',
    );
    await expect(schedules.add({ id: 's', step, everyMs: 1000, catchUp: 'some' as never })).rejects.toThrow(
      'none, last or all',
    );
    await expect(schedules.add({ id: 's', step, everyMs: 1000, catchUpMax: 0 })).rejects.toThrow(
      'from 1 to 1000',
    );
    await expect(schedules.add({ id: 's', step, everyMs: 1000, lane: 99 })).rejects.toThrow('Lane');
  });

  test('that is removed while it is fired stays away', async () => {
    const tasks = stand.tasks({ tick });
    await tasks.schedules.add({ id: 's', step: tasks.tick.with('x'), everyMs: 60_000 });
    const inner = stand.store.open();
    const put: QueueStore['put'] = async (...call) => {
      const results = await inner.put(...call);
      await tasks.schedules.remove('s');
      return results;
    };
    stand.work(stand.tasks({ tick }, { store: wrapped(inner, { put }) }), { schedules: true });
    await stand.pass(200_000, 500);
    expect(fired()).toEqual([40]);
    expect(await tasks.schedules.list()).toEqual([]);
  });

  test('that cannot be fired any more does not hold up the others, and is told of', async () => {
    const tasks = stand.tasks({ tick });
    await tasks.schedules.add({ id: 'good', step: tasks.tick.with('x'), everyMs: 60_000 });
    const value = new TextEncoder().encode('{"task":"tick","cron":"0 0 30 2 *","nextAtMs":1}');
    await stand.store.state.write({ key: 'app/schedule/bad', value });
    const troubles: unknown[] = [];
    stand.work(tasks, {
      schedules: true,
      onEvent: event => void troubles.push('error' in event && event.error),
    });
    await stand.pass(50_000, 500);
    expect(fired()).toEqual([40]);
    expect(troubles).toContainEqual(
      expect.objectContaining({ message: expect.stringContaining('a day that comes') }),
    );
  });

  test('of a task that a worker does not know is left to those who do', async () => {
    const other = defineTask({ name: 'other', input: unchecked<null>(), run: () => {} });
    const narrow = stand.tasks({ other });
    stand.work(narrow, { schedules: true });
    const tasks = stand.tasks({ tick });
    await tasks.schedules.add({ id: 's', step: tasks.tick.with('x'), everyMs: 60_000 });
    await stand.pass(50_000, 500);
    expect(fired()).toEqual([]);
    stand.work(tasks, { schedules: true });
    await stand.pass(20_000, 20);
    expect(fired()).toEqual([40]);
    await turn();
  });
});
