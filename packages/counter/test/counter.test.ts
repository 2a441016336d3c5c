import type { StoreFaults } from '@quorate/conformance';
import { errorCode, type QuorateError } from '@quorate/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { failure, Stand, turn } from './stand.ts';

let stand: Stand;
beforeEach(() => {
  stand = new Stand();
});
afterEach(async () => {
  await stand.close();
  expect(stand.clock.timerCount).toBe(0);
});

const int64Max = 2n ** 63n - 1n;

describe('adding', () => {
  test('returns the value directly after, over all managers', async () => {
    const one = stand.counters().counter('orders');
    const other = stand.counters().counter('orders');
    expect(await one.get()).toBe(0n);
    expect(await one.add(5)).toEqual({ value: 5n });
    expect(await other.add(-7n)).toEqual({ value: -2n });
    expect(await one.get()).toBe(-2n);
  });

  test('at the same time is one addition of the store, and each caller has its own value', async () => {
    const sent: string[] = [];
    const counters = stand.counters({}, { sent });
    const counter = counters.counter('orders');
    const added = await Promise.all([counter.add(1), counters.counter('orders').add(10), counter.add(-4n)]);
    expect(added.map(({ value }) => value)).toEqual([1n, 11n, 7n]);
    expect(sent).toEqual(['session', 'add']);
  });

  test('while one is under way waits for its end, all together', async () => {
    const sent: string[] = [];
    const gates: (() => void)[] = [];
    const before = (call: string) =>
      call === 'add' ? new Promise<void>(resolve => gates.push(resolve)) : undefined;
    const counter = stand.counters({}, { sent, before }).counter('orders');
    const first = counter.add(1);
    await turn();
    const later = [counter.add(2), counter.add(3)];
    await turn();
    expect(gates).toHaveLength(1);
    gates.shift()?.();
    expect(await first).toEqual({ value: 1n });
    await turn();
    gates.shift()?.();
    expect(await Promise.all(later)).toEqual([{ value: 3n }, { value: 6n }]);
    expect(sent).toEqual(['session', 'add', 'add']);
  });

  test('a hundred thousand at once is one addition, with a hundred thousand values', async () => {
    const sent: string[] = [];
    const counter = stand.counters({}, { sent }).counter('orders');
    const added = await Promise.all(Array.from({ length: 100_000 }, () => counter.add(1)));
    expect(added.every(({ value }, index) => value === BigInt(index + 1))).toBe(true);
    expect(sent).toEqual(['session', 'add']);
  });

  test('counters of different names, prefixes and kinds are different', async () => {
    const counters = stand.counters();
    const names = ['a', 'a/b', 'a%2Fb', 'a.b', '', 'ä', 'a\0'];
    for (const [index, name] of names.entries()) await counters.counter(name).add(index + 1);
    for (const [index, name] of names.entries()) {
      expect(await counters.counter(name).get()).toBe(BigInt(index + 1));
    }
    expect(await stand.counters({ prefix: 'other' }).counter('a').get()).toBe(0n);
    expect(await counters.counter('a', { shards: 2 }).get()).toBe(0n);
  });

  test('keeps one session for a thousand names, then takes a fresh one', async () => {
    const sent: string[] = [];
    const counters = stand.counters({}, { sent });
    for (let index = 0; index < 2500; index++) await counters.counter(`n${index}`).add(1);
    expect(sent.filter(call => call === 'session')).toHaveLength(3);
    await turn();
    expect(stand.store.memory.sessions.count).toBe(1);
  });
});

