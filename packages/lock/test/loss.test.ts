import type { StoreFaults } from '@quorate/conformance';
import { ManualClock, QuorateError } from '@quorate/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { namesPerSession } from '../src/lock-session.ts';
import { Stand, turn } from './stand.ts';

const refusal = new QuorateError('STORE_REFUSED', 'Not now', { outcome: 'not-applied' });

let stand: Stand;
beforeEach(() => {
  stand = new Stand();
});
afterEach(async () => {
  await stand.close();
  expect(stand.clock.timerCount).toBe(0);
});

describe('a lock whose session is lost', () => {
  test('is told before the store may give it to somebody else, and others get it then', async () => {
    const faults: StoreFaults = {};
    const first = stand.locks({}, faults);
    const held = await first.mutex('a').acquire();
    const next = stand.locks().mutex('a').acquire();
    await stand.pass(2000);
    expect(held.signal.aborted).toBe(false);
    // Nobody hears of it any more.
    const session = (await stand.entries('lock.mutex.a'))[0]!.session!;
    let lostAtMs = 0;
    held.signal.addEventListener('abort', () => {
      lostAtMs = stand.clock.monotonicMs();
    });
    stand.store.memory.sessions.end(session);
    const second = await stand.until(next);
    expect(second.fence).toBeGreaterThan(held.fence);
    await stand.pass(400);
    expect(lostAtMs).toBeGreaterThan(0);
    expect(held.signal.reason).toMatchObject({ code: 'LOCK_LOST' });
    expect(() => held.assertHeld()).toThrow(expect.objectContaining({ code: 'LOCK_LOST' }));
    expect(held.remainingMs()).toBe(0);
    await expect(held.release()).rejects.toMatchObject({ code: 'NOT_OWNER' });
    await held.release();
    await second.release();
  });

  test('is given up by its holder where no renewal gets through, and the manager goes on with a new one', async () => {
    const clock = new ManualClock({ wallMs: stand.clock.wallMs() });
    const locks = stand.locks({ clock });
    const mutex = locks.mutex('a');
    const held = await mutex.acquire();
    const waiting = mutex.acquire();
    // The holder's clock alone: its renewals are answered by a store whose time stands still.
    clock.advance(970);
    expect(held.signal.aborted).toBe(false);
    clock.advance(20);
    expect(held.signal.aborted).toBe(true);
    expect(held.remainingMs()).toBe(0);
    await turn();
    // The store has not found it dead yet: nobody else may have it.
    expect(await stand.locks().mutex('a').tryAcquire()).toBeUndefined();
    const second = await stand.until(waiting);
    expect(second.fence).toBeGreaterThan(held.fence);
    second.assertHeld();
    await second.release();
    await held[Symbol.asyncDispose]();
  });

  test.each([
    ['forward', 3_600_000, true],
    ['back', -3_600_000, false],
  ])('a wall clock that is set an hour %s', async (_, stepMs, isLost) => {
    const clock = new ManualClock({ wallMs: stand.clock.wallMs() });
    const held = await stand.locks({ clock }).mutex('a').acquire();
    clock.stepWall(stepMs);
    expect(held.remainingMs() === 0).toBe(isLost);
    // Set back, the monotonic clock still tells when the time is over.
    clock.advance(100);
    stand.clock.advance(100);
    await turn();
    expect(held.signal.aborted).toBe(isLost);
    for (let passedMs = 0; passedMs < 3000; passedMs += 100) {
      clock.advance(100);
      stand.clock.advance(100);
      await turn();
    }
    expect(held.signal.aborted).toBe(isLost);
  });

  test('after a pause past its time it says so within one turn, and at once to whoever asks', async () => {
    const clock = new ManualClock({ wallMs: stand.clock.wallMs() });
    const locks = stand.locks({ clock });
    const [asks, listens] = [await locks.mutex('a').acquire(), await locks.mutex('b').acquire()];
    const { signal } = listens;
    const next = stand.locks().mutex('a').acquire();
    // The process stands still while the others' time goes on.
    const other = await stand.until(next);
    const before: string[] = [];
    signal.addEventListener('abort', () => before.push('aborted'));
    clock.stepWall(5000);
    expect(() => asks.assertHeld()).toThrow(expect.objectContaining({ code: 'LOCK_LOST' }));
    clock.advance(5000);
    expect(before).toEqual(['aborted']);
    expect(other.fence).toBeGreaterThan(asks.fence);
    await other.release();
  });

  test('fails what ran under it, whatever came of that', async () => {
    const clock = new ManualClock({ wallMs: stand.clock.wallMs() });
    const mutex = stand.locks({ clock }).mutex('a');
    const lose = async (): Promise<string> => {
      clock.stepWall(3_600_000);
      await turn();
      return 'done';
    };
    await expect(stand.until(mutex.run(lose))).rejects.toMatchObject({
      code: 'LOCK_LOST',
      outcome: 'unknown',
    });
    const fails = async (): Promise<never> => {
      await lose();
      throw new Error('of its own');
    };
    await expect(stand.until(mutex.run(fails))).rejects.toMatchObject({
      code: 'LOCK_LOST',
      cause: new Error('of its own'),
    });
    await expect(stand.until(mutex.run(() => 'fine'))).resolves.toBe('fine');
    await expect(stand.until(mutex.run(() => Promise.reject(new Error('x'))))).rejects.toThrow('x');
    // Released by its user, it was not lost.
    await expect(stand.until(mutex.run(lock => lock.release()))).resolves.toBeUndefined();
  });

  test('is not granted, or handed on, by an answer that comes when its time is over', async () => {
    const clock = new ManualClock({ wallMs: stand.clock.wallMs() });
    let pauses = 1;
    const faults: StoreFaults = {
      async before(call) {
        if (call !== 'enqueue' && call !== 'list') return;
        // No timer runs between the pause and the answer.
        if (pauses-- > 0) clock.stepWall(3_600_000);
      },
    };
    const mutex = stand.locks({ clock, handOff: { max: 0 } }, faults).mutex('a');
    const lock = await stand.until(mutex.acquire());
    lock.assertHeld();
    pauses = 1;
    const next = mutex.acquire();
    await lock[Symbol.asyncDispose]();
    (await stand.until(next)).assertHeld();
    expect(pauses).toBeLessThanOrEqual(0);
    await (await next).release();
  });

  test('an entry that the store gave up is not taken for held, and its waiter stands in line again', async () => {
    const held = await stand.locks().mutex('a').acquire();
    const waiting = stand.locks().mutex('a').acquire();
    await turn();
    const [, entry] = await stand.entries('lock.mutex.a');
    await stand.store.delete(entry!.key, { created: entry!.created });
    await held.release();
    const lock = await stand.until(waiting);
    lock.assertHeld();
    expect(await stand.entries('lock.mutex.a')).toHaveLength(1);
    await lock.release();
  });

  test('one that was given up is ended in the store too, with everything that stands on it', async () => {
    const held = await stand.locks().mutex('a').acquire();
    const locks = stand.locks();
    const other = await locks.mutex('b').acquire();
    const waiting = locks.mutex('a').acquire();
    await turn();
    const [, entry] = await stand.entries('lock.mutex.a');
    await stand.store.delete(entry!.key, { created: entry!.created });
    await held.release();
    await (await stand.until(waiting)).release();
    expect(other.signal.aborted).toBe(true);
    expect(stand.store.memory.sessions.isAlive(entry!.session!)).toBe(false);
    // Its holder has not let go of it, and never will.
    const next = await stand.until(stand.locks().mutex('b').acquire());
    await next.release();
  });

  test('a store that refuses to be read fails who waits, and no entry is left of it', async () => {
    const faults: StoreFaults = {};
    const held = await stand.locks().mutex('a').acquire();
    const waiting = stand.locks({}, faults).mutex('a').acquire();
    waiting.catch(() => {});
    await turn();
    faults.before = call => (call === 'list' ? Promise.reject(refusal) : undefined);
    await held.release();
    await expect(stand.until(waiting)).rejects.toMatchObject({ code: 'STORE_REFUSED' });
    await turn();
    expect(await stand.entries('lock.mutex.a')).toEqual([]);
  });

  test('a store that refuses a release for a while is asked until it is done', async () => {
    const faults: StoreFaults = {};
    const held = await stand.locks({}, faults).mutex('a').acquire();
    let refusals = 2;
    faults.before = call => (call === 'delete' && refusals-- > 0 ? Promise.reject(refusal) : undefined);
    await stand.until(held.release());
    expect(await stand.entries('lock.mutex.a')).toEqual([]);
  });

  test('a waiter that died is cleared away by whoever stands behind it', async () => {
    const held = await stand.locks().mutex('a').acquire();
    const dying = stand.locks().mutex('a').acquire();
    dying.catch(() => {});
    await turn();
    const last = stand.locks().mutex('a').acquire();
    await turn();
    const [, entry] = await stand.entries('lock.mutex.a');
    stand.store.memory.sessions.end(entry!.session!);
    await stand.pass(200);
    await held.release();
    const lock = await stand.until(last);
    lock.assertHeld();
    await lock.release();
    expect((await stand.until(dying)).fence).toBeGreaterThan(lock.fence);
    await (await dying).release();
  });

  test('nobody notices a death, and the watch is muted: a look in each time to live finds it', async () => {
    const faults: StoreFaults = { blind: true, watch: 'muted' };
    const held = await stand.locks({}, faults).mutex('a').acquire();
    const next = stand.locks({}, faults).mutex('a').acquire();
    await turn();
    const [entry] = await stand.entries('lock.mutex.a');
    stand.store.memory.sessions.end(entry!.session!);
    const lock = await stand.until(next, 2500);
    expect(lock.fence).toBeGreaterThan(held.fence);
    await lock.release();
  });
});

