import { describe, expect, test } from 'vitest';
import {
  driveQueue,
  type LeaseAnswer,
  type LeasedMessage,
  ManualClock,
  type MessageId,
  type QueueDriver,
  type QueueStore,
  QuorateError,
} from '../../src/index.ts';

const message = { queue: 'p/a', id: 'x' as MessageId, token: 1n } as LeasedMessage;
const lease = { messagesMax: 1, leaseMs: 1000, owner: 'o' };
const put = { queue: 'p/a', message: { body: new Uint8Array(1) } };

/** A driver that does nothing but what is given; it writes down what is asked of it. */
function driven(parts: Partial<QueueDriver>): { store: QueueStore; clock: ManualClock; settled: unknown[] } {
  const clock = new ManualClock();
  const settled: unknown[] = [];
  const driver = {
    capabilities: {
      durability: 'os',
      atomicSettle: true,
      atomicPut: true,
      transactionalPut: false,
      crossProcess: true,
      lease: { readyAt: true, lanes: true, oneActivePerKey: true },
      abandon: true,
      leaseGranularityMs: 1,
      bodyMaxBytes: 1024,
    },
    settle: async (settlements: readonly unknown[]) => {
      settled.push(...settlements);
      return settlements.map(() => ({ outcome: 'applied' }));
    },
    watch: () => ({ [Symbol.dispose]() {} }),
    [Symbol.asyncDispose]: async () => {},
    ...parts,
  } as unknown as QueueDriver;
  return { store: driveQueue(driver, { clock, pollMs: 100 }), clock, settled };
}

/** Until what was set off by the step before has come to rest. */
async function settle(): Promise<void> {
  await new Promise(resolve => setImmediate(resolve));
}

