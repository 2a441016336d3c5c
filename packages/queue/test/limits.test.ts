import { ManualClock } from '@quorate/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localTurns, RateLimiter } from '../src/rate/rate-limiter.ts';
import { checkRate, type RateOptions } from '../src/rate/rate.ts';
import { sharedTurns } from '../src/rate/shared-turns.ts';
import { checkLaneWeights, LaneChoice } from '../src/working/lane-choice.ts';
import { checkRetryPolicy, retryDelayMs } from '../src/working/retry-policy.ts';
import { QueueStand } from './queue-stand.ts';

describe('limits', () => {
  let stand: QueueStand;
  beforeEach(() => {
    stand = new QueueStand();
  });
  afterEach(async () => {
    await stand.close();
    expect(stand.clock.timerCount).toBe(0);
  });

  /** The most starts in any time of `windowMs`. */
  const mostWithin = (startsMs: readonly number[], windowMs: number): number =>
    Math.max(
      ...startsMs.map(fromMs => startsMs.filter(atMs => atMs >= fromMs && atMs < fromMs + windowMs).length),
    );

  it.each([
    { limit: 10, burst: 1 },
    { limit: 10, burst: 5 },
    { limit: 100, burst: 1 },
  ])(
    'shares a rate of $limit a second, $burst at once, among all consumers of a queue',
    async ({ limit, burst }) => {
      const startsMs: number[] = [];
      const sent: string[] = [];
      await stand
        .queues()
        .producer<number>('q')
        .sendMany(Array.from({ length: limit * 4 }, (_, index) => index));
      for (let count = 0; count < 3; count++) {
        stand.queues({ sent }).consume('q', () => startsMs.push(stand.clock.monotonicMs()), {
          concurrency: 10,
          leaseMs: 60_000,
          rate: { limit, burst },
        });
      }
      await stand.pass(3000, 5);
      // Turns that were reserved and came a little late add up to a block of 100 ms for each consumer at most.
      const slack = 1 + 3 * Math.ceil(limit / 10);
      expect(mostWithin(startsMs, 1000)).toBeLessThanOrEqual(limit + burst + slack);
      expect(startsMs.length).toBeLessThanOrEqual(limit * 3 + burst + slack);
      expect(startsMs.length).toBeGreaterThanOrEqual(limit * 2);
      // A fast rate is reserved a block of turns at a time.
      const writeCount = sent.filter(call => call === 'state.write').length;
      if (limit === 100) expect(writeCount).toBeLessThan(startsMs.length / 4);
    },
  );

  it('keeps a rate however many have reserved turns, and forgets them where the engine’s clock went back', async () => {
    const { clock, store } = stand;
    const intervalMs = 60_000;
    const reserve = sharedTurns(store, clock, 'q', checkRate({ limit: 1, perMs: intervalMs }));
    const { signal } = new AbortController();
    const turnsMs: number[] = [];
    for (let count = 0; count < 300; count++) turnsMs.push(await reserve(1, signal));
    expect(turnsMs).toEqual(turnsMs.map((_, index) => (turnsMs[0] as number) + index * intervalMs));
    // What was written stands in the future then.
    const { value } = (await store.state.get('q/~rate')) as { value: Uint8Array };
    const [nextMs, writtenMs] = JSON.parse(new TextDecoder().decode(value)) as [number, number];
    const aheadMs = 3_600_000;
    const ahead = new TextEncoder().encode(JSON.stringify([nextMs + aheadMs, writtenMs + aheadMs]));
    await store.state.write({ key: 'q/~rate', value: ahead });
    expect(await reserve(1, signal)).toBe(clock.monotonicMs());
  });

  it('loses turns that were reserved and not used, so that they do not add up', async () => {
    const { clock } = stand;
    const rate = checkRate({ limit: 100, scope: 'local' });
    const limiter = new RateLimiter(clock, rate, localTurns(clock, rate));
    const { signal } = new AbortController();
    await limiter.wait(10, signal);
    expect(limiter.take(10)).toBe(1);
    clock.advance(50);
    expect(limiter.take(3)).toBe(3);
    clock.advance(5000);
    expect(limiter.take(10)).toBe(0);
  });

  it('limits one consumer by its own clock, without a call', async () => {
    const startsMs: number[] = [];
    const queues = stand.queues();
    await queues.producer<number>('q').sendMany(Array.from({ length: 50 }, (_, index) => index));
    queues.consume('q', () => startsMs.push(stand.clock.monotonicMs()), {
      concurrency: 10,
      rate: { limit: 10, scope: 'local' },
    });
    await stand.pass(2000, 10);
    expect(mostWithin(startsMs, 1000)).toBeLessThanOrEqual(11);
    expect(startsMs.length).toBeGreaterThanOrEqual(18);
    expect(await stand.store.state.get('q/~rate')).toBeUndefined();
  });

  it('starts as many at once as a burst says after a rest, and then one after the other', async () => {
    const startsMs: number[] = [];
    const queues = stand.queues();
    const options = { concurrency: 20, rate: { limit: 10, burst: 5, scope: 'local' } } as const;
    const burstAt = async (): Promise<number> => {
      const atMs = stand.clock.monotonicMs();
      await queues.producer<number>('q').sendMany(Array.from({ length: 20 }, (_, index) => index));
      await stand.pass(50, 10);
      return startsMs.filter(startMs => startMs >= atMs).length;
    };
    queues.consume('q', () => startsMs.push(stand.clock.monotonicMs()), options);
    await stand.pass(100);
    expect(await burstAt()).toBe(5);
    await stand.pass(1000, 10);
    expect(startsMs.length).toBeGreaterThanOrEqual(14);
    expect(startsMs.length).toBeLessThanOrEqual(16);
    await stand.pass(10_000, 10);
    expect(startsMs).toHaveLength(20);
    expect(await burstAt()).toBe(5);
  });

  it.each([
    [{ limit: 0 }, 'Limit of a rate must be a finite number above 0: received 0'],
    [{ limit: 1, burst: 0 }, 'Burst must be an integer of at least 1: received 0'],
    [{ limit: 1, scope: 'x' }, 'Scope of a rate must be "queue" or "local": received x'],
  ])('refuses a rate of %j', (rate, message) => {
    const options = { rate: rate as RateOptions };
    expect(() => stand.queues().consume('q', () => {}, options)).toThrow(new RangeError(message));
  });

  it('lets a loop have no more than the rate', async () => {
    const queues = stand.queues();
    await queues.producer<number>('q').sendMany([1, 2, 3, 4, 5]);
    const consumer = queues.consumer<number>('q', { rate: { limit: 2 } });
    let count = 0;
    const loop = (async () => {
      for await (const message of consumer) {
        await message.ack();
        count++;
      }
    })();
    await stand.pass(1000, 10);
    expect(count).toBeGreaterThanOrEqual(2);
    expect(count).toBeLessThanOrEqual(3);
    await stand.until(consumer[Symbol.asyncDispose]());
    await loop;
  });

  it('serves a low lane while a high one never ends, and the high one first', async () => {
    const queues = stand.queues();
    const producer = queues.producer<string>('q');
    await producer.sendMany(
      Array.from({ length: 20 }, () => 'low'),
      { lane: 5 },
    );
    await producer.sendMany(Array.from({ length: 300 }, () => 'high'));
    const seen: string[] = [];
    queues.consume<string>('q', ({ body }) => {
      seen.push(body);
      if (body === 'high' && seen.length < 400) void producer.send('high');
    });
    await stand.pass(500);
    const lows = seen.map((body, index) => (body === 'low' ? index : -1)).filter(index => index >= 0);
    expect(lows.length).toBeGreaterThan(3);
    // The sum of the default weights is 27: of so many full leases of two messages each, one is lane 5's.
    expect(lows[0]).toBeLessThanOrEqual(2 * 27 + 2);
    expect(seen.slice(0, 2)).toEqual(['high', 'high']);
  });

  it('asks each lane first in its share of full leases, and the one that waited too long before', () => {
    const clock = new ManualClock();
    const choice = new LaneChoice(clock, checkLaneWeights({ weights: [3, 2], ageMs: 1000 }));
    expect(choice.next()).toBeUndefined();
    choice.leased(true);
    const firsts: number[] = [];
    for (let turn = 0; turn < 20 * 10; turn++) firsts.push(choice.next()?.[0] ?? 0);
    const countOf = (lane: number): number => firsts.filter(first => first === lane).length;
    expect([countOf(0), countOf(1), countOf(2), countOf(15)]).toEqual([30, 20, 20, 10]);
    // Leases so rare that every lane has waited too long: each comes in turn, whatever its weight.
    const aged: number[] = [];
    for (let turn = 0; turn < 16; turn++) {
      clock.advance(1000);
      aged.push(choice.next()?.[0] ?? 0);
    }
    expect(new Set(aged).size).toBe(16);
    choice.leased(false);
    expect(choice.next()).toBeUndefined();
    expect(() => checkLaneWeights({ weights: [0] })).toThrow(RangeError);
  });

  it('spreads delays over the whole of a bound that grows up to a limit', () => {
    const policy = checkRetryPolicy({ delayMs: 100, factor: 3, delayMaxMs: 1000 });
    const delays = (attempt: number): number[] =>
      Array.from({ length: 2000 }, () => retryDelayMs(policy, attempt, stand.random));
    for (const [attempt, boundMs] of [
      [1, 100],
      [2, 300],
      [3, 900],
      [4, 1000],
      [400, 1000],
    ] as const) {
      const drawn = delays(attempt);
      expect(Math.max(...drawn)).toBeLessThan(boundMs);
      expect(Math.max(...drawn)).toBeGreaterThan(0.95 * boundMs);
      expect(Math.min(...drawn)).toBeLessThan(0.05 * boundMs);
    }
    expect(() => checkRetryPolicy({ attemptsMax: 0 })).toThrow('Attempts must be an integer of at least 1');
  });
});
