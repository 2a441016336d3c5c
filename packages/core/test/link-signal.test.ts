import { getEventListeners } from 'node:events';
import { linkSignal, ManualClock, systemClock } from '@quorate/core';
import { describe, expect, test } from 'vitest';

describe('linkSignal', () => {
  test('the deadline aborts it, at its time and not before', () => {
    const clock = new ManualClock();
    using linked = linkSignal(clock, { deadlineMs: 100 });
    clock.advance(99);
    expect(linked.signal.aborted).toBe(false);
    expect(linked.remainingMs()).toBe(1);
    clock.advance(1);
    expect(linked.signal.reason).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      retryable: true,
      outcome: 'unknown',
    });
    expect(linked.signal.reason.message).toBe('The wait was not over within 100 ms');
    expect(linked.remainingMs()).toBe(0);
    expect(clock.timerCount).toBe(0);
  });

  test('the caller’s signal aborts it, with its reason as the cause', () => {
    const clock = new ManualClock();
    const controller = new AbortController();
    using linked = linkSignal(clock, { signal: controller.signal, deadlineMs: 100, outcome: 'not-applied' });
    controller.abort('no more');
    expect(linked.signal.reason).toMatchObject({
      code: 'ABORTED',
      retryable: false,
      outcome: 'not-applied',
      cause: 'no more',
    });
    expect(clock.timerCount).toBe(0);
    expect(() => linked.throwIfAborted()).toThrow('The wait was aborted by its caller');
  });

  test('what is over before it begins aborts at once', () => {
    const clock = new ManualClock();
    expect(linkSignal(clock, { signal: AbortSignal.abort() }).signal.reason).toMatchObject({
      code: 'ABORTED',
    });
    expect(linkSignal(clock, { deadlineMs: 0 }).signal.reason).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(clock.timerCount).toBe(0);
  });

  test('without options it never aborts and holds nothing', () => {
    const clock = new ManualClock();
    const linked = linkSignal(clock, {});
    clock.advance(1e9);
    linked.throwIfAborted();
    expect(linked.remainingMs()).toBe(Number.POSITIVE_INFINITY);
    expect(clock.timerCount).toBe(0);
  });

  test('disposing lets the caller’s signal and the clock go; later aborts do nothing', () => {
    const clock = new ManualClock();
    const controller = new AbortController();
    const linked = linkSignal(clock, { signal: controller.signal, deadlineMs: 100 });
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
    linked[Symbol.dispose]();
    linked[Symbol.dispose]();
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    expect(clock.timerCount).toBe(0);
    controller.abort();
    expect(linked.signal.aborted).toBe(false);
  });

  test('a hundred thousand waits on one long-lived signal leave nothing on it', () => {
    const controller = new AbortController();
    for (let wait = 0; wait < 100_000; wait++) {
      using _ = linkSignal(systemClock, { signal: controller.signal, deadlineMs: 60_000 });
    }
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });

  test('a late event loop does not hide a passed deadline from who asks', () => {
    const clock = new ManualClock();
    const stalled = { ...bind(clock), setTimer: () => clock.setTimer(1e9, () => {}) };
    const linked = linkSignal(stalled, { deadlineMs: 10 });
    clock.advance(10);
    expect(linked.signal.aborted).toBe(false);
    expect(() => linked.throwIfAborted()).toThrow('The wait was not over within 10 ms');
    expect(linked.signal.aborted).toBe(true);
  });

  test.each([-1, Number.NaN])('a deadline of %s is refused', deadlineMs => {
    expect(() => linkSignal(new ManualClock(), { deadlineMs })).toThrow(
      new RangeError(`Deadline in ms must be a number of at least 0: received ${deadlineMs}`),
    );
  });
});

function bind(clock: ManualClock) {
  return {
    bootId: clock.bootId,
    wallMs: () => clock.wallMs(),
    monotonicMs: () => clock.monotonicMs(),
    bootMs: () => clock.bootMs(),
  };
}