describe('sessions', () => {
  test('one for all locks of a process, with one heartbeat', async () => {
    const sent: string[] = [];
    const locks = stand.locks({}, { sent });
    const held = await Promise.all(
      Array.from({ length: 300 }, (_, index) => locks.mutex(`${index}`).acquire()),
    );
    expect(sent.filter(call => call === 'session')).toHaveLength(1);
    await stand.pass(3000);
    for (const lock of held) lock.assertHeld();
    expect(sent.filter(call => call !== 'enqueue')).toEqual(['session']);
    await Promise.all(held.map(lock => lock.release()));
  });

  test('a fresh one after so many names, and the old one ends with its last lock', async () => {
    const sent: string[] = [];
    const locks = stand.locks({}, { sent });
    const first = await locks.mutex('first').acquire();
    const [old] = await stand.entries('lock.mutex.first');
    for (let index = 0; index < namesPerSession; index++) await locks.mutex(`${index}`).run(() => {});
    expect(sent.filter(call => call === 'session')).toHaveLength(2);
    expect(stand.store.memory.sessions.isAlive(old!.session!)).toBe(true);
    await first.release();
    await turn();
    expect(stand.store.memory.sessions.isAlive(old!.session!)).toBe(false);
    // What the store remembered of its operations went with it.
    expect(stand.store.memory.partitionCount).toBeLessThan(2 * namesPerSession);
  });

  test('one more for each other time to live, for as long as it is used', async () => {
    const sent: string[] = [];
    const locks = stand.locks({}, { sent });
    const long = await Promise.all(['a', 'b', 'c'].map(name => locks.mutex(name).acquire({ ttlMs: 5000 })));
    expect(long[0]!.remainingMs()).toBeGreaterThan(4900);
    expect(sent.filter(call => call === 'session')).toHaveLength(1);
    const short = await locks.mutex('d').acquire();
    expect(short.remainingMs()).toBeLessThan(1000);
    const [entry] = await stand.entries('lock.mutex.a');
    await Promise.all([...long, short].map(lock => lock.release()));
    expect(stand.store.memory.sessions.isAlive(entry!.session!)).toBe(true);
    await stand.pass(6000);
    expect(stand.store.memory.sessions.isAlive(entry!.session!)).toBe(false);
  });
});

