import { QuorateError, type QueueStore } from '@quorate/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { defineTask, unchecked } from '../../src/index.ts';
import { TaskStand, wrapped } from './task-stand.ts';

let stand: TaskStand;

beforeEach(() => {
  stand = new TaskStand();
});

afterEach(() => stand.close());

const hourMs = 3_600_000;
const runs: string[] = [];
const tick = defineTask({
  name: 'tick',
  input: unchecked<string>(),
  run: (_text, { id }) => void runs.push(id),
});

/** A process that never writes that a schedule moved on: it has died by then. */
function dying(store: QueueStore): QueueStore {
  const { state } = store;
  const write: typeof state.write = (write, options) => {
    if (!write.key.startsWith('app/schedule/') || write.version === 0) return state.write(write, options);
    throw new QuorateError('UNAVAILABLE', 'The scheduler died', { outcome: 'not-applied', retryable: true });
  };
  const parts = {
    write,
    get: state.get.bind(state),
    scan: state.scan.bind(state),
    watch: state.watch.bind(state),
  };
  return wrapped(store, { state: parts });
}

test.each([
  { cron: '0 * * * *', hours: 0.9 },
  { cron: '0 0 * * *', hours: 20 },
  { cron: '0 0 1 * *', hours: 480 },
])(
  'a time whose scheduler died before its record moved on is not fired again: $cron, $hours hours later',
  async ({ cron, hours }) => {
    runs.length = 0;
    const tasks = stand.tasks({ tick });
    const { nextAtMs = 0 } = await tasks.schedules.add({ id: 's', step: tasks.tick.with('x'), cron });
    stand.clock.advance(nextAtMs - (await stand.store.now()) - 1000);
    const first = stand.work(stand.tasks({ tick }, { store: dying(stand.store.open()) }), {
      schedules: true,
    });
    await stand.pass(3000, 500);
    expect(runs).toEqual([`s@${nextAtMs}`]);
    await stand.until(first[Symbol.asyncDispose]());
    stand.clock.advance(hours * hourMs);
    stand.work(tasks, { schedules: true });
    await stand.pass(20_000, 500);
    expect(runs).toEqual([`s@${nextAtMs}`]);
    const [next = 0] = await tasks.schedules.next('s');
    expect(next).toBeGreaterThan(nextAtMs);
  },
);
