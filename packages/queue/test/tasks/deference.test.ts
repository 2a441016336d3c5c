import { type QueueStore, sleep } from '@quorate/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defineTask, unchecked } from '../../src/index.ts';
import { TaskStand, wrapped } from './task-stand.ts';

let stand: TaskStand;

beforeEach(() => {
  stand = new TaskStand();
});

afterEach(async () => {
  await stand.close();
  expect(stand.clock.timerCount).toBe(0);
});

const known = defineTask({ name: 'known', input: unchecked<null>(), run: () => 'known' });
const other = defineTask({ name: 'other', input: unchecked<null>(), run: () => 'other' });

/** A store that is far away: what is ready is seen there some 20 ms later than by whoever waits beside it. */
function far(): QueueStore {
  const inner = stand.store.open();
  return wrapped(inner, {
    async lease(queue, options) {
      const untilMs = stand.clock.monotonicMs() + (options.waitMs ?? 0);
      for (;;) {
        await sleep(stand.clock, 20, { signal: options.signal });
        const messages = await inner.lease(queue, { ...options, waitMs: 0 });
        if (messages.length > 0 || stand.clock.monotonicMs() >= untilMs) return messages;
      }
    },
  });
}

describe('a worker that does not know a task', () => {
  test('does not hold it back from one that does, however near it is to the store and however idle', async () => {
    stand.work(stand.tasks({ known }));
    const tasks = stand.tasks({ other }, { store: far() });
    stand.work(tasks);
    await stand.pass(1000);
    for (let count = 0; count < 10; count++) {
      const handle = await tasks.other.send(null);
      expect(await stand.until(handle.result(), 10_000, 5)).toBe('other');
    }
  });

  test('looks no more than some ten times a second for what it knows, and handles it soon', async () => {
    const inner = stand.store.open();
    let lookCount = 0;
    const lease: QueueStore['lease'] = (...call) => {
      lookCount++;
      return inner.lease(...call);
    };
    const tasks = stand.tasks({ known }, { store: wrapped(inner, { lease }) });
    stand.work(tasks);
    await stand.tasks({ other }).other.send(null);
    await stand.pass(10_000, 5);
    lookCount = 0;
    await stand.pass(10_000, 5);
    expect(lookCount).toBeGreaterThan(60);
    expect(lookCount).toBeLessThan(250);
    const handles = [];
    for (let count = 0; count < 30; count++) handles.push(await tasks.known.send(null));
    await stand.until(Promise.all(handles.map(handle => handle.result())), 200, 5);
  });
});
