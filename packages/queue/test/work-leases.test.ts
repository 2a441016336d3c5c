import { FaultyQueueStore, type QueueFaults } from '@quorate/conformance';
import { type LeaseHandle, QuorateError, sleep } from '@quorate/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Ending, LeaseKeeper } from '../src/index.ts';
import type { Limiter } from '../src/working/limiter.ts';
import { acknowledge, QueueStand, textOf } from './queue-stand.ts';

/** A keeper that extends nothing, and says of leases that they are lost. */
function idleKeeper(): LeaseKeeper & { lose: (leases: readonly LeaseHandle[]) => void } {
  const keeper = {
    lose: (_leases: readonly LeaseHandle[]): void => {},
    keep: (_leaseMs: number, onLost: (leases: readonly LeaseHandle[]) => void) => {
      keeper.lose = onLost;
      return {
        ready: Promise.resolve(),
        isKeeping: true,
        add() {},
        replace() {},
        keptSinceMs: () => undefined,
        [Symbol.dispose]() {},
      };
    },
  };
  return keeper;
}

/** With it nothing starts by its lease alone: each start is charged by a call. */
const unlimited: Limiter = { take: count => count, wait: async () => {} };

describe('leases of a work', () => {
  let stand: QueueStand;
  beforeEach(() => {
    stand = new QueueStand();
  });
  afterEach(async () => {
    await stand.close();
    expect(stand.clock.timerCount).toBe(0);
  });

  it('proves a lease anew where the handler before blocked the event loop, and charges it once', async () => {
    await stand.put(['a', 'b', 'c']);
    const store = new FaultyQueueStore(stand.store.open(), {}, stand.clock);
    const extend = store.extend.bind(store);
    const provedMs = new Map<string, number>();
    const charged: string[] = [];
    store.extend = (leases, leaseMs, options) => {
      for (const { id } of leases) {
        provedMs.set(id, stand.clock.monotonicMs());
        if (options?.started === true) charged.push(id);
      }
      return extend(leases, leaseMs, options);
    };
    const agesMs: number[] = [];
    stand.work(
      async ({ message }) => {
        agesMs.push(stand.clock.monotonicMs() - (provedMs.get(message.id) as number));
        stand.clock.advance(950);
        return acknowledge;
      },
      { store, concurrency: 3, limiter: unlimited },
    );
    await stand.pass(5000);
    expect(agesMs).toEqual([0, 0, 0]);
    expect(charged).toEqual(['a', 'b', 'c']);
    expect(await stand.count()).toBe(0);
  });

  it('tries again in their order what it could not start, and tells of the call once', async () => {
    await stand.put(['a', 'b', 'c']);
    const faults: QueueFaults = { random: stand.random };
    let isFirst = true;
    faults.before = call => {
      faults.refused = call === 'extend' && isFirst ? 1 : 0;
      if (call === 'extend') isFirst = false;
      return undefined;
    };
    const store = new FaultyQueueStore(stand.store.open(), faults, stand.clock);
    const seen: string[] = [];
    stand.work(
      async delivery => {
        seen.push(textOf(delivery));
        return acknowledge;
      },
      { store, concurrency: 3, limiter: unlimited },
    );
    await stand.pass(500);
    expect(seen).toEqual(['a', 'b', 'c']);
    expect(stand.told('trouble')).toHaveLength(1);
  });

  it('starts nothing that is known to be lost when the answer comes that it was held', async () => {
    await stand.put(['a', 'b']);
    const keeper = idleKeeper();
    const store = new FaultyQueueStore(stand.store.open(), {}, stand.clock);
    const extend = store.extend.bind(store);
    let isFirst = true;
    store.extend = async (leases, leaseMs, options) => {
      const results = await extend(leases, leaseMs, options);
      if (isFirst) keeper.lose(leases);
      isFirst = false;
      return results;
    };
    const seen: string[] = [];
    stand.work(
      async delivery => {
        seen.push(textOf(delivery));
        return acknowledge;
      },
      { store, keeper, limiter: unlimited },
    );
    await stand.pass(500);
    expect(seen).toEqual(['b']);
    expect(stand.told('lost')).toHaveLength(1);
  });

  it('starts no more than it may after one was lost whose start had no answer', async () => {
    await stand.put(['a', 'b', 'c', 'd']);
    const keeper = idleKeeper();
    const store = new FaultyQueueStore(stand.store.open(), {}, stand.clock);
    const extend = store.extend.bind(store);
    let isFirst = true;
    store.extend = (leases, leaseMs, options) => {
      if (!isFirst) return extend(leases, leaseMs, options);
      isFirst = false;
      keeper.lose(leases);
      return Promise.reject(new Error('away'));
    };
    const ends: ((ending: Ending) => void)[] = [];
    stand.work(() => new Promise(resolve => ends.push(resolve)), {
      store,
      keeper,
      prefetch: 3,
      limiter: unlimited,
      leaseMs: 60_000,
    });
    await stand.pass(1000);
    expect(ends).toHaveLength(1);
    ends[0]?.(acknowledge);
    await stand.pass(100);
    expect(ends).toHaveLength(2);
    ends[1]?.(acknowledge);
  });

  it('extends by itself what its keeper should have extended and did not', async () => {
    await stand.put(['a']);
    let end: (ending: Ending) => void = () => {};
    stand.work(() => new Promise(resolve => (end = resolve)), { keeper: idleKeeper(), prefetch: 0 });
    await stand.pass(5000);
    expect(stand.told('lost')).toEqual([]);
    expect(await stand.store.lease('q', { messagesMax: 1, leaseMs: 1000, owner: 'thief' })).toEqual([]);
    end(acknowledge);
    await stand.pass(100);
    expect(await stand.count()).toBe(0);
  });

  it('reckons an extension from before its call: what took long to be answered is over early', async () => {
    await stand.put(['a']);
    const store = new FaultyQueueStore(stand.store.open(), {}, stand.clock);
    const extend = store.extend.bind(store);
    const leaseMs = 1000;
    const extendedMs: number[] = [];
    store.extend = async (leases, ...options) => {
      extendedMs.push(stand.clock.monotonicMs());
      if (extendedMs.length > 1) throw new QuorateError('UNAVAILABLE', 'No way', { outcome: 'not-applied' });
      const results = await extend(leases, ...options);
      await sleep(stand.clock, leaseMs / 2);
      return results;
    };
    const abortedMs: number[] = [];
    stand.work(
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            abortedMs.push(stand.clock.monotonicMs());
            reject(signal.reason as Error);
          });
        }),
      { store, leaseMs },
    );
    await stand.pass(3000, 10);
    // Nine tenths of the lease, and a sixth until it is looked.
    const afterMs = (abortedMs[0] as number) - (extendedMs[0] as number);
    expect(afterMs).toBeGreaterThanOrEqual(0.9 * leaseMs);
    expect(afterMs).toBeLessThanOrEqual((0.9 + 1 / 6) * leaseMs + 10);
  });

  it('tells once that a lease may be lost, also after it was told to end', async () => {
    await stand.put(['a']);
    const faults: QueueFaults = { random: stand.random };
    const store = new FaultyQueueStore(stand.store.open(), faults, stand.clock);
    let end: (ending: Ending) => void = () => {};
    const work = stand.work(() => new Promise(resolve => (end = resolve)), { store, graceMs: 60_000 });
    await stand.pass(100);
    faults.refused = 1;
    const ended = work[Symbol.asyncDispose]();
    await stand.pass(5000);
    expect(stand.told('lost')).toHaveLength(1);
    faults.refused = 0;
    end(acknowledge);
    await stand.until(ended);
  });
});
