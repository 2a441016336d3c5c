import type { QueueFaults } from '@quorate/conformance';
import type { MessageId } from '@quorate/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { QueueStand, turn } from './queue-stand.ts';

describe('a redrive', () => {
  let stand: QueueStand;
  beforeEach(() => {
    stand = new QueueStand();
  });
  afterEach(async () => {
    await stand.close();
  });

  /** Puts dead letters where they would be. */
  const bury = async (
    ids: readonly string[],
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<void> => {
    const puts = ids.map(id => ({
      queue: 'q/~dead',
      message: {
        id: id as MessageId,
        body: new TextEncoder().encode('"x"'),
        headers: { '~from': 'q' },
        ...more,
      },
    }));
    await stand.store.put(puts);
  };
  const idsOf = async (queue: string): Promise<readonly string[]> =>
    (await stand.store.inspect.messages(queue, { limit: 1000 })).items.map(({ id }) => id);

  test('whose process dies leaves each letter in one place, whenever that is', async () => {
    let diedCount = 0;
    for (let callCount = 0; callCount < 10; callCount++) {
      await stand.store.inspect.purge('q');
      await stand.store.inspect.purge('q/~dead');
      await bury(['a', 'b', 'c']);
      let left = callCount;
      const faults: QueueFaults = {};
      const queues = stand.queues(faults);
      faults.before = () => (left-- > 0 ? undefined : new Promise(() => {}));
      const controller = new AbortController();
      let isOver = false;
      const done = queues
        .deadLetters('q')
        .redrive(['c', 'a'], { signal: controller.signal })
        .then(
          () => (isOver = true),
          () => undefined,
        );
      for (let count = 0; count < 20; count++) await turn();
      if (!isOver) diedCount++;
      expect([...(await idsOf('q')), ...(await idsOf('q/~dead'))].sort()).toEqual(['a', 'b', 'c']);
      controller.abort();
      delete faults.before;
      await done;
      // What it held comes back, and the next one finishes.
      await stand.pass(11_000, 1000);
      const before = (await idsOf('q')).length;
      expect(await stand.until(stand.queues().deadLetters('q').redrive(['a', 'c']))).toBe(2 - before);
      expect([(await idsOf('q')).toSorted(), await idsOf('q/~dead')]).toEqual([['a', 'c'], ['b']]);
    }
    expect(diedCount).toBeGreaterThan(2);
  });

  test('takes few calls, however many letters', async () => {
    const ids = Array.from({ length: 30 }, (_, index) => `m${index}`);
    await bury(ids);
    const sent: string[] = [];
    expect(await stand.queues({ sent }).deadLetters('q').redrive(ids)).toBe(30);
    expect(sent.filter(call => call !== 'get')).toEqual(['lease', 'settle']);
  });

  test('leaves the others where they are, and does not charge them with it', async () => {
    await bury(['a', 'b', 'c']);
    const dead = stand.queues().deadLetters('q');
    expect(await dead.redrive(['b', 'nothing'])).toBe(1);
    expect(await idsOf('q')).toEqual(['b']);
    const { items } = await stand.store.inspect.messages('q/~dead');
    expect(items.map(({ id, state, headers }) => [id, state, headers['~returned']])).toEqual([
      ['a', 'ready', '1'],
      ['c', 'ready', '1'],
    ]);
  });

  test('beside another of the same letters puts each back once', async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `m${index}`);
    await bury(ids);
    const redrives = [ids, ids.toReversed()].map(some => stand.queues().deadLetters('q').redrive(some));
    const [first = 0, second = 0] = await stand.until(Promise.all(redrives));
    expect(first + second).toBe(20);
    expect((await idsOf('q')).toSorted()).toEqual(ids.toSorted());
  });

  test('to what is no queue is refused before anything is touched', async () => {
    await bury(['a']);
    const sent: string[] = [];
    const dead = stand.queues({ sent }).deadLetters('q');
    for (const to of ['', '\ud800', 7 as never]) {
      expect(() => dead.redrive(['a'], { to })).toThrow('Queue must');
      expect(() => dead.redriveAll({ to })).toThrow('Queue must');
    }
    expect(() => dead.redriveAll({ to: 'elsewhere/q' })).toThrow(
      new RangeError(
        'Queue must lie in the partition of "q/~dead" for all to be moved: received "elsewhere/q"',
      ),
    );
    expect(sent).toEqual([]);
  });

  test('that stood still while another held its letters puts them back all the same, and counts no other', async () => {
    await bury(['a', 'b', 'c']);
    const faults: QueueFaults = {};
    /** Stands still at the first end, and another has what is leased, and leaves it. */
    const stopOnce = (): void => {
      faults.before = call => {
        if (call !== 'settle') return undefined;
        delete faults.before;
        stand.clock.advance(31_000);
        const other = { messagesMax: 10, leaseMs: 60_000, owner: 'other' };
        return stand.store.lease('q/~dead', other).then(async leased => {
          await stand.store.settle(
            leased.map(lease => ({ lease, action: { type: 'release', delayMs: 0 } as const })),
          );
        });
      };
    };
    const dead = stand.queues(faults).deadLetters('q');
    stopOnce();
    expect(await stand.until(dead.redrive(['c', 'a']))).toBe(2);
    expect([(await idsOf('q')).toSorted(), await idsOf('q/~dead')]).toEqual([['a', 'c'], ['b']]);
    await bury(['d']);
    stopOnce();
    expect(await stand.until(dead.redriveAll())).toBe(2);
    expect([(await idsOf('q')).length, await idsOf('q/~dead')]).toEqual([4, []]);
  });

  test('finds one that many stand before, one behind others of its key, and goes to another partition', async () => {
    await bury(Array.from({ length: 300 }, (_, index) => `m${index}`));
    const dead = stand.queues().deadLetters('q');
    expect(await dead.redrive(['m299', 'm0'])).toBe(2);
    expect((await idsOf('q')).toSorted()).toEqual(['m0', 'm299']);
    await stand.store.inspect.purge('q/~dead');
    await bury(['k0', 'k1', 'k2'], { key: 'k' });
    expect(await dead.redrive(['k2'])).toBe(1);
    expect(await dead.redrive(['k0', 'k1'])).toBe(2);
    await bury(['a']);
    expect(await dead.redrive(['a'], { to: 'elsewhere' })).toBe(1);
    expect([await idsOf('elsewhere'), await idsOf('q/~dead')]).toEqual([['a'], []]);
  });
});
