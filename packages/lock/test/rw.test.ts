import type { StoreFaults } from '@quorate/conformance';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Hold, Lock, ReadLock } from '../src/index.ts';
import { Stand, turn } from './stand.ts';

let stand: Stand;
beforeEach(() => {
  stand = new Stand();
});
afterEach(async () => {
  await stand.close();
  expect(stand.clock.timerCount).toBe(0);
});

const open = () => stand.locks().rw('a');

/** What a promise has come to by now. */
async function stateOf<Value>(promise: Promise<Value>): Promise<Value | 'waits'> {
  await turn();
  return Promise.race([promise, Promise.resolve('waits' as const)]);
}

describe('a read-write lock', () => {
  test('lets many read at once, and one write', async () => {
    const readers = await Promise.all(Array.from({ length: 5 }, () => open().read.acquire()));
    const write = open().write.acquire();
    expect(await stateOf(write)).toBe('waits');
    expect(await open().write.tryAcquire()).toBeUndefined();
    await Promise.all(readers.map(lock => lock.release()));
    const lock = await write;
    expect(lock.fence).toBeGreaterThan(0n);
    expect('fence' in readers[0]!).toBe(false);
    expect(await open().read.tryAcquire()).toBeUndefined();
    await lock.release();
    expect(await stand.entries('lock.rw.a')).toEqual([]);
  });

  test('keeps the order: a reader waits for a writer that came before, and not for one that came after', async () => {
    const first = await open().read.acquire();
    const write = open().write.acquire();
    await turn();
    const late = open().read.acquire();
    expect(await stateOf(late)).toBe('waits');
    await first.release();
    const lock = (await stateOf(write)) as Lock;
    expect(lock).not.toBe('waits');
    const after = open().write.acquire();
    await turn();
    await lock.release();
    expect(await stateOf(late)).not.toBe('waits');
    expect(await stateOf(after)).toBe('waits');
    await (await late).release();
    await (await after).release();
  });

  test('a writer that gives up lets the readers behind it go', async () => {
    const first = await open().read.acquire();
    const controller = new AbortController();
    const write = open().write.acquire({ signal: controller.signal });
    write.catch(() => {});
    await turn();
    const late = open().read.acquire();
    expect(await stateOf(late)).toBe('waits');
    controller.abort();
    await (await late).release();
    await first.release();
  });

  test('readers of a process who wait together share one entry, and one that comes later does not join', async () => {
    const held = await open().write.acquire();
    const own = open();
    const reads = Array.from({ length: 100 }, () => own.read.acquire());
    await turn();
    expect(await stand.entries('lock.rw.a')).toHaveLength(2);
    const write = open().write.acquire();
    await turn();
    await held.release();
    const readers = await Promise.all(reads);
    const late = own.read.acquire();
    expect(await stateOf(late)).toBe('waits');
    await Promise.all(readers.map(lock => lock.release()));
    await (await write).release();
    await (await late).release();
    expect(await stand.entries('lock.rw.a')).toEqual([]);
  });

  test('hundreds of readers are looked through', async () => {
    const readers = [];
    for (let index = 0; index < 150; index++) readers.push(await open().read.acquire());
    const write = open().write.acquire();
    await turn();
    expect(await open().read.tryAcquire()).toBeUndefined();
    await Promise.all(readers.map(lock => lock.release()));
    await (await stand.until(write)).release();
  });
});