describe('a driven queue store', () => {
  test('makes a value of each message whose fate nobody knows, and an error of a question', async () => {
    const cause = new QuorateError('UNAVAILABLE', 'The answer was lost', {
      outcome: 'unknown',
      retryable: true,
    });
    const fail = (): Promise<never> => Promise.reject(cause);
    const { store } = driven({ put: fail, now: fail });
    const unknown = { outcome: 'unknown', cause };
    expect(await store.put([put, put])).toEqual([unknown, unknown]);
    await expect(store.now()).rejects.toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied', cause });
  });

  test('throws what certainly had no effect', async () => {
    const cause = new QuorateError('STORE_FULL', 'There is no room', { outcome: 'not-applied' });
    const { store } = driven({ put: () => Promise.reject(cause) });
    await expect(store.put([put])).rejects.toBe(cause);
  });

  test('looks again when time alone makes a message ready, though nobody tells', async () => {
    const answers: LeaseAnswer[] = [
      { messages: [] },
      { messages: [], nextInMs: 30 },
      { messages: [message] },
    ];
    const { store, clock } = driven({ lease: async () => answers.shift() as LeaseAnswer });
    const leased = store.lease('p/a', { ...lease, waitMs: 1000 });
    await settle();
    clock.advance(29);
    await settle();
    expect(answers).toHaveLength(1);
    clock.advance(1);
    expect(await leased).toEqual([message]);
    await store[Symbol.asyncDispose]();
    expect(clock.timerCount).toBe(0);
  });

  test('looks again now and then where a hint was lost', async () => {
    const answers: LeaseAnswer[] = [{ messages: [] }, { messages: [] }, { messages: [message] }];
    const { store, clock } = driven({ lease: async () => answers.shift() as LeaseAnswer });
    const leased = store.lease('p/a', { ...lease, waitMs: Number.POSITIVE_INFINITY });
    await settle();
    clock.advance(100);
    expect(await leased).toEqual([message]);
  });

  test('gives back what comes in the moment in which nobody waits for it any more', async () => {
    let come = (_answer: LeaseAnswer): void => {};
    const { store, settled } = driven({ lease: () => new Promise(resolve => (come = resolve)) });
    const controller = new AbortController();
    const leased = store.lease('p/a', { ...lease, signal: controller.signal });
    await settle();
    controller.abort();
    await expect(leased).rejects.toMatchObject({ code: 'ABORTED', outcome: 'not-applied' });
    come({ messages: [message] });
    await settle();
    const { queue, id, token } = message;
    expect(settled).toEqual([{ lease: { queue, id, token }, action: { type: 'release', delayMs: 0 } }]);
  });

  test('gives it back before it closes, as long as an answer may come', async () => {
    const calls: string[] = [];
    let come = (_answer: LeaseAnswer): void => {};
    const parts: Partial<QueueDriver> = {
      lease: () => new Promise(resolve => (come = resolve)),
      settle: async settlements => {
        calls.push(...settlements.map(({ action }) => action.type));
        return settlements.map(() => ({ outcome: 'applied' }));
      },
      [Symbol.asyncDispose]: async () => void calls.push('closed'),
    };
    for (const answers of [true, false]) {
      const { store, clock } = driven(parts);
      const controller = new AbortController();
      const leased = store.lease('p/a', { ...lease, startedMax: 1, signal: controller.signal });
      await settle();
      controller.abort();
      await expect(leased).rejects.toMatchObject({ code: 'ABORTED' });
      const closed = store[Symbol.asyncDispose]();
      await settle();
      if (answers) come({ messages: [message] });
      else clock.advance(1000);
      await closed;
      expect(clock.timerCount).toBe(0);
    }
    expect(calls).toEqual(['release', 'closed', 'closed']);
  });

  test('does not look once more when a wait is given up', async () => {
    let leases = 0;
    const { store } = driven({ lease: async () => ({ messages: leases++ < 2 ? [] : [message] }) });
    const controller = new AbortController();
    const leased = store.lease('p/a', { ...lease, waitMs: 10_000, signal: controller.signal });
    await settle();
    expect(leases).toBe(2);
    controller.abort();
    await expect(leased).rejects.toMatchObject({ code: 'ABORTED' });
    await settle();
    expect(leases).toBe(2);
    await store[Symbol.asyncDispose]();
  });

  test('watches on between waits, so that each looks once, and not for ever', async () => {
    let [leases, begun, ended] = [0, 0, 0];
    let tell = (): void => {};
    let there: LeaseAnswer = { messages: [] };
    const { store, clock } = driven({
      async lease() {
        leases++;
        const answer = there;
        there = { messages: [] };
        return answer;
      },
      watch(_queue, onReady) {
        begun++;
        tell = onReady;
        return { [Symbol.dispose]: () => void ended++ };
      },
    });
    const come = async (): Promise<void> => {
      await settle();
      there = { messages: [message] };
      tell();
    };
    const wait = (): Promise<unknown> => store.lease('p/a', { ...lease, waitMs: 10_000 });
    void come();
    expect(await wait()).toEqual([message]);
    // Before the watch, after it began, and at the hint.
    expect(leases).toBe(3);
    for (let time = 0; time < 3; time++) {
      clock.advance(4000);
      leases = 0;
      void come();
      expect(await wait()).toEqual([message]);
      expect(leases).toBe(2);
    }
    const long = wait();
    await settle();
    clock.advance(9000);
    await come();
    expect(await long).toEqual([message]);
    expect([begun, ended]).toEqual([1, 0]);
    const controller = new AbortController();
    const aborted = store.lease('p/a', { ...lease, waitMs: 10_000, signal: controller.signal });
    await settle();
    controller.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
    await settle();
    clock.advance(4999);
    expect(ended).toBe(0);
    clock.advance(1);
    expect([ended, clock.timerCount]).toEqual([1, 0]);
    void come();
    expect(await wait()).toEqual([message]);
    expect(begun).toBe(2);
    await store[Symbol.asyncDispose]();
    expect([ended, clock.timerCount]).toEqual([2, 0]);
  });

  test('begins no watch once it is closed', async () => {
    let come = (_answer: LeaseAnswer): void => {};
    let begun = 0;
    const watch = (): Disposable => {
      begun++;
      return { [Symbol.dispose]() {} };
    };
    const { store, clock } = driven({ lease: () => new Promise(resolve => (come = resolve)), watch });
    const leased = store.lease('p/a', { ...lease, waitMs: 10_000 });
    const end = leased.catch((thrown: unknown) => thrown);
    await settle();
    await store[Symbol.asyncDispose]();
    come({ messages: [] });
    expect(await end).toMatchObject({ code: 'CLOSED' });
    expect([begun, clock.timerCount]).toEqual([0, 0]);
  });

  test('hears of what comes while it looks', async () => {
    const asked: ((answer: LeaseAnswer) => void)[] = [];
    let tell = (): void => {};
    const { store } = driven({
      lease: () => new Promise(resolve => asked.push(resolve)),
      watch(_queue, onReady) {
        tell = onReady;
        return { [Symbol.dispose]() {} };
      },
    });
    const leased = store.lease('p/a', { ...lease, waitMs: 10_000 });
    await settle();
    asked[0]?.({ messages: [] });
    await settle();
    tell();
    asked[1]?.({ messages: [] });
    await settle();
    expect(asked).toHaveLength(3);
    asked[2]?.({ messages: [message] });
    expect(await leased).toEqual([message]);
    const again = store.lease('p/a', { ...lease, waitMs: 10_000 });
    await settle();
    tell();
    asked[3]?.({ messages: [] });
    await settle();
    expect(asked).toHaveLength(5);
    asked[4]?.({ messages: [message] });
    expect(await again).toEqual([message]);
    await store[Symbol.asyncDispose]();
  });

  test('ends what waits, and its watches, when it is closed', async () => {
    let ended = 0;
    const { store, clock } = driven({
      lease: async () => ({ messages: [] }),
      watch: () => ({ [Symbol.dispose]: () => void ended++ }),
    });
    const leased = store.lease('p/a', { ...lease, waitMs: Number.POSITIVE_INFINITY });
    const end = leased.catch((thrown: unknown) => thrown);
    using _watch = store.watch('p/a', () => {});
    await settle();
    await store[Symbol.asyncDispose]();
    expect(await end).toMatchObject({ code: 'CLOSED' });
    expect(ended).toBe(2);
    expect(clock.timerCount).toBe(0);
  });
});
