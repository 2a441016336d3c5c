import { createMemoryQueueStore } from '@quorate/engine-memory';
import { describe, expect, test, vi } from 'vitest';
import {
  createQueues,
  createTasks,
  defineTask,
  type LeaseKeeper,
  type LeaseKeeperOptions,
  unchecked,
} from '../../src/index.ts';
import { serveStore } from '../fixtures/channel-store.ts';

describe('tasks with a keeper of leases', () => {
  const fixture = (name: string): URL => new URL(`../fixtures/${name}`, import.meta.url);

  test.each(['of the application', 'of the work'])('%s have them extended by its thread', async whose => {
    await using store = createMemoryQueueStore();
    let extendCount = 0;
    // Only the thread's calls come this way.
    using _ = serveStore(store, ({ call }) => {
      if (call === 'extend') extendCount++;
    });
    const slow = defineTask({
      name: 'slow',
      input: unchecked<null>(),
      run: async () => {
        await vi.waitFor(() => expect(extendCount).toBeGreaterThan(2), { timeout: 60_000 });
      },
    });
    const keeper: LeaseKeeperOptions = { module: fixture('channel-store.ts') };
    const isOfAll = whose === 'of the application';
    const tasks = createTasks({ store, name: 'app', tasks: { slow }, ...(isOfAll && { keeper }) });
    await using work = tasks.work({ leaseMs: 600, ...(!isOfAll && { keeper }) });
    await (await tasks.slow.send(null)).result({ deadlineMs: 60_000 });
    expect(extendCount).toBeGreaterThan(2);
    await work.drain();
  });

  test('are run all the same where its thread cannot start, and say so', async () => {
    await using store = createMemoryQueueStore();
    const one = defineTask({ name: 'one', input: unchecked<null>(), run: () => 1 });
    const keeper = { module: fixture('nothing-there.ts') };
    const tasks = createTasks({ store, name: 'app', tasks: { one }, keeper });
    const troubles: unknown[] = [];
    await using _ = tasks.work({
      onEvent: event => {
        if (event.type === 'trouble') troubles.push(event.error);
      },
    });
    expect(await (await tasks.one.send(null)).result({ deadlineMs: 60_000 })).toBe(1);
    expect(troubles).toMatchObject([{ code: 'SPAWN_FAILED' }]);
  });

  test('that somebody else has leave it to them', async () => {
    await using store = createMemoryQueueStore();
    const one = defineTask({ name: 'one', input: unchecked<null>(), run: () => 1 });
    const leasesMs: number[] = [];
    const keeper: LeaseKeeper = {
      keep(leaseMs) {
        leasesMs.push(leaseMs);
        return {
          ready: Promise.resolve(),
          isKeeping: false,
          add() {},
          replace() {},
          keptSinceMs: () => undefined,
          [Symbol.dispose]() {},
        };
      },
    };
    const tasks = createTasks({ store, name: 'app', tasks: { one }, keeper });
    await tasks.work({ leaseMs: 700 }).drain();
    expect(leasesMs).toEqual([700]);
  });

  test.each<[unknown, string]>([
    ['module.ts', 'Keeper must be one of leaseKeeper, or how to make one: received string'],
    [null, 'received null'],
    [{}, 'received object'],
    [{ module: './keeper.ts' }, 'Module of a lease keeper must be a URL: received ./keeper.ts'],
    [{ module: fixture('channel-store.ts'), stuckAfterMs: 0 }, 'must be above 0: received 0'],
  ])('%j is none', async (wrong, message) => {
    await using store = createMemoryQueueStore();
    const keeper = wrong as LeaseKeeperOptions;
    expect(() => createTasks({ store, name: 'app', tasks: {}, keeper })).toThrow(message);
    const tasks = createTasks({ store, name: 'app', tasks: {} });
    expect(() => tasks.work({ keeper })).toThrow(message);
    expect(() => createQueues({ store, keeper })).toThrow(message);
  });
});
