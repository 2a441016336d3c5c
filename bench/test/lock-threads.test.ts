import { describe, expect, it, vi } from 'vitest';
import { contest } from '../src/kernels/lock-threads/contest.ts';
import type { ContestKind } from '../src/kernels/lock-threads/contest-thread.ts';
import { deadHolder } from '../src/kernels/lock-threads/dead-holder.ts';
import type { Context, Kernel } from '../src/suite.ts';
import suite from '../suites/lock-threads.ts';

// Worker threads load their modules anew, and a busy machine takes its time.
vi.setConfig({ testTimeout: 60_000 });

const context = { number: () => 2 } as Partial<Context> as Context;

describe('a contest of two threads', () => {
  it.each([
    ['mutex', 5000, false],
    ['mutex, async', 5000, false],
    ['mutex, async', 200, true],
    ['semaphore of one', 5000, false],
    ['read-write lock, writing', 5000, false],
    ['ticket lock', 500, false],
    ['MCS lock', 500, false],
  ] as const)(
    '%s: %i turns are taken once each, held over a turn of the loop: %s',
    async (kind: ContestKind, turns, overTurn) => {
      const kernel = (await contest(kind, { turns, overTurn })(context)) as Kernel;
      try {
        expect([await kernel.run(0), await kernel.run(1)]).toEqual([turns, turns]);
        const { least = 0, most = 0, overlap = -1, ...rest } = kernel.counts?.() ?? {};
        expect(least + most).toBe(2 * turns);
        expect(overlap).toBeGreaterThanOrEqual(0);
        expect(overlap).toBeLessThanOrEqual(2 * turns);
        expect(rest).toMatchObject({ lost: 0, 'not alone': 0 });
      } finally {
        await kernel.close?.();
      }
    },
  );

  it('the control takes part, whatever it does', async () => {
    const kernel = (await contest('web locks', { turns: 100 })(context)) as Kernel;
    expect(await kernel.run(0)).toBe(100);
    await kernel.close?.();
  });
});

it('the successor of a dead holder is timed', async () => {
  const { quantity } = await deadHolder(2);
  expect(quantity).toBeGreaterThan(0);
});

it('who is alone has the lock every time', async () => {
  const alone = suite.benches.find(({ name }) => name === 'uncontended');
  for (const setup of Object.values(alone?.contenders ?? {})) {
    const kernel = (await setup(context)) as Kernel;
    expect(await kernel.run(0)).toBe(kernel.ops);
  }
});