describe('what does not fit 64 bits', () => {
  test('is refused, and harms nobody in the same batch', async () => {
    const counter = stand.counters().counter('full');
    await counter.add(int64Max - 2n);
    const results = await Promise.allSettled([
      counter.add(1),
      counter.add(5),
      counter.add(1n),
      counter.add(2),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected']);
    expect((results[1] as PromiseRejectedResult).reason).toBeInstanceOf(RangeError);
    expect(await counter.get()).toBe(int64Max);
  });

  test('is not refused where others in the batch make room, and no value leaves 64 bits', async () => {
    const counter = stand.counters().counter('full');
    await counter.add(int64Max);
    const added = await Promise.all([counter.add(1), counter.add(-5), counter.add(2)]);
    expect(added.map(({ value }) => value)).toEqual([int64Max - 4n, int64Max - 5n, int64Max - 2n]);
    await counter.add(-int64Max);
    await counter.add(-int64Max + 2n);
    const low = await Promise.all([counter.add(-9), counter.add(-9), counter.add(20)]);
    expect(low.map(({ value }) => value)).toEqual([-int64Max + 11n, -int64Max + 2n, -int64Max + 20n]);
  });

  test('in sum is sent in parts', async () => {
    const counter = stand.counters().counter('parts');
    const half = 2n ** 62n;
    const results = await Promise.allSettled([counter.add(half), counter.add(half), counter.add(-half)]);
    expect(results.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(2);
    expect(await counter.get()).toBeLessThanOrEqual(half);
  });
});

describe('bad arguments', () => {
  test.each([
    [1.5, 'Delta must be an integer that is exact, else a bigint: received 1.5'],
    [2 ** 53, 'Delta must be an integer that is exact, else a bigint: received 9007199254740992'],
    [2n ** 63n, 'Delta must fit a signed 64-bit integer'],
    ['1' as unknown as number, 'Delta must be a bigint or a number: received 1'],
  ])('%s', async (delta, message) => {
    const counter = stand.counters().counter('bad');
    await expect(counter.add(delta)).rejects.toThrow(message);
    expect(() => counter.post(delta)).toThrow(message);
    counter.post(1);
    expect(() => counter.post(delta)).toThrow(message);
    await counter.flush();
    expect(await counter.get()).toBe(1n);
  });

  test('names, prefixes, shards and times', () => {
    const counters = stand.counters();
    expect(() => counters.counter('\ud800')).toThrow('well-formed');
    expect(() => counters.counter('x'.repeat(901))).toThrow('at most 900 bytes: received 901');
    expect(() => counters.counter('x', { shards: 0 })).toThrow('Shards must be an integer from 1 to 1024');
    expect(() => counters.counter('x', { expiresMs: 1 })).toThrow('Time to live in ms must be from 10');
    expect(() => stand.counters({ prefix: 'a/b' })).toThrow('Prefix must be');
  });

  test('a value that is no number is told, and is not touched', async () => {
    const counters = stand.counters();
    const counter = counters.counter('text');
    await stand.store.put('counter.count.text/n', new TextEncoder().encode('abc'), { absent: true });
    await expect(counter.add(1)).rejects.toThrow('must be an integer in decimal digits to be added to');
    await expect(counter.get()).rejects.toThrow(RangeError);
  });
});

describe('giving up', () => {
  test('before it was sent leaves nothing behind', async () => {
    let open = (): void => {};
    const gate = new Promise<void>(resolve => {
      open = resolve;
    });
    const counter = stand.counters({}, { before: call => (call === 'add' ? gate : undefined) }).counter('x');
    const first = counter.add(1);
    await turn();
    const controller = new AbortController();
    const waiters = Array.from({ length: 10_000 }, () => counter.add(100, { signal: controller.signal }));
    const late = counter.add(1000, { deadlineMs: 50 });
    const last = counter.add(10);
    controller.abort();
    const outcomes = await Promise.allSettled(waiters);
    for (const outcome of outcomes) {
      const { reason } = outcome as PromiseRejectedResult;
      if (errorCode(reason) !== 'ABORTED' || (reason as QuorateError).outcome !== 'not-applied') throw reason;
    }
    const told = failure(late);
    stand.clock.advance(60);
    expect(await told).toMatchObject({ code: 'DEADLINE_EXCEEDED', outcome: 'not-applied' });
    open();
    expect(await first).toEqual({ value: 1n });
    expect(await last).toEqual({ value: 11n });
  });

  test('under way leaves the outcome open, and the addition goes on', async () => {
    const faults: StoreFaults = { lost: 1 };
    const counter = stand.counters({}, faults).counter('x');
    const added = counter.add(7, { deadlineMs: 100 });
    const told = failure(added);
    await stand.pass(200);
    expect(await told).toMatchObject({ code: 'DEADLINE_EXCEEDED', outcome: 'unknown' });
    faults.lost = 0;
    expect(await stand.until(counter.add(1))).toEqual({ value: 8n });
  });

  test('a signal that is aborted already sends nothing', async () => {
    const sent: string[] = [];
    const counter = stand.counters({}, { sent }).counter('x');
    await expect(counter.add(1, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(counter.add(1, { deadlineMs: 0 })).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(sent).toEqual([]);
  });
});

describe('an answer that never comes', () => {
  test('is asked for again, and the addition counts once', async () => {
    const sent: string[] = [];
    let hung = 0;
    const counter = stand
      .counters(
        {},
        {
          sent,
          before: call => (call === 'add' && hung++ < 2 ? new Promise<void>(() => {}) : undefined),
        },
      )
      .counter('x');
    expect(await stand.until(counter.add(3), 3000)).toEqual({ value: 3n });
    expect(sent).toEqual(['session', 'add']);
    expect(hung).toBe(3);
  });
});

describe('a session that is lost', () => {
  test('while nothing was under way costs nothing', async () => {
    const counter = stand.counters().counter('x');
    await counter.add(1);
    stand.clock.stepWall(3_600_000);
    expect(await stand.until(counter.add(1))).toEqual({ value: 2n });
    expect(stand.faulty[0]?.sessions).toHaveLength(2);
  });

  test('at the store alone makes the outcome of the next addition unknown, and the one after it is fine', async () => {
    const counter = stand.counters().counter('x');
    await counter.add(1);
    stand.store.memory.sessions.end(stand.faulty[0]!.sessions[0]!.id);
    await expect(counter.add(1)).rejects.toMatchObject({ code: 'ADD_UNKNOWN', outcome: 'unknown' });
    expect(await counter.add(1)).toEqual({ value: 2n });
  });

  test('with an answer outstanding makes the outcome unknown, and says of how much', async () => {
    const faults: StoreFaults = { lost: 1 };
    const counter = stand.counters({}, faults).counter('x');
    const added = [counter.add(3), counter.add(4n)];
    const told = added.map(failure);
    await turn();
    faults.before = () => new Promise<void>(() => {});
    stand.clock.stepWall(3_600_000);
    await stand.pass(1500);
    const failures = await Promise.all(told);
    for (const each of failures) expect(each).toMatchObject({ code: 'ADD_UNKNOWN', outcome: 'unknown' });
    expect(failures[1]).toMatchObject({
      message: expect.stringContaining('whether the 4 added to counter "x" counts'),
    });
    delete faults.before;
    faults.lost = 0;
    const { value } = await stand.until(counter.add(1));
    expect([1n, 8n]).toContain(value);
  });
});
