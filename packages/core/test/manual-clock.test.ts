import { ManualClock, QuorateError, sleep } from '@quorate/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';

test('all readings move together, and only the wall can be stepped', () => {
  const clock = new ManualClock({ wallMs: 1_000, bootMs: 50, bootId: 'b' });
  clock.advance(5);
  clock.stepWall(-3_600_000);
  expect([clock.wallMs(), clock.monotonicMs(), clock.bootMs(), clock.bootId]).toEqual([
    -3_598_995,
    5,
    55,
    'b',
  ]);
});

test('timers fire at their own time, in order of time and then of setting', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(20), { maxLength: 40 }),
      fc.array(fc.nat(9), { maxLength: 20 }),
      (delays, steps) => {
        const clock = new ManualClock();
        const fired: [number, number][] = [];
        delays.forEach((delayMs, index) => {
          clock.setTimer(delayMs, () => {
            expect(clock.monotonicMs()).toBe(delayMs);
            fired.push([delayMs, index]);
          });
        });
        for (const step of steps) clock.advance(step);
        const elapsed = clock.monotonicMs();
        const expected = delays
          .map((delayMs, index): [number, number] => [delayMs, index])
          .filter(([delayMs]) => delayMs <= elapsed && steps.length > 0)
          .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
        expect(fired).toEqual(expected);
        expect(clock.timerCount).toBe(delays.length - fired.length);
      },
    ),
  );
});

test('a timer set by a callback fires in the same advance when it is due', () => {
  const clock = new ManualClock();
  const seen: number[] = [];
  clock.setTimer(10, () => clock.setTimer(10, () => seen.push(clock.monotonicMs())));
  clock.advance(19);
  expect(seen).toEqual([]);
  clock.advance(1);
  expect(seen).toEqual([20]);
});

test('a cancelled or disposed timer does not fire', () => {
  const clock = new ManualClock();
  const never = (): void => expect.unreachable();
  const timer = clock.setTimer(1, never);
  timer.cancel();
  timer.cancel();
  {
    using _ = clock.setTimer(1, never);
  }
  clock.advance(5);
  expect(clock.timerCount).toBe(0);
});

test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('a delay or duration of %s is refused', value => {
  const clock = new ManualClock();
  expect(() => clock.setTimer(value, () => {})).toThrow(
    new RangeError(`Delay in ms must be a finite number of at least 0: received ${value}`),
  );
  expect(() => clock.advance(value)).toThrow(RangeError);
});

test('sleep ends with the clock, or with its signal and leaves nothing behind', async () => {
  const clock = new ManualClock();
  const slept = sleep(clock, 100);
  clock.advance(100);
  await slept;

  const controller = new AbortController();
  const aborted = sleep(clock, 100, { signal: controller.signal });
  controller.abort('enough');
  await expect(aborted).rejects.toMatchObject({ code: 'ABORTED', outcome: 'not-applied', cause: 'enough' });
  expect(clock.timerCount).toBe(0);
  await expect(sleep(clock, 100, { signal: AbortSignal.abort() })).rejects.toBeInstanceOf(QuorateError);
  await expect(sleep(clock, -1)).rejects.toBeInstanceOf(RangeError);
  expect(clock.timerCount).toBe(0);
});
