import { Worker } from 'node:worker_threads';
import { seededRandom } from '@quorate/core';
import { describe, expect, test, vi } from 'vitest';
import {
  McsLock,
  ThreadCondition,
  ThreadMutex,
  ThreadReadWriteLock,
  ThreadSemaphore,
  TicketLock,
} from '../../src/shared/index.ts';
import type { Loop } from './lock-worker.ts';
import { ThreadStage, turn } from './thread-stage.ts';

// Threads load their modules anew, and a busy machine takes its time.
vi.setConfig({ testTimeout: process.env['QUORATE_LONG'] === undefined ? 120_000 : 3_600_000 });

const long = process.env['QUORATE_LONG'] !== undefined;

const lockOf: Partial<
  Record<Loop, { create(options: ThreadStage['seat']): { place: ThreadMutex['place'] } }>
> = {
  mutex: ThreadMutex,
  mutexAsync: ThreadMutex,
  'read-write': ThreadReadWriteLock,
  ticket: TicketLock,
  mcs: McsLock,
};

describe('nobody dies', () => {
  test.each([
    ['mutex', 2, long ? 5_000_000 : 100_000],
    ['mutex', 4, long ? 2_500_000 : 50_000],
    ['mutexAsync', 4, 5000],
    ['read-write', 3, 20_000],
    ['ticket', 2, 2000],
    ['mcs', 3, 2000],
  ] as const)('%s: %i threads exclude each other', async (kind, count, rounds) => {
    await using stage = new ThreadStage();
    const lock = lockOf[kind]?.create(stage.seat);
    const workers = await Promise.all(Array.from({ length: count }, () => stage.spawn(lock!.place)));
    await Promise.all(workers.map(worker => worker.call('loop', { kind, rounds })));
    const { wrong, left, right } = stage.shared;
    expect(wrong[0]).toBe(0);
    expect(left[0]).toBe(kind === 'read-write' ? (count * rounds) / 4 : count * rounds);
    expect(right[0]).toBe(left[0]);
  });

  test('a semaphore never lets in more than it has permits', async () => {
    await using stage = new ThreadStage();
    const semaphore = ThreadSemaphore.create({ ...stage.seat, permits: 2 });
    const workers = await Promise.all([1, 2, 3, 4].map(() => stage.spawn(semaphore.place)));
    await Promise.all(workers.map(worker => worker.call('loop', { kind: 'semaphore', rounds: 10_000 })));
    expect(stage.shared.wrong[0]).toBe(0);
    expect(semaphore.describe()).toMatchObject({ owners: [], waiters: 0 });
  });
});

describe('threads are killed at random times', () => {
  test.each(['mutex', 'read-write'] as const)(
    '%s: nobody is let in beside another, and it is always to be had',
    async kind => {
      await using stage = new ThreadStage();
      const random = seededRandom(`kill ${kind}`);
      const lock = kind === 'mutex' ? ThreadMutex.create(stage.seat) : ThreadReadWriteLock.create(stage.seat);
      const take = (): Promise<{ readonly ownerDied: boolean; consistent(): void; release(): void }> => {
        return lock instanceof ThreadMutex
          ? lock.lockAsync({ deadlineMs: 20_000 })
          : lock.writeAsync({ deadlineMs: 20_000 });
      };
      for (let count = 0; count < 3; count++) await stage.start(kind, lock.place);
      const { inside, wrong, left, right } = stage.shared;
      for (let kill = 0; kill < (long ? 2000 : 12); kill++) {
        const coming = stage.start(kind, lock.place);
        const victims = [...stage.workers];
        for (let turns = random.uint32() % 8; turns > 0; turns--) await turn();
        await stage.kill(victims[random.uint32() % victims.length] as (typeof victims)[number]);
        const hold = await take();
        if (hold.ownerDied) {
          Atomics.store(inside, 0, 0);
          right[0] = left[0] as number;
          hold.consistent();
        }
        expect(Atomics.load(inside, 0)).toBe(0);
        expect(left[0]).toBe(right[0]);
        hold.release();
        await coming;
      }
      expect(wrong[0]).toBe(0);
      expect(stage.shared.acquired[0]).toBeGreaterThan(0);
    },
  );

  test('the permits of dead threads come back', async () => {
    await using stage = new ThreadStage();
    const semaphore = ThreadSemaphore.create({ ...stage.seat, permits: 2 });
    for (let kill = 0; kill < (long ? 500 : 4); kill++) {
      const workers = await Promise.all([1, 2, 3].map(() => stage.start('semaphore', semaphore.place)));
      for (const worker of workers) await stage.kill(worker);
      const permits = await Promise.all([1, 2].map(() => semaphore.acquireAsync({ deadlineMs: 20_000 })));
      expect(semaphore.tryAcquire()).toBeUndefined();
      for (const permit of permits) permit.release();
    }
    expect(semaphore.describe()).toMatchObject({ owners: [], waiters: 0 });
  });

  test('a condition serves who lives', async () => {
    await using stage = new ThreadStage();
    const mutex = ThreadMutex.create(stage.seat);
    const filled = ThreadCondition.create(stage.seat);
    const { left, acquired } = stage.shared;
    await stage.start('queue', mutex.place, filled.place);
    for (let kill = 0; kill < (long ? 500 : 6); kill++) {
      const victim = await stage.start('queue', mutex.place, filled.place);
      for (let item = 0; item < 20; item++) {
        const hold = await mutex.lockAsync({ deadlineMs: 20_000 });
        hold.consistent();
        left[0] = (left[0] as number) + 1;
        filled.notifyOne();
        hold.release();
      }
      await stage.kill(victim);
      // Whoever is left takes all that is left.
      for (let isLeft = true; isLeft; ) {
        const hold = await mutex.lockAsync({ deadlineMs: 20_000 });
        hold.consistent();
        isLeft = left[0] !== 0;
        hold.release();
        await turn();
      }
    }
    expect(acquired[0]).toBeGreaterThan(100);
  });
});

