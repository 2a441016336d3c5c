import { ManualClock } from '@quorate/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLocalLocks, type Hold, type Locks } from '../src/index.ts';
import { turn } from './stand.ts';

const open = (clock = new ManualClock()): Locks => createLocalLocks({ clock });

describe('locks of one process', () => {
  test('a mutex is had at once where it is free, in turn where it is not', async () => {
    const mutex = open().mutex('a');
    const held = await mutex.acquire();
    expect(held.remainingMs()).toBe(Number.POSITIVE_INFINITY);
    expect(held.signal.aborted).toBe(false);
    const order: number[] = [];
    const fences: bigint[] = [held.fence];
    const all = Array.from({ length: 5 }, (_, index) =>
      mutex.run(lock => {
        order.push(index);
        fences.push(lock.fence);
      }),
    );
    expect(await mutex.tryAcquire()).toBeUndefined();
    await held.release();
    await held.release();
    expect(() => held.assertHeld()).toThrow(expect.objectContaining({ code: 'NOT_OWNER' }));
    await Promise.all(all);
    expect(order).toEqual([0, 1, 2, 3, 4]);
    expect(fences).toEqual([...new Set(fences)].sort((one, other) => (one < other ? -1 : 1)));
    await expect(mutex.run(() => Promise.reject(new Error('x')))).rejects.toThrow('x');
    await (await mutex.tryAcquire())!.release();
  });

  test('waits are given up from anywhere in the line, and leave nothing', async () => {
    const clock = new ManualClock();
    const mutex = open(clock).mutex('a');
    const held = await mutex.acquire();
    const controllers = Array.from({ length: 10_000 }, () => new AbortController());
    const waits = controllers.map(({ signal }) =>
      mutex.acquire({ signal, deadlineMs: 1000 }).catch(() => {}),
    );
    expect(clock.timerCount).toBe(10_000);
    for (const index of [0, 9999, 5000, ...controllers.keys()])
      if (index !== 7000) controllers[index]!.abort();
    expect(clock.timerCount).toBe(1);
    await held.release();
    const lock = (await waits[7000]) as Hold;
    lock.assertHeld();
    const late = mutex.acquire({ deadlineMs: 50 });
    late.catch(() => {});
    await turn();
    clock.advance(50);
    await expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', outcome: 'not-applied' });
    await lock.release();
    await (await mutex.acquire({ deadlineMs: 10 })).release();
    expect(clock.timerCount).toBe(0);
    await expect(mutex.acquire({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(mutex.acquire({ deadlineMs: -1 })).rejects.toBeInstanceOf(RangeError);
  });

  test('many read or one writes, and a reader upgrades', async () => {
    const { read, write } = open().rw('a');
    const [one, other] = [await read.acquire(), await read.acquire()];
    const upgrade = one.upgrade();
    expect(await other.upgrade()).toBeUndefined();
    expect(await read.tryAcquire()).toBeUndefined();
    const writing = write.acquire();
    await other.release();
    const lock = (await upgrade)!;
    const late = read.acquire();
    await lock.release();
    one.assertHeld();
    // A writer waits: it was first.
    expect(await one.upgrade()).toBeUndefined();
    await one.release();
    await (await writing).release();
    await (await late).release();
    const controller = new AbortController();
    const [third, fourth] = [await read.acquire(), await read.acquire()];
    const given = third.upgrade({ signal: controller.signal });
    given.catch(() => {});
    await turn();
    controller.abort();
    await expect(given).rejects.toMatchObject({ code: 'ABORTED' });
    await (await read.tryAcquire())!.release();
    await third.release();
    await fourth.release();
    await (await write.tryAcquire())!.release();
  });

  test('an upgrade waits for the other readers, also when its own reader lets go meanwhile', async () => {
    const { read, write } = open().rw('a');
    for (const count of [1, 2]) {
      const one = await read.acquire();
      const others = await Promise.all(Array.from({ length: count }, () => read.acquire()));
      let isGranted = false;
      const upgrade = one.upgrade().then(lock => {
        isGranted = true;
        return lock!;
      });
      await turn();
      await one.release();
      for (const other of others) {
        await turn();
        expect(isGranted).toBe(false);
        await other.release();
      }
      await (await upgrade).release();
      await (await write.tryAcquire())!.release();
    }
  });

  test('an election shows its leader', async () => {
    const election = open().election('e');
    const watcher = new AbortController();
    const seen: (string | undefined)[] = [];
    const observing = (async () => {
      for await (const leader of election.observe({ signal: watcher.signal })) {
        seen.push(leader && new TextDecoder().decode(leader.value));
      }
    })();
    await turn();
    const leadership = await election.campaign(new TextEncoder().encode('a'));
    expect((await election.leader())?.fence).toBe(leadership.fence);
    expect(await election.tryCampaign(new Uint8Array(1))).toBeUndefined();
    await turn();
    await leadership.proclaim(new TextEncoder().encode('b'));
    await turn();
    await leadership.resign();
    await leadership.release();
    await turn();
    await election.run(new TextEncoder().encode('c'), {}, () => turn());
    await turn();
    watcher.abort();
    await observing;
    expect(seen).toEqual([undefined, 'a', 'b', undefined, 'c', undefined]);
  });

  test('several are held together, and a closed manager has none', async () => {
    const locks = open();
    await locks.all(['b', 'a', locks.semaphore('s', 2)]).run(async held => {
      expect(held.holds).toHaveLength(3);
      expect(await locks.mutex('a').tryAcquire()).toBeUndefined();
    });
    const held = await locks.mutex('a').acquire();
    const waiting = locks.mutex('a').acquire();
    waiting.catch(() => {});
    await locks[Symbol.asyncDispose]();
    await expect(waiting).rejects.toMatchObject({ code: 'CLOSED' });
    await expect(locks.mutex('a').acquire()).rejects.toMatchObject({ code: 'CLOSED' });
    await held.release();
  });

  test('names that nobody uses are forgotten, and those who know them still meet', async () => {
    const locks = open();
    const [early, held] = [locks.mutex('early'), await locks.mutex('held').acquire()];
    const first = await early.acquire();
    await first.release();
    for (let index = 0; index < 5000; index++) await locks.mutex(`${index}`).run(() => {});
    expect(await locks.mutex('held').tryAcquire()).toBeUndefined();
    const again = await locks.mutex('early').acquire();
    expect(await early.tryAcquire()).toBeUndefined();
    expect(again.fence).toBeGreaterThan(first.fence);
    await again.release();
    await held.release();
  });

  test('whatever comes and goes, never too many hold it, and all who wait have it', async () => {
    const actions = fc.array(fc.constantFrom('read', 'write', 'abort', 'release', 'release'), {
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(actions, fc.constantFrom('rw', 'semaphore'), async (steps, kind) => {
        const locks = open();
        const rw = locks.rw('x');
        const semaphore = locks.semaphore('x', 3);
        const held: { hold: Hold; isWriter: boolean }[] = [];
        const waiting = new Set<AbortController>();
        const check = (): void => {
          if (kind === 'semaphore') expect(held.length).toBeLessThanOrEqual(3);
          else if (held.some(({ isWriter }) => isWriter)) expect(held).toHaveLength(1);
        };
        const release = async (): Promise<void> => {
          const first = held.shift();
          await first?.hold.release();
        };
        for (const step of steps) {
          if (step === 'release') await release();
          else if (step === 'abort') waiting.values().next().value?.abort();
          else {
            const controller = new AbortController();
            waiting.add(controller);
            const isWriter = step === 'write' && kind === 'rw';
            const lockable = kind === 'semaphore' ? semaphore : isWriter ? rw.write : rw.read;
            const settle = (hold?: Hold): void => {
              waiting.delete(controller);
              if (hold !== undefined) held.push({ hold, isWriter });
              check();
            };
            void lockable.acquire({ signal: controller.signal }).then(settle, () => settle());
          }
          await turn();
        }
        while (held.length > 0) {
          await release();
          await turn();
        }
        expect(waiting.size).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});
