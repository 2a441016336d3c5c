import type { StoreFaults } from '@quorate/conformance';
import { QuorateError } from '@quorate/core';
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

describe('an addition with a token', () => {
  test('counts once, whichever process is asked, and is answered the same again', async () => {
    const [one, other] = [stand.counters(), stand.counters()];
    expect(await one.addKeyed('x', { token: 'a', delta: 5 })).toEqual({ value: 5n });
    expect(await one.addKeyed('x', { token: 'b', delta: 1 })).toEqual({ value: 6n });
    expect(await one.addKeyed('x', { token: 'a', delta: 5 })).toEqual({ value: 5n });
    expect(await other.addKeyed('x', { token: 'a', delta: 5n })).toEqual({ value: 5n });
    expect(await other.counter('x').get()).toBe(6n);
    await other.counter('x').add(4);
    expect(await one.addKeyed('x', { token: 'c', delta: -1 })).toEqual({ value: 9n });
  });

  test('many at once are few writes, and one that comes twice at once counts once', async () => {
    const sent: string[] = [];
    const counters = stand.counters({}, { sent });
    const added = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        counters.addKeyed('x', { token: `t${index % 50}`, delta: 1 }),
      ),
    );
    expect(await counters.counter('x').get()).toBe(50n);
    for (let index = 0; index < 50; index++) expect(added[index]).toEqual(added[index + 50]);
    expect(sent.filter(call => call === 'batch').length).toBeLessThan(70);
  });

  test('used for another delta is refused', async () => {
    const counters = stand.counters();
    await counters.addKeyed('x', { token: 'a', delta: 5 });
    await expect(counters.addKeyed('x', { token: 'a', delta: 6 })).rejects.toThrow(
      'for one delta: received 6 after 5',
    );
  });

  test('is forgotten after its time, at the earliest', async () => {
    const counters = stand.counters({ tokenTtlMs: 1000 });
    await counters.addKeyed('x', { token: 'a', delta: 5 });
    await stand.pass(1000);
    expect(await counters.addKeyed('x', { token: 'a', delta: 5 })).toEqual({ value: 5n });
    await stand.pass(1100);
    expect(await counters.addKeyed('x', { token: 'a', delta: 5 })).toEqual({ value: 10n });
    await stand.pass(5000);
    expect((await stand.store.list('counter.count.x/t/')).entries).toEqual([]);
  });

  test('is kept for its time, also late in a period', async () => {
    const counters = stand.counters({ tokenTtlMs: 1000 });
    await counters.addKeyed('x', { token: 'a', delta: 1 });
    await stand.pass(1500);
    await counters.addKeyed('x', { token: 'b', delta: 1 });
    await stand.pass(950);
    expect(await counters.addKeyed('x', { token: 'b', delta: 1 })).toEqual({ value: 2n });
  });

  test('that does not fit harms nobody else, and may fit later', async () => {
    const counters = stand.counters();
    await counters.counter('x').add(2n ** 63n - 3n);
    const results = await Promise.allSettled(
      [1, 5, 1].map((delta, index) => counters.addKeyed('x', { token: `t${index}`, delta })),
    );
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await counters.addKeyed('x', { token: 't0', delta: 1 })).toEqual({ value: 2n ** 63n - 2n });
    await counters.counter('x').add(-100);
    expect(await counters.addKeyed('x', { token: 't1', delta: 5 })).toEqual({ value: 2n ** 63n - 96n });
  });

  test('that was refused is not sent again with the others', async () => {
    let tries = 0;
    const before = (call: string): Promise<void> | undefined => {
      if (call !== 'batch' || tries++ > 0) return undefined;
      const away = new QuorateError('UNAVAILABLE', 'No way', { retryable: true, outcome: 'not-applied' });
      return stand.store
        .put('counter.count.x/n', new TextEncoder().encode('0'), { created: created! })
        .then(() => {
          throw away;
        });
    };
    const counters = stand.counters({}, { before });
    await counters.counter('x').add(2n ** 63n - 3n);
    const created = (await stand.store.get('counter.count.x/n'))?.created;
    const [fits, refused] = [1, 5].map(delta => counters.addKeyed('x', { token: `t${delta}`, delta }));
    expect(await failure(refused!)).toBeInstanceOf(RangeError);
    expect(await stand.until(fits!)).toEqual({ value: 1n });
    expect(await counters.counter('x').get()).toBe(1n);
  });

  test('makes a counter that ends', async () => {
    const counters = stand.counters();
    await counters.addKeyed('x', { token: 'a', delta: 5, expiresMs: 500 });
    await stand.pass(600);
    expect(await counters.counter('x').get()).toBe(0n);
  });

  test('counts once whatever is lost, and repeated from elsewhere', async () => {
    for (let seed = 1; seed <= 30; seed++) {
      const own = new Stand(seed);
      const faults: StoreFaults = { lost: 0.4, refused: 0.2, late: 0.5 };
      const managers = [1, 2].map(() => own.counters({}, { ...faults }));
      const tokens = Array.from({ length: 60 }, (_, index) => index % 20);
      const added = await own.until(
        Promise.all(
          tokens.map((token, index) => managers[index % 2]!.addKeyed('x', { token: `t${token}`, delta: 1 })),
        ),
      );
      for (const store of own.faulty) await store.deliverLate();
      expect(new TextDecoder().decode((await own.store.get('counter.count.x/n'))?.value)).toBe('20');
      for (let token = 0; token < 20; token++) expect(added[token]).toEqual(added[token + 20]);
      await own.close();
    }
  });

  test('needs a store with batch, and a token that is one', async () => {
    const counters = stand.counters({}, { without: ['batch'] });
    await expect(counters.addKeyed('x', { token: 'a', delta: 1 })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    });
    for (const token of ['', 'a/b', 'a b', 'x'.repeat(101), 1 as unknown as string]) {
      await expect(stand.counters().addKeyed('x', { token, delta: 1 })).rejects.toThrow('Token must be');
    }
  });

  test('that may have got through is told so, whatever a later try came to', async () => {
    const faults: StoreFaults = { lost: 1 };
    const counters = stand.counters({}, faults);
    const told = failure(counters.addKeyed('x', { token: 'a', delta: 1 }));
    // The number is made, and the first batch is lost.
    await stand.pass(500);
    Object.assign(faults, { lost: 0, refused: 1 });
    await stand.until(counters[Symbol.asyncDispose]() as Promise<void>);
    expect(await told).toMatchObject({ outcome: 'unknown' });
  });

  test('whose session the store has ended goes on with another, and leaves the number alone', async () => {
    const counters = stand.counters();
    await counters.addKeyed('x', { token: 'a', delta: 5 });
    stand.store.memory.sessions.end(stand.faulty[0]!.sessions[0]!.id);
    const added = counters.addKeyed('x', { token: 'b', delta: 1 });
    expect(await stand.until(added, 10_000)).toEqual({ value: 6n });
    expect(await counters.counter('x').get()).toBe(6n);
  });

  test('whose session the store has ended harms no number that ends either', async () => {
    const counters = stand.counters();
    await counters.addKeyed('x', { token: 'a', delta: 5, expiresMs: 60_000 });
    const [number, tokens] = stand.faulty[0]!.sessions;
    stand.store.memory.sessions.end(tokens!.id);
    expect(await stand.until(counters.addKeyed('x', { token: 'b', delta: 1 }), 10_000)).toEqual({
      value: 6n,
    });
    stand.store.memory.sessions.end(number!.id);
    expect(await stand.until(counters.addKeyed('x', { token: 'c', delta: 1 }), 10_000)).toEqual({
      value: 1n,
    });
  });

  test('ends with its manager, also where the store answers nothing any more', async () => {
    const faults: StoreFaults = {};
    const counters = stand.counters({}, faults);
    await counters.addKeyed('x', { token: 'a', delta: 1 });
    faults.before = () => new Promise(() => {});
    const told = failure(counters.addKeyed('x', { token: 'b', delta: 1 }));
    await stand.until(counters[Symbol.asyncDispose]() as Promise<void>, 10_000);
    expect(await told).toBeInstanceOf(QuorateError);
  });

  test('ends with its manager, also where the store opens no session for it', async () => {
    const before = (call: string): Promise<void> | undefined =>
      call === 'session' ? new Promise(() => {}) : undefined;
    const counters = stand.counters({}, { before });
    const told = failure(counters.addKeyed('x', { token: 'a', delta: 1 }));
    await turn();
    await stand.until(counters[Symbol.asyncDispose]() as Promise<void>, 10_000);
    expect(await told).toBeInstanceOf(QuorateError);
  });

  test('settles by the deadline, and tells afterwards', async () => {
    const faults: StoreFaults = { lost: 1 };
    const counters = stand.counters({}, faults);
    const told = failure(counters.addKeyed('x', { token: 'a', delta: 1 }, { deadlineMs: 100 }));
    await stand.pass(200);
    expect(await told).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      outcome: 'unknown',
    });
    faults.lost = 0;
    expect(await stand.until(counters.addKeyed('x', { token: 'a', delta: 1 }))).toEqual({ value: 1n });
  });
});