describe('an upgrade', () => {
  test('waits for the other readers, keeps new ones out, and leads back', async () => {
    const [one, other] = [await open().read.acquire(), await open().read.acquire()];
    const upgrade = one.upgrade();
    expect(await stateOf(upgrade)).toBe('waits');
    expect(await open().read.tryAcquire()).toBeUndefined();
    await other.release();
    const lock = (await upgrade)!;
    lock.assertHeld();
    const write = open().write.acquire();
    const read = open().read.acquire();
    expect(await stateOf(read)).toBe('waits');
    await lock.release();
    one.assertHeld();
    expect(await stateOf(write)).toBe('waits');
    await one.release();
    expect((await write).fence).toBeGreaterThan(lock.fence);
    await (await write).release();
    await (await read).release();
    expect(await stand.entries('lock.rw.a')).toEqual([]);
  });

  test('of two, in two processes or in one, one is refused', async () => {
    const own = open();
    for (const second of [open(), own]) {
      const readers = await Promise.all([own.read.acquire(), second.read.acquire()]);
      const [one, other] = readers as [ReadLock, ReadLock];
      const upgrade = one.upgrade();
      await turn();
      expect(await other.upgrade()).toBeUndefined();
      await other.release();
      const lock = (await upgrade)!;
      lock.assertHeld();
      await lock.release();
      await one.release();
    }
    expect(await stand.entries('lock.rw.a')).toEqual([]);
  });

  test('waits for those who share the entry, also when the one that upgrades lets go of its read lock', async () => {
    const own = open();
    const writer = await own.write.acquire();
    const both = Promise.all([own.read.acquire(), own.read.acquire()]);
    await turn();
    await writer.release();
    const [one, other] = (await both) as [ReadLock, ReadLock];
    expect(await stand.entries('lock.rw.a')).toHaveLength(1);
    const upgrade = one.upgrade();
    await turn();
    await one.release();
    expect(await stateOf(upgrade)).toBe('waits');
    other.assertHeld();
    await other.release();
    await (await upgrade)!.release();
    expect(await stand.entries('lock.rw.a')).toEqual([]);
  });

  test('ends with its manager', async () => {
    const other = await open().read.acquire();
    const locks = stand.locks();
    const one = await locks.rw('a').read.acquire();
    const upgrade = one.upgrade();
    upgrade.catch(() => {});
    await turn();
    await locks[Symbol.asyncDispose]();
    await expect(upgrade).rejects.toMatchObject({ code: 'CLOSED' });
    expect(await stand.entries('lock.rw.a')).toHaveLength(1);
    await other.release();
  });

  test('that is given up in whichever moment leaves nothing but the read lock', async () => {
    const own = open();
    await own.read.run(() => {});
    for (let step = 0; step < 120; step++) {
      const reader = await own.read.acquire();
      const controller = new AbortController();
      const upgrading = reader.upgrade({ signal: controller.signal }).catch(() => undefined);
      for (let index = 0; index < step; index++) await Promise.resolve();
      controller.abort();
      await (await upgrading)?.release();
      await turn();
      expect(await stand.entries('lock.rw.a')).toHaveLength(1);
      await reader.release();
    }
    expect(await stand.entries('lock.rw.a')).toEqual([]);
  });

  test('is refused where a writer waits already, and given up by its signal', async () => {
    const [one, other] = [await open().read.acquire(), await open().read.acquire()];
    const controller = new AbortController();
    const upgrade = one.upgrade({ signal: controller.signal });
    upgrade.catch(() => {});
    await turn();
    controller.abort();
    await expect(upgrade).rejects.toMatchObject({ code: 'ABORTED' });
    const write = open().write.acquire();
    await turn();
    expect(await one.upgrade()).toBeUndefined();
    await one.release();
    await other.release();
    await (await write).release();
    await expect(one.upgrade()).rejects.toMatchObject({ code: 'NOT_OWNER' });
    await turn();
    expect(await stand.entries('lock.rw.a')).toEqual([]);
  });
});

describe('a semaphore', () => {
  test('has so many holders, in the order of their coming', async () => {
    const open = () => stand.locks().semaphore('s', 3);
    const held = await Promise.all(Array.from({ length: 3 }, () => open().acquire()));
    expect(await open().tryAcquire()).toBeUndefined();
    const order: number[] = [];
    const waits = [];
    for (let index = 0; index < 4; index++) {
      waits.push(
        open()
          .acquire()
          .then(permit => {
            order.push(index);
            return permit;
          }),
      );
      await turn();
    }
    await held[1]!.release();
    await turn();
    expect(order).toEqual([0]);
    await held[0]!.release();
    await held[2]!.release();
    await turn();
    expect(order).toEqual([0, 1, 2]);
    await (await waits[1]!).release();
    await turn();
    expect(order).toEqual([0, 1, 2, 3]);
    for (const index of [0, 2, 3]) await (await waits[index]!).release();
    expect(await stand.entries('lock.semaphore.s')).toEqual([]);
  });

  test('who is next is told, also by one that had its permit before it looked, so nobody waits for a timer', async () => {
    const open = () => stand.locks().semaphore('s', 2);
    const held = [await open().acquire(), await open().acquire()];
    let look = (): void => {};
    const looking = new Promise<void>(resolve => {
      look = resolve;
    });
    const faults: StoreFaults = { before: call => (call === 'list' ? looking : undefined) };
    const first = stand.locks({}, faults).semaphore('s', 2).acquire();
    await turn();
    const second = open().acquire();
    await turn();
    await held[0]!.release();
    look();
    ((await stateOf(first)) as Hold).assertHeld();
    await held[1]!.release();
    expect(await stateOf(second)).not.toBe('waits');
    await (await first).release();
    await (await second).release();
  });

  test('hands permits on within a process, with no more entries than permits', async () => {
    const semaphore = stand.locks().semaphore('s', 2);
    let [running, most] = [0, 0];
    const all = Array.from({ length: 200 }, () =>
      semaphore.run(async () => {
        most = Math.max(most, ++running);
        await turn();
        running--;
      }),
    );
    await turn();
    expect((await stand.entries('lock.semaphore.s')).length).toBeLessThanOrEqual(2);
    await Promise.all(all);
    expect(most).toBe(2);
    expect(await stand.entries('lock.semaphore.s')).toEqual([]);
    expect(() => stand.locks().semaphore('s', 0)).toThrow(RangeError);
    expect(() => stand.locks().semaphore('s', 501)).toThrow(RangeError);
  });

  test('a holder that dies frees its permit, whoever of the waiters is first', async () => {
    const open = () => stand.locks().semaphore('s', 2);
    await open().acquire();
    const [entry] = await stand.entries('lock.semaphore.s');
    const other = await open().acquire();
    const next = open().acquire();
    await turn();
    stand.store.memory.sessions.end(entry!.session!);
    const third = await stand.until(next);
    expect(third.remainingMs()).toBeGreaterThan(0);
    await third.release();
    await other.release();
  });
});
