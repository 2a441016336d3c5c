import type { QueuePut, QueueStore } from '@quorate/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { defineTask, unchecked } from '../../src/index.ts';
import { TaskStand, wrapped } from './task-stand.ts';

let stand: TaskStand;

beforeEach(() => {
  stand = new TaskStand();
});

afterEach(() => stand.close());

/** A transaction of a database in which the store lies. */
class Transaction {
  readonly puts: QueuePut[] = [];

  async commit(): Promise<void> {
    await stand.store.put(this.puts);
  }
}

/** A store that puts in transactions what is to be there when they commit. */
function transactional(): QueueStore {
  const inner = stand.store.open();
  const put: QueueStore['put'] = async (puts, options = {}) => {
    const { transaction } = options as { readonly transaction?: unknown };
    if (!(transaction instanceof Transaction)) return inner.put(puts, options);
    transaction.puts.push(...puts);
    return puts.map(
      ({ message: { id = 'fresh' } }) => ({ outcome: 'applied', id, duplicate: false }) as never,
    );
  };
  return wrapped(inner, { put });
}

const double = defineTask({
  name: 'double',
  input: unchecked<number>(),
  retry: { attemptsMax: 1 },
  run(input) {
    if (input < 0) throw new RangeError('No negative ones');
    return 2 * input;
  },
});
const dedupe = { id: 'a', ttlMs: 0 };
const goneOf = { code: 'TASK_GONE' };

test.each([1, -1])('a task that was not committed leaves the result before it as it is: %i', async input => {
  const tasks = stand.tasks({ double }, { store: transactional() });
  stand.work(tasks);
  const first = await tasks.double.send(input, { dedupe });
  await stand.until(first.result().catch(() => {}));
  const status = await first.status();
  const transaction = new Transaction();
  const second = await tasks.double.send(5, { dedupe, transaction });
  expect(second).toMatchObject({ id: first.id, duplicate: false });
  await stand.pass(2000);
  expect([await first.status(), transaction.puts.length]).toEqual([status, 1]);
  expect(await tasks.handle(first.id).status()).toEqual(status);
  // What was sent outside of transactions comes after it.
  const third = await tasks.double.send(7, { dedupe });
  expect(await stand.until(third.result())).toBe(14);
});

test('the handle of a task that was committed waits for its result, and does not take the one before for it', async () => {
  const tasks = stand.tasks({ double }, { store: transactional() });
  const work = stand.work(tasks);
  const first = await tasks.double.send(1, { dedupe });
  expect(await stand.until(first.result())).toBe(2);
  await stand.until(work.drain());
  const transaction = new Transaction();
  const second = await tasks.double.send(5, { dedupe, transaction });
  await expect(second.result()).rejects.toMatchObject(goneOf);
  await transaction.commit();
  expect(await second.status()).toMatchObject({ state: 'ready' });
  const result = second.result();
  await stand.pass(3000);
  stand.work(stand.tasks({ double }));
  expect(await stand.until(result)).toBe(10);
  expect([await first.result(), await second.status()]).toEqual([10, { state: 'succeeded' }]);
});

test('a task that was committed and cancelled before it began is cancelled, whatever ended before it', async () => {
  const tasks = stand.tasks({ double }, { store: transactional() });
  const work = stand.work(tasks);
  await stand.until((await tasks.double.send(1, { dedupe })).result());
  await stand.until(work.drain());
  const transaction = new Transaction();
  const second = await tasks.double.send(5, { dedupe, transaction });
  await transaction.commit();
  expect(await second.cancel()).toBe(true);
  expect(await second.status()).toEqual({ state: 'cancelled' });
  expect(await tasks.handle(second.id).status()).toEqual({ state: 'cancelled' });
});
