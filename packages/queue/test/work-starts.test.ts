import { FaultyQueueStore, type QueueFaults } from '@quorate/conformance';
import { type LeaseOptions, type MessageId, type QueueStore, QuorateError } from '@quorate/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Delivery, Ending, Limiter } from '../src/index.ts';
import { acknowledge, QueueStand, textOf, turn } from './queue-stand.ts';

describe('starts of a work', () => {
  let stand: QueueStand;
  beforeEach(() => {
    stand = new QueueStand();
  });
  afterEach(async () => {
    await stand.close();
    expect(stand.clock.timerCount).toBe(0);
  });

  /** A client whose leases are written down before they are asked for. */
  function watched(onLease: (options: LeaseOptions) => void, faults: QueueFaults = {}): QueueStore {
    const store = new FaultyQueueStore(stand.store.open(), faults, stand.clock);
    const lease = store.lease.bind(store);
    store.lease = (queue, options) => {
      onLease(options);
      return lease(queue, options);
    };
    return store;
  }

  async function countsOf(id: string): Promise<readonly [deliveries: number, attempts: number]> {
    const message = await stand.store.inspect.get('q', id as MessageId);
    return [message?.deliveryCount ?? -1, message?.attemptCount ?? -1];
  }

  it('cost no call of their own where a handler is free, and one lease follows all that end in a turn', async () => {
    const ids = Array.from({ length: 30 }, (_, index) => `${index}`);
    await stand.put(ids);
    const asked: (readonly [number, number | undefined])[] = [];
    const faults: QueueFaults = { sent: [] };
    const store = watched(({ messagesMax, startedMax }) => asked.push([messagesMax, startedMax]), faults);
    const attempts: number[] = [];
    stand.work(
      async ({ attempt }) => {
        attempts.push(attempt);
        return acknowledge;
      },
      { store, concurrency: 10 },
    );
    await turn();
    expect(attempts).toEqual(ids.map(() => 1));
    expect(asked).toEqual([10, 10, 10, 10].map(count => [count, count]));
    expect(faults.sent?.filter(call => call === 'extend')).toEqual([]);
    expect(faults.sent?.filter(call => call === 'settle')).toHaveLength(3);
  });

  it('go ahead while what has ended is being settled, as far as that does not pile up', async () => {
    await stand.put(['a', 'b', 'c', 'd', 'e', 'f']);
    const faults: QueueFaults = {};
    let open = (): void => {};
    const gate = new Promise<void>(resolve => (open = resolve));
    faults.before = call => (call === 'settle' ? gate : undefined);
    const store = watched(() => {}, faults);
    const seen: string[] = [];
    stand.work(
      async delivery => {
        seen.push(textOf(delivery));
        return acknowledge;
      },
      { store, concurrency: 2, leaseMs: 60_000 },
    );
    await turn();
    expect(seen).toEqual(['a', 'b', 'c', 'd']);
    open();
    await stand.pass(100);
    expect(seen).toHaveLength(6);
  });

  it('are charged once each, over retries', async () => {
    await stand.put(['a']);
    const attempts: number[] = [];
    stand.work(
      async ({ attempt }) => {
        attempts.push(attempt);
        throw new Error('no');
      },
      { retry: { attemptsMax: 3, delayMs: 10 } },
    );
    await stand.pass(1000);
    expect(attempts).toEqual([1, 2, 3]);
    const dead = await stand.store.inspect.get('q/~dead', 'a' as MessageId);
    expect(dead?.headers).toMatchObject({ '~cause': 'attempts', '~attempts': '3', '~deliveries': '3' });
  });

  it.each([
    [1, ['a 2'], undefined],
    [2, [], '2'],
  ])(
    'are allowed by the attempts charged before their lease: %i of 2',
    async (times, starts, deadAttempts) => {
      await stand.put(['a']);
      for (let time = 0; time < times; time++) {
        await stand.store.lease('q', { messagesMax: 1, leaseMs: 10, owner: 'killed', startedMax: 1 });
        await stand.pass(20);
      }
      const seen: string[] = [];
      stand.work(
        async delivery => {
          seen.push(`${textOf(delivery)} ${delivery.attempt}`);
          return acknowledge;
        },
        { retry: { attemptsMax: 2 } },
      );
      await stand.pass(100);
      expect(seen).toEqual(starts);
      const dead = await stand.store.inspect.get('q/~dead', 'a' as MessageId);
      expect(dead?.headers['~attempts']).toBe(deadAttempts);
    },
  );

  it('that do not come to be take their attempt back: the work is paused by the handler before', async () => {
    await stand.put(['a', 'b', 'c']);
    const running: Delivery[] = [];
    let end: (ending: Ending) => void = () => {};
    const work = stand.work(
      delivery => {
        running.push(delivery);
        work.pause();
        return new Promise(resolve => (end = resolve));
      },
      { concurrency: 3 },
    );
    await stand.pass(100);
    expect(running.map(textOf)).toEqual(['a']);
    expect(await countsOf('a')).toEqual([1, 1]);
    expect(await countsOf('b')).toEqual([1, 0]);
    expect(await countsOf('c')).toEqual([1, 0]);
    end(acknowledge);
    work.resume();
    await stand.pass(100);
    expect(running.map(textOf)).toEqual(['a', 'b']);
    expect(running[1]?.attempt).toBe(1);
    end(acknowledge);
  });

  it('of messages that only a later release can read cost no attempt', async () => {
    await stand.put(['a'], { headers: { '~v': '99' } });
    stand.work(async () => acknowledge);
    await stand.pass(100);
    expect(stand.told('started')).toEqual([]);
    expect(await countsOf('a')).toEqual([1, 0]);
  });

  it('charge nothing to what was fetched beside a message that kills its process', async () => {
    await stand.put(['killer', 'beside', 'also beside']);
    stand.work(() => new Promise<Ending>(() => {}), { prefetch: 2, graceMs: 0 });
    await stand.pass(100);
    expect(await countsOf('killer')).toEqual([1, 1]);
    expect(await countsOf('beside')).toEqual([1, 0]);
    expect(await countsOf('also beside')).toEqual([1, 0]);
  });

  it('wait for a proof of the lease where its answer was long on its way, and are charged once', async () => {
    await stand.put(['a', 'b']);
    const faults: QueueFaults = { sent: [] };
    const store = new FaultyQueueStore(stand.store.open(), faults, stand.clock);
    const lease = store.lease.bind(store);
    store.lease = async (queue, options) => {
      const messages = await lease(queue, options);
      // Nobody else looks meanwhile.
      if (messages.length > 0) stand.clock.advance(950);
      return messages;
    };
    const seen: string[] = [];
    stand.work(
      async delivery => {
        seen.push(`${textOf(delivery)} ${delivery.attempt}`);
        return acknowledge;
      },
      { store, concurrency: 2 },
    );
    await turn();
    expect(seen).toEqual(['a 1', 'b 1']);
    expect(faults.sent?.filter(call => call === 'extend')).toHaveLength(1);
    expect(await stand.count()).toBe(0);
  });

  it('wait for a proof of the lease where the handler before blocked the event loop', async () => {
    await stand.put(['a', 'b', 'c']);
    const store = new FaultyQueueStore(stand.store.open(), {}, stand.clock);
    const extend = store.extend.bind(store);
    const proved: string[] = [];
    store.extend = (leases, leaseMs, options) => {
      if (options?.started !== undefined)
        proved.push(`${leases.map(({ id }) => id).join()} ${options.started}`);
      return extend(leases, leaseMs, options);
    };
    const attempts: number[] = [];
    stand.work(
      async ({ attempt }) => {
        attempts.push(attempt);
        if (attempts.length === 1) stand.clock.advance(950);
        return acknowledge;
      },
      { store, concurrency: 3 },
    );
    await turn();
    expect(attempts).toEqual([1, 1, 1]);
    expect(proved).toEqual(['b,c false']);
  });

  it('take their attempt back where the work was disposed of before they were proved', async () => {
    await stand.put(['a', 'b']);
    const faults: QueueFaults = {};
    let open = (): void => {};
    const gate = new Promise<void>(resolve => (open = resolve));
    faults.before = call => (call === 'extend' ? gate : undefined);
    const store = new FaultyQueueStore(stand.store.open(), faults, stand.clock);
    const work = stand.work(
      async () => {
        stand.clock.advance(950);
        return acknowledge;
      },
      { store, concurrency: 2 },
    );
    await turn();
    const ended = work[Symbol.asyncDispose]();
    open();
    await stand.until(ended);
    expect(stand.told('started')).toHaveLength(1);
    expect(await countsOf('b')).toEqual([1, 0]);
  });

  it.each([
    ['did not take effect', false, 1],
    ['took effect', true, 2],
  ])('whose answer was lost take no attempt back: the call %s', async (_, isApplied, attemptCount) => {
    await stand.put(['a']);
    await stand.store.lease('q', { messagesMax: 1, leaseMs: 10, owner: 'killed', startedMax: 1 });
    await stand.pass(20);
    const store = stand.store.open();
    const extend = store.extend.bind(store);
    store.extend = async (leases, ...options) => {
      if (isApplied) await extend(leases, ...options);
      work.pause();
      const cause = new QuorateError('UNAVAILABLE', 'The answer is lost');
      return leases.map(() => ({ outcome: 'unknown', cause }));
    };
    // With it nothing starts by its lease alone.
    const limiter: Limiter = { take: count => count, wait: async () => {} };
    const work = stand.work(async () => acknowledge, { store, limiter });
    await stand.pass(100);
    expect(stand.told('started')).toEqual([]);
    const left = await stand.store.inspect.get('q', 'a' as MessageId);
    expect([left?.state, left?.attemptCount]).toEqual(['ready', attemptCount]);
  });
});