describe('closing', () => {
  test('fails who waits, ends what is held, and leaves nothing', async () => {
    const other = await stand.locks().mutex('b').acquire();
    const locks = stand.locks();
    const held = await locks.mutex('a').acquire();
    const { signal } = held;
    const local = locks.mutex('a').acquire();
    const remote = locks.mutex('b').acquire();
    for (const wait of [local, remote]) wait.catch(() => {});
    await turn();
    await locks[Symbol.asyncDispose]();
    await locks[Symbol.asyncDispose]();
    await expect(local).rejects.toMatchObject({ code: 'CLOSED' });
    await expect(remote).rejects.toMatchObject({ code: 'CLOSED' });
    expect(signal.aborted).toBe(true);
    await expect(locks.mutex('a').acquire()).rejects.toMatchObject({ code: 'CLOSED' });
    expect(await stand.entries('lock.mutex.a')).toEqual([]);
    expect(await stand.entries('lock.mutex.b')).toHaveLength(1);
    await other.release();
  });
});

describe('a lock for correctness', () => {
  const fit = { linearizable: true, durability: 'quorum', fenceSurvivesLoss: true } as const;
  test.each([
    [{ ...fit }, undefined],
    [{ ...fit, durability: 'fsync', fenceSurvivesLoss: false }, undefined],
    [{ ...fit, durability: 'os' }, undefined],
    [{ ...fit, durability: 'os', fenceSurvivesLoss: false }, /fences do not survive/],
    [{ ...fit, durability: 'memory' }, /durability is "memory"/],
    [{ ...fit, linearizable: false }, /not linearizable/],
  ] as const)('%o', async (capabilities, message) => {
    const create = () => stand.locks({ purpose: 'correctness' }, { capabilities });
    const call = () => stand.locks({}, { capabilities }).mutex('a').tryAcquire({ purpose: 'correctness' });
    if (message === undefined) {
      create();
      await (await call())!.release();
      return;
    }
    expect(create).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED', message: expect.stringMatching(message) }),
    );
    await expect(call()).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });
});
