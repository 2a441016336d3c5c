import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { FaultyQueueStore, type QueueFaults } from '@quorate/conformance';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MessageId, QuorateError } from '@quorate/core';
import type { Delivery, Ending } from '../src/index.ts';
import { acknowledge, QueueStand, textOf, turn } from './queue-stand.ts';

describe('work loop', () => {
  let stand: QueueStand;
  beforeEach(() => {
    stand = new QueueStand();
  });
  afterEach(async () => {
    await stand.close();
    expect(stand.clock.timerCount).toBe(0);
  });

  it('handles messages in order, acknowledges them and drains', async () => {
    await stand.put(['a', 'b', 'c']);
    const seen: string[] = [];
    const work = stand.work(async delivery => {
      seen.push(textOf(delivery));
      return acknowledge;
    });
    await stand.pass(100);
    expect(seen).toEqual(['a', 'b', 'c']);
    expect(await stand.count()).toBe(0);
    await stand.until(work.drain());
    await work.done;
  });

  it('starts no more handlers at a time than it may, and charges only what it starts', async () => {
    await stand.put(['a', 'b', 'c', 'd', 'e', 'f']);
    const running: Delivery[] = [];
    stand.work(delivery => new Promise<Ending>(() => running.push(delivery)), {
      concurrency: 2,
      prefetch: 3,
      graceMs: 0,
    });
    await stand.pass(100);
    expect(running.map(textOf)).toEqual(['a', 'b']);
    const charged = await stand.store.inspect.messages('q');
    expect(charged.items.map(({ attemptCount }) => attemptCount)).toEqual([1, 1, 0, 0, 0, 0]);
    expect(charged.items.map(({ deliveryCount }) => deliveryCount)).toEqual([1, 1, 1, 1, 1, 0]);
  });

  it('tries again with growing delays, and moves what fails too often to the dead letters with its cause', async () => {
    await stand.put(['a']);
    const atMs: number[] = [];
    stand.work(
      async ({ attempt }) => {
        atMs.push(stand.clock.monotonicMs());
        throw Object.assign(new Error(`no ${attempt}`), { code: 'E_NO' });
      },
      { retry: { attemptsMax: 4, delayMs: 1000 } },
    );
    await stand.pass(20_000);
    expect(atMs).toHaveLength(4);
    for (const [index, limitMs] of [1000, 2000, 4000].entries())
      expect((atMs[index + 1] as number) - (atMs[index] as number)).toBeLessThanOrEqual(limitMs + 100);
    const dead = await stand.store.inspect.get('q/~dead', 'a' as MessageId);
    expect(dead?.headers).toMatchObject({
      '~cause': 'attempts',
      '~error': 'Error: no 4',
      '~code': 'E_NO',
      '~from': 'q',
      '~attempts': '4',
      '~deliveries': '4',
    });
    expect(await stand.count()).toBe(0);
  });

  it('extends what is held for longer than a lease', async () => {
    await stand.put(['a', 'b']);
    let end: (ending: Ending) => void = () => {};
    const seen: string[] = [];
    stand.work(delivery => {
      seen.push(textOf(delivery));
      return new Promise(resolve => (end = resolve));
    });
    await stand.pass(10_000);
    expect(seen).toEqual(['a']);
    expect(stand.told('lost')).toEqual([]);
    end(acknowledge);
    await stand.pass(100);
    expect(seen).toEqual(['a', 'b']);
    end(acknowledge);
    await stand.pass(100);
    expect(await stand.count()).toBe(0);
  });

  it('tells a handler whose lease is lost, and drops what it says', async () => {
    await stand.put(['a']);
    const deliveries: Delivery[] = [];
    let end: (ending: Ending) => void = () => {};
    stand.work(
      delivery => {
        deliveries.push(delivery);
        return new Promise(resolve => (end = resolve));
      },
      { prefetch: 0 },
    );
    await turn();
    expect(await stand.abandonAll()).toBe(1);
    const [other] = await stand.store.lease('q', { messagesMax: 1, leaseMs: 60_000, owner: 'other' });
    expect(other?.id).toBe('a');
    const { signal } = deliveries[0] as Delivery;
    expect(signal.aborted).toBe(false);
    await stand.pass(1000);
    expect(signal.reason).toMatchObject({ code: 'LEASE_LOST' });
    end(acknowledge);
    await stand.pass(100);
    expect(await stand.count()).toBe(1);
    expect(stand.told('lost')).toHaveLength(1);
    expect(stand.told('settled')).toHaveLength(0);
  });

  it('pauses and resumes; what was leased and not started goes back', async () => {
    await stand.put(['a', 'b', 'c']);
    const ends: ((ending: Ending) => void)[] = [];
    const work = stand.work(() => new Promise(resolve => ends.push(resolve)), { prefetch: 2 });
    await stand.pass(100);
    work.pause();
    await stand.pass(100);
    expect(await stand.store.inspect.depth('q')).toMatchObject({ readyCount: 2, leasedCount: 1 });
    ends[0]?.(acknowledge);
    await stand.pass(100);
    expect(ends).toHaveLength(1);
    work.resume();
    await stand.pass(100);
    expect(ends).toHaveLength(2);
    const drained = work.drain();
    ends[1]?.(acknowledge);
    await stand.until(drained);
    expect(await stand.store.inspect.depth('q')).toMatchObject({ readyCount: 1, leasedCount: 0 });
  });

  it('ends at once when disposed of: aborts handlers and gives their messages back', async () => {
    await stand.put(['a', 'b']);
    const work = stand.work(
      ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
    );
    await stand.pass(100);
    await stand.until(work[Symbol.asyncDispose]());
    expect(await stand.store.inspect.depth('q')).toMatchObject({ readyCount: 2, leasedCount: 0 });
  });

  it('moves what kills its process before a handler starts to the dead letters', async () => {
    await stand.put(['a']);
    for (let time = 0; time < 3; time++) {
      await stand.store.lease('q', { messagesMax: 1, leaseMs: 10, owner: 'killed' });
      await stand.pass(20);
    }
    stand.work(async () => acknowledge, { deliveriesMax: 3 });
    await stand.pass(100);
    const dead = await stand.store.inspect.get('q/~dead', 'a' as MessageId);
    expect(dead?.headers).toMatchObject({ '~cause': 'deliveries', '~deliveries': '4', '~attempts': '0' });
  });

  it('tells of the last error alone, not of the code of one before', async () => {
    await stand.put(['a']);
    stand.work(
      async ({ attempt }) => {
        throw attempt === 1 ? Object.assign(new Error('first'), { code: 'E_FIRST' }) : new Error('second');
      },
      { retry: { attemptsMax: 2, delayMs: 10 } },
    );
    await stand.pass(500);
    const [letter] = (await stand.queues().deadLetters('q').list()).items;
    expect(letter).toMatchObject({ error: 'Error: second', code: undefined });
  });

  it('counts no delivery against a message that went back without a fault of its own', async () => {
    await stand.put(['a', 'b']);
    for (let time = 0; time < 6; time++) {
      const work = stand.work(
        ({ signal }) =>
          new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
        { deliveriesMax: 3 },
      );
      await stand.pass(100);
      await stand.until(work[Symbol.asyncDispose]());
    }
    expect(await stand.count('q/~dead')).toBe(0);
    for (let time = 0; time < 4; time++) {
      await stand.store.lease('q', { messagesMax: 2, leaseMs: 10, owner: 'killed' });
      await stand.pass(20);
    }
    stand.work(async () => acknowledge, { deliveriesMax: 3 });
    await stand.pass(100);
    expect(await stand.count('q/~dead')).toBe(2);
  });

  it('keeps messages of a later version for workers of that version', async () => {
    await stand.put(['a'], { headers: { '~v': '99' } });
    stand.work(async () => acknowledge, { deliveriesMax: 3 });
    await stand.pass(300_000, 1000);
    expect(stand.told('started')).toEqual([]);
    expect(await stand.count()).toBe(1);
    const [left] = (await stand.store.inspect.messages('q')).items;
    expect(left?.deliveryCount).toBeGreaterThan(3);
    expect(left?.headers['~returned']).toBe(`${left?.deliveryCount}`);
  });

  it('settles an ending with its puts and its state, and asks again where a record was changed', async () => {
    await stand.put(['a']);
    await stand.store.state.write({ key: 'q/n', value: new Uint8Array([1]) });
    const asked: Ending[] = [];
    const withVersion = (version: number): Ending => ({
      type: 'acknowledge',
      puts: [{ queue: 'q/next', message: { body: new Uint8Array([7]) } }],
      state: [{ key: 'q/n', value: new Uint8Array([2]), version }],
    });
    stand.work(async () => withVersion(9_999), {
      handler: {
        handle: async () => withVersion(9_999),
        endAgain: async (_, ending) => {
          asked.push(ending);
          return withVersion((await stand.store.state.get('q/n'))?.version as number);
        },
      },
    });
    await stand.pass(100);
    expect(asked).toHaveLength(1);
    expect(await stand.count('q/next')).toBe(1);
    expect(await stand.count()).toBe(0);
    expect((await stand.store.state.get('q/n'))?.value).toEqual(new Uint8Array([2]));
  });

  it('treats an ending that the store can never take as a failure of its handler', async () => {
    await stand.put(['a', 'b']);
    stand.work(
      async delivery =>
        textOf(delivery) === 'b'
          ? acknowledge
          : { type: 'acknowledge', puts: [{ queue: 'elsewhere', message: { body: new Uint8Array() } }] },
      { retry: { attemptsMax: 1 }, concurrency: 2 },
    );
    await stand.pass(1000);
    expect(await stand.count()).toBe(0);
    const dead = await stand.store.inspect.messages('q/~dead');
    expect(dead.items.map(({ id }) => id)).toEqual(['a']);
    expect(dead.items[0]?.headers['~error']).toMatch(/RangeError: Queue of a settlement/);
  });

  it('gives up what killed as many processes as it may be tried, and charges nothing that was only near', async () => {
    await stand.put(['killer', 'neighbour']);
    for (let time = 0; time < 3; time++) {
      const leased = await stand.store.lease('q', { messagesMax: 2, leaseMs: 10, owner: 'killed' });
      const [killer] = leased.filter(({ id }) => id === 'killer');
      if (killer !== undefined) await stand.store.extend([killer], 10, { started: true });
      await stand.pass(20);
    }
    const seen: string[] = [];
    stand.work(
      async delivery => {
        seen.push(`${textOf(delivery)} ${delivery.attempt}`);
        return acknowledge;
      },
      { retry: { attemptsMax: 3 } },
    );
    await stand.pass(100);
    expect(seen).toEqual(['neighbour 1']);
    const dead = await stand.store.inspect.get('q/~dead', 'killer' as MessageId);
    expect(dead?.headers).toMatchObject({ '~cause': 'attempts', '~attempts': '3' });
  });

  it('settles again what may not have been settled, without handling it again', async () => {
    await stand.put(['a']);
    const store = stand.store.open();
    const settle = store.settle.bind(store);
    let settleCount = 0;
    store.settle = async (...call) => {
      if (settleCount++ >= 3) return settle(...call);
      return [{ outcome: 'unknown', cause: new QuorateError('UNAVAILABLE', 'No answer') }];
    };
    stand.work(async () => acknowledge, { store });
    await stand.pass(3000);
    expect(settleCount).toBe(4);
    expect(stand.told('started')).toHaveLength(1);
    expect(stand.told('settled')).toHaveLength(1);
    expect(stand.told('trouble')).toHaveLength(3);
    expect(await stand.count()).toBe(0);
  });

  it('keeps what was handled until it can be settled', async () => {
    await stand.put(['a']);
    const faults: QueueFaults = { random: stand.random };
    let isAway = true;
    faults.before = call => {
      faults.refused = call === 'settle' && isAway ? 1 : 0;
      return undefined;
    };
    const store = new FaultyQueueStore(stand.store.open(), faults, stand.clock);
    stand.work(async () => acknowledge, { store, prefetch: 0 });
    await stand.pass(100);
    stand.work(async () => acknowledge);
    await stand.pass(5000);
    expect(stand.told('started')).toHaveLength(1);
    isAway = false;
    await stand.pass(1000);
    expect(stand.told('started')).toHaveLength(1);
    expect(stand.told('settled')).toHaveLength(1);
    expect(await stand.count()).toBe(0);
  });

  it('does not charge a start twice whose answer was lost', async () => {
    await stand.put(['a']);
    const faults: QueueFaults = { random: { ...stand.random, float: () => 0.1 } };
    let extendCount = 0;
    faults.before = call => {
      faults.lost = call === 'extend' && extendCount++ < 2 ? 1 : 0;
      return undefined;
    };
    const store = new FaultyQueueStore(stand.store.open(), faults, stand.clock);
    const attempts: number[] = [];
    stand.work(
      async ({ attempt }) => {
        attempts.push(attempt);
        if (attempt === 1) throw new Error('no');
        return acknowledge;
      },
      { store, leaseMs: 20_000, prefetch: 0 },
    );
    await stand.pass(10_000);
    expect(attempts).toEqual([1, 2]);
  });

  it('goes on once a store is back that could not be reached', async () => {
    await stand.put(['a']);
    const faults: QueueFaults = { random: stand.random, refused: 1 };
    const store = new FaultyQueueStore(stand.store.open(), faults, stand.clock);
    const work = stand.work(async () => acknowledge, { store });
    await stand.pass(20_000, 500);
    expect(stand.told('started')).toEqual([]);
    expect(stand.told('trouble').length).toBeGreaterThan(0);
    faults.refused = 0;
    await stand.pass(20_000, 500);
    expect(await stand.count()).toBe(0);
    await stand.until(work.drain());
  });

  it('ends with the error of a store that was closed', async () => {
    const store = stand.store.open();
    const work = stand.work(async () => acknowledge, { store });
    await stand.pass(100);
    await store[Symbol.asyncDispose]();
    await expect(stand.until(work.done)).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('stops waiting for a drain by signal and deadline, and goes on ending', async () => {
    await stand.put(['a']);
    let end: (ending: Ending) => void = () => {};
    const work = stand.work(() => new Promise(resolve => (end = resolve)));
    await stand.pass(100);
    const waiting = work.drain({ deadlineMs: 500 });
    waiting.catch(() => {});
    await stand.pass(600);
    await expect(waiting).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', outcome: 'not-applied' });
    end(acknowledge);
    await stand.until(work.done);
    expect(await stand.count()).toBe(0);
  });

  it('tells what it does on channels of diagnostics', async () => {
    const heard: unknown[] = [];
    const listen = (message: unknown): void => void heard.push(message);
    subscribe('quorate:queue:settled', listen);
    await stand.put(['a']);
    stand.work(async () => acknowledge);
    await stand.pass(100);
    unsubscribe('quorate:queue:settled', listen);
    expect(heard).toMatchObject([{ type: 'settled', queue: 'q', message: { id: 'a' }, ending: acknowledge }]);
  });

  it.each([
    [{ concurrency: 0 }, 'Concurrency must be an integer of at least 1: received 0'],
    [{ prefetch: -1 }, 'Prefetch must be an integer of at least 0: received -1'],
    [{ leaseMs: 5 }, 'Lease in ms must be from 10 to 2147483647: received 5'],
    [{ deliveriesMax: 0 }, 'Deliveries must be an integer of at least 1: received 0'],
    [{ deadLetters: 'elsewhere' }, 'Dead letters must lie in the partition of "q": received "elsewhere"'],
  ])('refuses %j', (options, message) => {
    expect(() => stand.work(async () => acknowledge, options)).toThrow(new RangeError(message));
  });
});
