import { getEventListeners } from 'node:events';
import { boundedWait, ManualClock } from '@quorate/core';
import { describe, expect, test } from 'vitest';

const never = (): Promise<never> => new Promise(() => {});

describe('boundedWait', () => {
  test('settles as what it waits for does, and leaves nothing behind', async () => {
    const clock = new ManualClock();
    const { signal } = new AbortController();
    const options = { signal, deadlineMs: 100 };
    await expect(boundedWait(clock, options, 'unknown', async () => 7)).resolves.toBe(7);
    const failure = new Error('no');
    await expect(boundedWait(clock, options, 'unknown', () => Promise.reject(failure))).rejects.toBe(failure);
    expect(clock.timerCount).toBe(0);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('without a limit hands no signal on', async () => {
    const given: unknown[] = [];
    const start = async (signal: AbortSignal | undefined): Promise<void> => void given.push(signal);
    await boundedWait(new ManualClock(), {}, 'unknown', start);
    await boundedWait(new ManualClock(), { deadlineMs: Number.POSITIVE_INFINITY }, 'unknown', start);
    expect(given).toEqual([undefined, undefined]);
  });

  test('gives up at the deadline or the abort, with the outcome that this means, and says so to whom it waits for', async () => {
    const clock = new ManualClock();
    const controller = new AbortController();
    const told: unknown[] = [];
    const start = (signal: AbortSignal | undefined): Promise<never> => {
      signal?.addEventListener('abort', () => told.push((signal.reason as { code: unknown }).code));
      return never();
    };
    const late = boundedWait(clock, { deadlineMs: 100 }, 'unknown', start);
    const aborted = boundedWait(clock, { signal: controller.signal }, 'not-applied', start);
    clock.advance(100);
    controller.abort();
    await expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', outcome: 'unknown' });
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED', outcome: 'not-applied' });
    expect(told).toEqual(['DEADLINE_EXCEEDED', 'ABORTED']);
    expect(clock.timerCount).toBe(0);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  test('starts nothing where the wait is over before it began: then certainly nothing happened', async () => {
    const start = (): Promise<never> => {
      throw new Error('started');
    };
    const clock = new ManualClock();
    await expect(boundedWait(clock, { deadlineMs: 0 }, 'unknown', start)).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      outcome: 'not-applied',
    });
    const signal = AbortSignal.abort('no more');
    await expect(boundedWait(clock, { signal }, 'unknown', start)).rejects.toMatchObject({
      code: 'ABORTED',
      outcome: 'not-applied',
      cause: 'no more',
    });
  });

  test('a wait that has ended is not reported when what it waited for fails later', async () => {
    const clock = new ManualClock();
    let fail: (error: Error) => void = () => {};
    const wait = boundedWait(
      clock,
      { deadlineMs: 1 },
      'unknown',
      () => new Promise((_, reject) => (fail = reject)),
    );
    clock.advance(1);
    await expect(wait).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    fail(new Error('late'));
    // An unhandled rejection would fail the run.
    await new Promise(resolve => setImmediate(resolve));
  });
});