describe('main thread and workers', () => {
  test('the holder dies: who waits in an event loop and who blocks both learn of it', async () => {
    await using stage = new ThreadStage();
    const mutex = ThreadMutex.create({ ...stage.seat, name: 'ledger' });
    const holder = await stage.spawn(mutex.place);
    await holder.call('keep');
    expect(mutex.describe()).toMatchObject({ name: 'ledger', owners: [holder.member], takeovers: 0 });
    const blocked = await stage.spawn(mutex.place);
    const blocks = blocked.call('loop', { kind: 'mutex', rounds: 1 });
    while (mutex.describe().waiters === 0) await turn();
    await stage.kill(holder);
    await blocks;
    expect(stage.shared.told[0]).toBe(1);
    const next = await stage.spawn(mutex.place);
    await next.call('keep');
    const waiting = mutex.lockAsync();
    await turn();
    await stage.kill(next);
    const hold = await waiting;
    expect(hold.ownerDied).toBe(true);
    // Not declared consistent: nobody has it again.
    const other = (await stage.spawn(mutex.place)).call('blockFor', 20_000);
    while (mutex.describe().waiters === 0) await turn();
    hold.release();
    expect(await other).toBe('NOT_RECOVERABLE');
    expect(() => mutex.lock()).toThrow(expect.objectContaining({ code: 'NOT_RECOVERABLE' }));
    expect(() => mutex.tryLock()).toThrow(expect.objectContaining({ code: 'NOT_RECOVERABLE' }));
    await expect(mutex.lockAsync()).rejects.toMatchObject({ code: 'NOT_RECOVERABLE' });
    expect(mutex.describe()).toMatchObject({ owners: [], waiters: 0, takeovers: 2 });
  });

  test('a blocking wait ends at its deadline and leaves nothing', async () => {
    await using stage = new ThreadStage();
    const mutex = ThreadMutex.create(stage.seat);
    const hold = mutex.lock();
    const worker = await stage.spawn(mutex.place);
    expect(await worker.call('blockFor', 5)).toBe('DEADLINE_EXCEEDED');
    expect(mutex.describe().waiters).toBe(0);
    hold.release();
    expect(await worker.call('blockFor', 5)).toBe('held');
  });

  test('a thread with nothing to do but wait stays alive, and ends when it has waited', async () => {
    await using stage = new ThreadStage();
    const mutex = ThreadMutex.create(stage.seat);
    const hold = mutex.lock();
    const workerData = { team: stage.team.buffer, member: stage.team.join(), place: mutex.place };
    const worker = new Worker(new URL('bare-waiter.ts', import.meta.url), { workerData });
    const said = new Promise<unknown>(resolve => worker.once('message', resolve));
    const ended = new Promise<number>(resolve => worker.once('exit', resolve));
    while (mutex.describe().waiters === 0) await turn();
    // Long enough for a thread with nothing to do to end.
    const early = await Promise.race([
      ended.then(() => 'ended'),
      (await stage.spawn(mutex.place)).call('blockFor', 50),
    ]);
    expect(early).toBe('DEADLINE_EXCEEDED');
    hold.release();
    expect(await said).toBe('held');
    expect(await ended).toBe(0);
  });

  test('a thread that blocks lets others have what its tasks wait for', async () => {
    await using stage = new ThreadStage();
    const [first, second] = [
      ThreadMutex.create({ ...stage.seat, handOffEvery: 1 }),
      ThreadMutex.create(stage.seat),
    ];
    const [held, kept] = [first.lock(), second.lock()];
    const worker = await stage.spawn(first.place, second.place);
    const both = worker.call('awaitBoth');
    while (second.describe().waiters === 0) await turn();
    const mine = first.lockAsync({ deadlineMs: 20_000 });
    // Its task came first, and cannot run.
    held.release();
    (await mine).release();
    kept.release();
    await both;
    expect([first.describe(), second.describe()]).toMatchObject([{ owners: [] }, { owners: [] }]);
  });
});
