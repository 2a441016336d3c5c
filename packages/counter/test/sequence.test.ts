import type { StoreFaults } from '@quorate/conformance';
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

const setTo = (name: string, value: bigint): Promise<unknown> =>
  stand.store.put(`counter.sequence.${name}/n`, new TextEncoder().encode(`${value}`), { absent: true });

describe('a sequence', () => {
  test('gives every number once, in order within one process, from 1', async () => {
    const sequence = stand.counters().sequence('s', { block: 7 });
    const numbers: bigint[] = [];
    for (let index = 0; index < 50; index++) numbers.push(await sequence.next());
    expect(numbers).toEqual(Array.from({ length: 50 }, (_, index) => BigInt(index + 1)));
  });

  test('gives different processes different numbers, with any blocks', async () => {
    const sequences = [3, 1, 10].map(block => stand.counters().sequence('s', { block }));
    const numbers = await Promise.all(
      Array.from({ length: 300 }, (_, index) => sequences[index % 3]!.next()),
    );
    expect(new Set(numbers).size).toBe(300);
  });

  test('gives two handles of one process different numbers', async () => {
    const counters = stand.counters();
    const [one, other] = [counters.sequence('s', { block: 2 }), counters.sequence('s', { block: 3 })];
    const numbers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => (index % 2 ? one : other).next()),
    );
    expect(new Set(numbers).size).toBe(100);
  });

  test('takes the next block before the old one ends, and never more than that', async () => {
    const sent: string[] = [];
    const sequence = stand.counters({}, { sent }).sequence('s', { block: 8 });
    const claims = (): number => sent.filter(call => call === 'add').length;
    await sequence.next();
    for (let index = 0; index < 4; index++) expect(sequence.tryNext()).toBeDefined();
    await turn();
    expect(claims()).toBe(1);
    expect(sequence.tryNext()).toBe(6n);
    await turn();
    expect(claims()).toBe(2);
    for (let index = 7; index <= 16; index++) expect(sequence.tryNext()).toBe(BigInt(index));
    // The third block had no chance to come within the turn.
    expect(sequence.tryNext()).toBeUndefined();
    await turn();
    expect(sequence.tryNext()).toBe(17n);
  });

  test('leaves out a block of which nobody can tell, and gives nothing twice', async () => {
    const counters = stand.counters();
    const sequence = counters.sequence('s', { block: 10 });
    expect(await sequence.next()).toBe(1n);
    for (let index = 0; index < 4; index++) await sequence.next();
    stand.store.memory.sessions.end(stand.faulty[0]!.sessions[0]!.id);
    const numbers = new Set<bigint>();
    for (let index = 0; index < 40; index++) numbers.add(await stand.until(sequence.next()));
    expect(numbers.size).toBe(40);
    expect([...numbers].every(number => number > 5n)).toBe(true);
  });

  test('is unique whatever is lost', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const own = new Stand(seed);
      const faults: StoreFaults = { lost: 0.4, refused: 0.2, late: 0.5 };
      const sequences = [1, 2].map(block => own.counters({}, { ...faults }).sequence('s', { block }));
      const numbers = await own.until(
        Promise.all(Array.from({ length: 60 }, (_, index) => sequences[index % 2]!.next())),
      );
      expect(new Set(numbers).size).toBe(60);
      await own.close();
    }
  });

  test('ends where numbers would not fit', async () => {
    await setTo('n', 2n ** 53n - 2n);
    const numbers = stand.counters().sequence('n', { block: 1 });
    expect(await numbers.nextNumber()).toBe(Number.MAX_SAFE_INTEGER);
    await expect(numbers.nextNumber()).rejects.toMatchObject({ code: 'SEQUENCE_EXHAUSTED' });
    await setTo('b', 2n ** 63n - 3n);
    const bigints = stand.counters().sequence('b', { block: 1 });
    expect([await bigints.next(), await bigints.next()]).toEqual([2n ** 63n - 2n, 2n ** 63n - 1n]);
    await expect(bigints.next()).rejects.toMatchObject({
      code: 'SEQUENCE_EXHAUSTED',
      outcome: 'not-applied',
    });
  });

  test('settles by the deadline while the store is away', async () => {
    const faults: StoreFaults = { refused: 1 };
    const sequence = stand.counters({}, faults).sequence('s');
    const told = failure(sequence.next({ deadlineMs: 100 }));
    await stand.pass(200);
    expect(await told).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    });
    faults.refused = 0;
    expect(await stand.until(sequence.next())).toBe(1n);
  });

  test('refuses bad blocks', () => {
    for (const block of [0, 1.5, 2 ** 33]) {
      expect(() => stand.counters().sequence('s', { block })).toThrow(
        'Block must be an integer from 1 to 4294967296',
      );
    }
  });
});
