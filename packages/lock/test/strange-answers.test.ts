import type { Store } from '@quorate/core';
import { seededRandom } from '@quorate/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLocks } from '../src/index.ts';
import { LockSession } from '../src/lock-session.ts';
import { Stand } from './stand.ts';

let stand: Stand;
beforeEach(() => {
  stand = new Stand();
});
afterEach(() => stand.close());

/** A client whose enqueues take effect, and are answered with what no store may answer. */
function strange(answer: unknown, isOptional: boolean): Store {
  const store = stand.store.open({ clock: stand.clock });
  const enqueue = store.enqueue?.bind(store);
  const put = store.put.bind(store);
  return Object.assign(store, {
    enqueue: isOptional
      ? undefined
      : async (...args: Parameters<NonNullable<Store['enqueue']>>) => {
          await enqueue?.(...args);
          return answer;
        },
    put: async (...args: Parameters<Store['put']>) => {
      await put(...args);
      return answer;
    },
  }) as Store;
}

test.each([
  [{ outcome: 'not-applied' }, false],
  [undefined, false],
  [{ outcome: 'not-applied' }, true],
])(
  'a store that answers %o though the entry was made leaves nobody waiting, and no entry',
  async (answer, isOptional) => {
    const store = strange(answer, isOptional);
    const locks = createLocks({ store, clock: stand.clock, random: seededRandom(7), ttlMs: 1000 });
    await expect(stand.until(locks.mutex('a').acquire())).rejects.toThrow(
      /nobody else makes an entry|Cannot use 'in'/,
    );
    // It does not last as long as its process does, which goes on.
    const next = await stand.until(stand.locks().mutex('a').acquire());
    await stand.until(next.release());
    await stand.until(locks[Symbol.asyncDispose]());
    expect(await stand.entries('lock.mutex.a')).toEqual([]);
  },
);

test('what follows from an answer, or from a failure, rejects where it throws', async () => {
  const session = new LockSession(await stand.store.session({ ttlMs: 1000 }), 1000);
  const broken = (): never => {
    throw new RangeError('broken');
  };
  await expect(session.guardThen(Promise.resolve(1), 'gone', broken)).rejects.toThrow('broken');
  const failing = session.guardThen(Promise.reject(new Error('refused')), 'gone', () => 'right', broken);
  await expect(failing).rejects.toThrow('broken');
  await session.end();
});
