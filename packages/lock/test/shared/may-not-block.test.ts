import type * as threads from '@quorate/threads';
import { createTeam } from '@quorate/threads';
import { expect, test, vi } from 'vitest';
import { ThreadCondition, ThreadMutex, ThreadReadWriteLock } from '../../src/shared/index.ts';

/** As on a browser's main thread. */
vi.mock('@quorate/threads', async original => ({
  ...(await original<typeof threads>()),
  canPark: () => false,
}));

const unsupported = expect.objectContaining({ code: 'UNSUPPORTED', outcome: 'not-applied' });

test('a thread that may not block takes what is free, and leaves nothing taken where it would have to wait', async () => {
  const team = createTeam({ capacity: 2 });
  const [one, other] = [team.join(), team.join()];
  const first = ThreadReadWriteLock.create({ team, member: one });
  const second = ThreadReadWriteLock.attach(first.place, { team, member: other });
  first.write().release();
  const reads = first.read();
  expect(() => second.write()).toThrow(unsupported);
  expect(first.describe()).toMatchObject({ owners: [], readers: [one], waiters: 0 });
  const write = second.writeAsync();
  expect(() => first.write()).toThrow('held by this very thread');
  reads.release();
  const writes = await write;
  expect(() => first.read()).toThrow(unsupported);
  writes.release();
  first.read().release();
  const mutex = ThreadMutex.create({ team, member: one });
  const hold = mutex.lock();
  expect(() => ThreadMutex.attach(mutex.place, { team, member: other }).lock()).toThrow(unsupported);
  const condition = ThreadCondition.create({ team, member: one });
  expect(() => condition.wait(hold)).toThrow(unsupported);
  expect([hold.isHeld, mutex.describe().waiters, condition.waiterCount]).toEqual([true, 0, 0]);
});
