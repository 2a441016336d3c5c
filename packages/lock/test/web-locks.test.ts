import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLocalLocks, createLockManager, type Locks, type WebLock } from '../src/index.ts';
import { Stand, turn } from './stand.ts';

let stand: Stand;
beforeEach(() => {
  stand = new Stand();
});
afterEach(() => stand.close());

describe.each([
  ['on a store', () => stand.locks()],
  ['in one process', () => createLocalLocks()],
] as [string, () => Locks][])('the Web Locks API %s', (_, create) => {
  test('exclusive and shared requests, in order', async () => {
    const manager = createLockManager(create());
    const order: string[] = [];
    const gate = Promise.withResolvers<void>();
    const first = manager.request('a', async lock => {
      expect(lock).toMatchObject({ name: 'a', mode: 'exclusive' });
      lock!.hold.assertHeld();
      order.push('first');
      await gate.promise;
      return 7;
    });
    await turn();
    const shared = ['one', 'two'].map(name =>
      manager.request('a', { mode: 'shared' }, async lock => {
        expect((lock as WebLock).mode).toBe('shared');
        order.push(name);
        await turn();
      }),
    );
    const last = manager.request('a', () => void order.push('last'));
    await turn();
    const { held, pending } = await manager.query();
    expect(held).toEqual([{ name: 'a', mode: 'exclusive', clientId: held[0]!.clientId }]);
    expect(pending.map(({ mode }) => mode)).toEqual(['shared', 'shared', 'exclusive']);
    gate.resolve();
    expect(await first).toBe(7);
    await Promise.all([...shared, last]);
    expect(order).toEqual(['first', 'one', 'two', 'last']);
    expect(await manager.query()).toEqual({ held: [], pending: [] });
  });

  test('who asks later is not served earlier, in whatever mode', async () => {
    const manager = createLockManager(create());
    const gate = Promise.withResolvers<void>();
    const order: number[] = [];
    const modes = ['exclusive', 'exclusive', 'shared', 'exclusive', 'shared', 'shared', 'exclusive'] as const;
    const all: Promise<void>[] = [];
    for (const [index, mode] of modes.entries()) {
      const request = manager.request('a', { mode }, async () => {
        order.push(index);
        await (index === 0 ? gate.promise : turn());
      });
      all.push(request);
      await turn();
    }
    gate.resolve();
    await Promise.all(all);
    expect(order).toEqual([...modes.keys()]);
  });

  test('ifAvailable, signal, and what is refused', async () => {
    const manager = createLockManager(create());
    const reason = new Error('enough');
    await manager.request('a', async () => {
      expect(await manager.request('a', { ifAvailable: true }, lock => lock)).toBeNull();
      const controller = new AbortController();
      const waiting = manager.request('a', { signal: controller.signal }, () => {});
      waiting.catch(() => {});
      await turn();
      controller.abort(reason);
      await expect(waiting).rejects.toBe(reason);
    });
    const available = await manager.request('a', { ifAvailable: true }, lock => lock?.name);
    expect(available).toBe('a');
    await expect(manager.request('a', { signal: AbortSignal.abort(reason) }, () => {})).rejects.toBe(reason);
    const signal = new AbortController().signal;
    for (const [name, options] of [
      ['a', { steal: true }],
      ['-a', {}],
      ['a', { ifAvailable: true, signal }],
    ] as const) {
      await expect(manager.request(name, options, () => {})).rejects.toMatchObject({
        name: 'NotSupportedError',
      });
    }
    await expect(manager.request('a', { mode: 'x' as never }, () => {})).rejects.toBeInstanceOf(TypeError);
    await expect(manager.request('a', undefined as never)).rejects.toBeInstanceOf(TypeError);
    await expect(manager.request('a', () => Promise.reject(reason))).rejects.toBe(reason);
  });
});

test('a lost lock fails its request once the callback has settled', async () => {
  const manager = createLockManager(stand.locks());
  const request = manager.request('a', async lock => {
    const [entry] = await stand.entries('lock.rw.a');
    stand.store.memory.sessions.end(entry!.session!);
    await stand.pass(1000);
    expect(lock!.hold.signal.aborted).toBe(true);
  });
  await expect(request).rejects.toMatchObject({ code: 'LOCK_LOST' });
});
