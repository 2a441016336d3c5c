import { createTeam } from '@quorate/threads';
import { describe, expect, test } from 'vitest';
import {
  McsLock,
  type MutexHold,
  ThreadCondition,
  ThreadMutex,
  ThreadReadWriteLock,
  ThreadSemaphore,
  TicketLock,
} from '../../src/shared/index.ts';
import { turn } from './thread-stage.ts';

function seat(): {
  team: ReturnType<typeof createTeam>;
  member: ReturnType<ReturnType<typeof createTeam>['join']>;
} {
  const team = createTeam({ capacity: 4 });
  return { team, member: team.join() };
}

async function turns(count: number): Promise<void> {
  for (let done = 0; done < count; done++) await turn();
}

describe('tasks of one thread', () => {
  test('a hold is given back once, by itself or by its block', () => {
    const mutex = ThreadMutex.create(seat());
    const first = mutex.lock();
    expect(mutex.tryLock()).toBeUndefined();
    expect(() => mutex.lock()).toThrow(expect.objectContaining({ code: 'DEADLOCK', outcome: 'not-applied' }));
    first.release();
    {
      using second = mutex.lock();
      first.release();
      expect([first.isHeld, second.isHeld, second.ownerDied]).toEqual([false, true, false]);
      expect(mutex.tryLock()).toBeUndefined();
    }
    expect(mutex.tryLock()?.isHeld).toBe(true);
  });

  test('they take turns in order, and ten thousand of them take one place in shared memory', async () => {
    const mutex = ThreadMutex.create({ ...seat(), waitersMax: 1 });
    const order: number[] = [];
    const first = mutex.lock();
    const all = Array.from({ length: 10_000 }, async (_, index) => {
      const hold = await mutex.lockAsync();
      order.push(index);
      hold.release();
    });
    await turn();
    expect(mutex.describe()).toMatchObject({ waiters: 1 });
    first.release();
    await Promise.all(all);
    expect(order).toEqual(Array.from({ length: 10_000 }, (_, index) => index));
    expect(mutex.describe()).toMatchObject({ owners: [], waiters: 0 });
  });

  test.each(['head', 'middle', 'tail'] as const)(
    'a waiter aborted at the %s leaves nothing behind',
    async where => {
      const mutex = ThreadMutex.create(seat());
      const hold = mutex.lock();
      const aborts = [0, 1, 2].map(() => new AbortController());
      const waits = aborts.map(({ signal }) => mutex.lockAsync({ signal }));
      await turns(2);
      const victim = { head: 0, middle: 1, tail: 2 }[where];
      aborts[victim]?.abort(new Error('enough'));
      await expect(waits[victim]).rejects.toMatchObject({ code: 'ABORTED', outcome: 'not-applied' });
      expect(mutex.describe().waiters).toBe(1);
      hold.release();
      for (const wait of waits.filter((_, index) => index !== victim)) (await wait).release();
      expect(mutex.describe()).toMatchObject({ owners: [], waiters: 0 });
    },
  );

  test('an abort and a release at once: the lock is not lost', async () => {
    const mutex = ThreadMutex.create({ ...seat(), handOffEvery: 1 });
    for (let round = 0; round < 200; round++) {
      const hold = mutex.lock();
      const abort = new AbortController();
      const waits = [mutex.lockAsync({ signal: abort.signal }), mutex.lockAsync()];
      await turns(round % 3);
      if (round % 2 === 0) hold.release();
      abort.abort();
      hold.release();
      const [first, second] = await Promise.allSettled(waits);
      if (first?.status === 'fulfilled') first.value.release();
      if (second?.status === 'fulfilled') second.value.release();
      expect(second?.status === 'fulfilled' || first?.status === 'fulfilled').toBe(true);
    }
    expect(mutex.describe()).toMatchObject({ owners: [], waiters: 0 });
  });

  test('deadlines', async () => {
    const [mutex, semaphore, rw] = [
      ThreadMutex.create(seat()),
      ThreadSemaphore.create({ ...seat(), permits: 1 }),
      ThreadReadWriteLock.create(seat()),
    ];
    const [hold, permit, reads] = [mutex.lock(), semaphore.acquire(), rw.read()];
    const late = { code: 'DEADLINE_EXCEEDED', outcome: 'not-applied', retryable: true };
    await expect(mutex.lockAsync({ deadlineMs: 1 })).rejects.toMatchObject(late);
    await expect(semaphore.acquireAsync({ deadlineMs: 1 })).rejects.toMatchObject(late);
    await expect(rw.writeAsync({ deadlineMs: 1 })).rejects.toMatchObject(late);
    for (const each of [hold, permit, reads]) each.release();
    const writes = rw.write();
    await expect(rw.readAsync({ deadlineMs: 1 })).rejects.toMatchObject(late);
    writes.release();
    for (const lock of [mutex, semaphore, rw])
      expect(lock.describe()).toMatchObject({ owners: [], waiters: 0 });
    expect(() => mutex.lock({ deadlineMs: -1 })).toThrow(
      'Deadline in ms must be a number of at least 0: received -1',
    );
    expect(() => mutex.lock({ signal: AbortSignal.abort() })).toThrow(
      expect.objectContaining({ code: 'ABORTED' }),
    );
    await expect(mutex.lockAsync({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
  });

  test('readers share, a writer that waits keeps new ones out, and a blocking read never waits for itself', async () => {
    const rw = ThreadReadWriteLock.create(seat());
    const [one, two] = [rw.read(), await rw.readAsync()];
    expect(rw.tryWrite()).toBeUndefined();
    expect(() => rw.write()).toThrow(expect.objectContaining({ code: 'DEADLOCK' }));
    const order: string[] = [];
    const write = rw.writeAsync().then(hold => {
      order.push('write');
      hold.release();
    });
    await turns(3);
    const late = rw.readAsync().then(hold => {
      order.push('read');
      hold.release();
    });
    rw.read().release();
    expect(rw.tryRead()).toBeUndefined();
    one.release();
    await turns(3);
    expect(order).toEqual([]);
    two.release();
    await Promise.all([write, late]);
    expect(order).toEqual(['write', 'read']);
    expect(rw.describe()).toMatchObject({ owners: [], readers: [], waiters: 0 });
  });

  test('a condition: notified, timed out, aborted, and always with the mutex', async () => {
    const own = seat();
    const [mutex, condition] = [ThreadMutex.create(own), ThreadCondition.create(own)];
    const hold = mutex.lock();
    expect(condition.wait(hold, { deadlineMs: 0 })).toBe('timed-out');
    expect(await condition.waitAsync(hold, { deadlineMs: 0 })).toBe('timed-out');
    expect(await condition.waitAsync(hold, { deadlineMs: 1 })).toBe('timed-out');
    expect(hold.isHeld).toBe(true);
    const abort = new AbortController();
    const aborted = condition.waitAsync(hold, { signal: abort.signal });
    expect(hold.isHeld).toBe(false);
    abort.abort();
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
    expect(hold.isHeld).toBe(true);
    const waits: Promise<unknown>[] = [condition.waitAsync(hold)];
    const second = mutex.lock();
    waits.push(condition.waitAsync(second));
    expect(condition.waiterCount).toBe(2);
    expect(condition.notifyOne()).toBe(true);
    expect(await waits[0]).toBe('notified');
    hold.release();
    condition.notifyAll();
    expect(await waits[1]).toBe('notified');
    expect([second.isHeld, condition.waiterCount, condition.notifyOne()]).toEqual([true, 0, false]);
    second.release();
    expect(() => condition.wait(second)).toThrow(TypeError);
    await expect(condition.waitAsync(second)).rejects.toThrow(TypeError);
  });

  test('any permit that is free is had at once', async () => {
    const semaphore = ThreadSemaphore.create({ ...seat(), permits: 3 });
    const permits = [semaphore.acquire(), await semaphore.acquireAsync(), semaphore.acquire()];
    permits[1]?.release();
    permits[1] = await semaphore.acquireAsync();
    expect(semaphore.describe()).toMatchObject({ waits: 0, waiters: 0 });
    expect(() => semaphore.acquire()).toThrow(expect.objectContaining({ code: 'DEADLOCK' }));
    for (const permit of permits) permit.release();
    expect(semaphore.describe().owners).toEqual([]);
  });

  test('queue locks', () => {
    const own = seat();
    const [ticket, mcs] = [TicketLock.create(own), McsLock.create(own)];
    for (let round = 0; round < 100; round++) {
      ticket.lock().release();
      const hold = mcs.lock();
      expect(() => mcs.lock()).toThrow(expect.objectContaining({ code: 'DEADLOCK' }));
      hold.release();
      hold.release();
    }
  });
});

describe('a member that is declared dead', () => {
  test('a live one that was taken for dead cannot release what was taken over', () => {
    const team = createTeam({ capacity: 2 });
    const [one, other] = [team.join(), team.join()];
    const first = ThreadMutex.create({ team, member: one });
    const second = ThreadMutex.attach(first.place, { team, member: other });
    const hold = first.lock();
    team.leave(one);
    const next = second.lock();
    expect(next.ownerDied).toBe(true);
    expect(() => hold.release()).toThrow(expect.objectContaining({ code: 'NOT_OWNER' }));
    next.consistent();
    next.release();
    expect(second.tryLock()?.ownerDied).toBe(false);
  });

  test('a dead writer is told to all until one declares the data consistent', () => {
    const team = createTeam({ capacity: 3 });
    const [one, other] = [team.join(), team.join()];
    const first = ThreadReadWriteLock.create({ team, member: one });
    const second = ThreadReadWriteLock.attach(first.place, { team, member: other });
    first.write();
    team.leave(one);
    const reads = second.read();
    expect(reads.ownerDied).toBe(true);
    reads.release();
    const writes = second.write();
    expect(writes.ownerDied).toBe(true);
    writes.consistent();
    writes.release();
    const again = second.read();
    expect(again.ownerDied).toBe(false);
    again.release();
    const last = second.write();
    expect(last.ownerDied).toBe(false);
    last.release();
  });

  test('a dead reader holds up no writer, and who gets its place in the team does not read', () => {
    const team = createTeam({ capacity: 2 });
    const [one, other] = [team.join(), team.join()];
    const first = ThreadReadWriteLock.create({ team, member: one });
    const second = ThreadReadWriteLock.attach(first.place, { team, member: other });
    first.read();
    first.read();
    team.leave(one);
    second.write().release();
    const heir = ThreadReadWriteLock.attach(first.place, { team, member: team.join() });
    heir.read().release();
    second.write().release();
    expect(second.describe()).toMatchObject({ owners: [], readers: [] });
  });

  test('a live reader that was taken for dead does not end the reads of who has its place', () => {
    const team = createTeam({ capacity: 2 });
    const [one, other] = [team.join(), team.join()];
    const first = ThreadReadWriteLock.create({ team, member: one });
    const second = ThreadReadWriteLock.attach(first.place, { team, member: other });
    const [outer, inner] = [first.read(), first.read()];
    team.leave(one);
    const heir = ThreadReadWriteLock.attach(first.place, { team, member: team.join() });
    const [reads, more] = [heir.read(), heir.read()];
    for (const late of [inner, outer])
      expect(() => late.release()).toThrow(expect.objectContaining({ code: 'NOT_OWNER' }));
    more.release();
    expect(second.tryWrite()).toBeUndefined();
    reads.release();
    expect(second.tryWrite()?.isHeld).toBe(true);
  });

  test('a wait for a condition with what a dead owner left loses the mutex, and says so at once', async () => {
    for (const wait of ['waitAsync', 'wait'] as const) {
      const team = createTeam({ capacity: 2 });
      const [member, other] = [team.join(), team.join()];
      const mutex = ThreadMutex.create({ team, member });
      const condition = ThreadCondition.create({ team, member });
      ThreadMutex.attach(mutex.place, { team, member: other }).lock();
      team.leave(other);
      // Who has heard of the death wakes nobody once more.
      await turns(5);
      const hold = mutex.lock();
      expect(hold.ownerDied).toBe(true);
      const waiting = (async () => await condition[wait](hold, { deadlineMs: 2000 }))();
      await expect(Promise.race([waiting, turns(20)])).rejects.toMatchObject({ code: 'NOT_RECOVERABLE' });
      expect([hold.isHeld, condition.waiterCount]).toEqual([false, 0]);
    }
  });
});

describe('places', () => {
  test('several locks lie in one buffer, and are told apart', () => {
    const own = seat();
    const bytes = ThreadMutex.bytesNeeded(own.team);
    expect(bytes % 16).toBe(0);
    const room = bytes * 2 + ThreadSemaphore.bytesNeeded(own.team, 3);
    const buffer = new SharedArrayBuffer(16 + room);
    const one = ThreadMutex.create({ ...own, buffer, byteOffset: 16, name: 'eins' });
    const two = ThreadMutex.create({ ...own, buffer, byteOffset: 16 + bytes, name: 'zwei' });
    const three = ThreadSemaphore.create({ ...own, buffer, byteOffset: 16 + 2 * bytes, permits: 3 });
    const holds: MutexHold[] = [one.lock(), two.lock()];
    const permits = [three.acquire(), three.acquire(), three.acquire()];
    expect(three.tryAcquire()).toBeUndefined();
    const again = ThreadMutex.attach(structuredClone(one.place), own);
    expect([again.name, again.tryLock()]).toEqual(['eins', undefined]);
    for (const each of [...holds, ...permits]) each.release();
    expect(() => ThreadMutex.attach(three.place, own)).toThrow(
      new TypeError(`Memory at byte ${16 + 2 * bytes} must hold a mutex of this version: it does not`),
    );
    expect(() => ThreadSemaphore.attach({ buffer, byteOffset: 32 }, own)).toThrow(TypeError);
    expect(() => ThreadMutex.create({ ...own, buffer, byteOffset: 24 })).toThrow(RangeError);
    expect(() => ThreadMutex.create({ ...own, buffer, byteOffset: 16 + 3 * bytes })).toThrow(RangeError);
  });

  test('what does not fit is refused', () => {
    const own = seat();
    const mutex = ThreadMutex.create(own);
    const other = createTeam({ capacity: 5 });
    expect(() => ThreadMutex.attach(mutex.place, { team: other, member: other.join() })).toThrow(
      new RangeError('Team must have the capacity that the mutex was made for, 4: it has 5'),
    );
    expect(() => ThreadMutex.create({ ...own, name: 'x'.repeat(65) })).toThrow(RangeError);
    expect(() => ThreadMutex.create({ ...own, handOffEvery: 0 })).toThrow(
      'Hand-off interval must be an integer from 1 to 2147483647: received 0',
    );
    expect(() => ThreadMutex.create({ ...own, spins: -1 })).toThrow(RangeError);
    expect(() => ThreadSemaphore.create({ ...own, permits: 0 })).toThrow(RangeError);
    own.team.leave(own.member);
    expect(() => ThreadMutex.attach(mutex.place, own)).toThrow(
      new RangeError(`Member must be alive in the team: received ${own.member}`),
    );
  });

  test('who was notified gets the mutex back, also where all places of those who wait for it are taken', async () => {
    const { team, member } = seat();
    const [mutex, condition] = [
      ThreadMutex.create({ team, member, waitersMax: 1 }),
      ThreadCondition.create({ team, member }),
    ];
    const others = [0, 1].map(() => ThreadMutex.attach(mutex.place, { team, member: team.join() }));
    const hold = mutex.lock();
    const notified = condition.waitAsync(hold);
    const second = others[0]!.lock();
    // Either may be first: who was notified asks again each millisecond, and may overtake who has just been woken.
    const third = others[1]!.lockAsync().then(each => each.release());
    condition.notifyAll();
    await turns(20);
    second.release();
    expect([await notified, hold.isHeld]).toEqual(['notified', true]);
    hold.release();
    await third;
  });

  test('more waiters than there is room for are refused', async () => {
    const own = seat();
    const [mutex, condition] = [ThreadMutex.create(own), ThreadCondition.create({ ...own, waitersMax: 1 })];
    const one = mutex.lock();
    const waits = condition.waitAsync(one);
    const two = mutex.lock();
    await expect(condition.waitAsync(two)).rejects.toMatchObject({
      code: 'TOO_MANY_WAITERS',
      retryable: true,
    });
    expect(two.isHeld).toBe(true);
    two.release();
    condition.notifyAll();
    await waits;
  });
});
