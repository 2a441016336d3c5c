import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ReadWriteLock } from '../src/index.ts';
import { Stand, turn } from './stand.ts';

let stand: Stand;
beforeEach(() => {
  stand = new Stand();
});
afterEach(async () => {
  await stand.close();
  expect(stand.clock.timerCount).toBe(0);
});

describe('a lock delay', () => {
  test('makes the next one wait after a death, but not after a release', async () => {
    const settings = { lockDelayMs: 5000 };
    const [one, other] = [stand.locks().mutex('a', settings), stand.locks().mutex('a', settings)];
    await one.run(() => {});
    const held = await other.acquire();
    const next = one.acquire();
    let isGranted = false;
    next.then(
      () => (isGranted = true),
      () => {},
    );
    await turn();
    const [, entry] = await stand.entries('lock.mutex.a/q');
    expect(entry).toBeDefined();
    const [first] = await stand.entries('lock.mutex.a/q');
    stand.store.memory.sessions.end(first!.session!);
    await stand.pass(4500);
    expect(isGranted).toBe(false);
    await stand.pass(1000);
    expect(isGranted).toBe(true);
    await (await next).release();
    await held[Symbol.asyncDispose]();
    expect(await stand.entries('lock.mutex.a')).toEqual([]);
  });

  test('is waited out by somebody who comes when everything of the dead one is gone', async () => {
    const settings = { lockDelayMs: 5000 };
    await stand.locks().mutex('a', settings).acquire();
    const [entry] = await stand.entries('lock.mutex.a/q');
    stand.store.memory.sessions.end(entry!.session!);
    await stand.pass(10_000);
    const next = stand.locks().mutex('a', settings).acquire();
    const startMs = stand.clock.monotonicMs();
    const lock = await stand.until(next);
    expect(stand.clock.monotonicMs() - startMs).toBeGreaterThanOrEqual(5000);
    await lock.release();
  });

  async function afterDeath(): Promise<void> {
    await stand.locks().mutex('a', { lockDelayMs: 5000 }).acquire();
    const [entry] = await stand.entries('lock.mutex.a/q');
    stand.store.memory.sessions.end(entry!.session!);
    await stand.pass(1500);
  }

  test('who gives up, or is closed, in the middle of it is gone at once, and the delay is not over', async () => {
    await afterDeath();
    const locks = stand.locks();
    const { signal, abort } = stoppable();
    const waiting = locks.mutex('a', { lockDelayMs: 5000 }).acquire({ signal });
    waiting.catch(() => {});
    await stand.pass(100);
    abort();
    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
    await turn();
    expect(await stand.entries('lock.mutex.a/q')).toEqual([]);
    const closed = locks.mutex('a', { lockDelayMs: 5000 }).acquire();
    closed.catch(() => {});
    await turn();
    await locks[Symbol.asyncDispose]();
    await expect(closed).rejects.toMatchObject({ code: 'CLOSED' });
    expect(await stand.locks().mutex('a', { lockDelayMs: 5000 }).tryAcquire()).toBeUndefined();
  });

  test('is not waited out by who only tries, and is over for it some day', async () => {
    await afterDeath();
    const mutex = stand.locks().mutex('a', { lockDelayMs: 5000 });
    const startMs = stand.clock.monotonicMs();
    expect(await mutex.tryAcquire()).toBeUndefined();
    expect(stand.clock.monotonicMs()).toBe(startMs);
    expect(await stand.entries('lock.mutex.a/q')).toEqual([]);
    await stand.pass(4900);
    expect(await mutex.tryAcquire()).toBeUndefined();
    await stand.pass(100);
    await (await mutex.tryAcquire())!.release();
  });

  test('counts for readers who upgrade, too', async () => {
    const rw = (): ReadWriteLock => stand.locks().rw('a', { lockDelayMs: 5000 });
    const reader = await rw().read.acquire();
    await (await reader.upgrade())!.release();
    expect(await stand.entries('lock.rw.a')).toHaveLength(1);
    await reader.upgrade();
    const [entry] = await stand.entries('lock.rw.a/q');
    stand.store.memory.sessions.end(entry!.session!);
    await stand.pass(1500);
    const startMs = stand.clock.monotonicMs();
    const lock = await stand.until(rw().write.acquire());
    expect(stand.clock.monotonicMs() - startMs).toBeGreaterThanOrEqual(5000);
    await lock.release();
  });
});

function stoppable(): { readonly signal: AbortSignal; readonly abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
