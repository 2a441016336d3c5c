import type { StoreFaults } from '@quorate/conformance';
import { seededRandom } from '@quorate/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Lock } from '../src/index.ts';
import { StationTable } from '../src/station-table.ts';
import { aloneRule } from '../src/ticket-rule.ts';
import { Stand, turn } from './stand.ts';

let stand: Stand;
beforeEach(() => {
  stand = new Stand();
});
afterEach(async () => {
  await stand.close();
  expect(stand.clock.timerCount).toBe(0);
});

describe('a mutex', () => {
  test('is held until it is released, under a fence that grows', async () => {
    const [one, other] = [stand.locks().mutex('a'), stand.locks().mutex('a')];
    const first = await one.acquire();
    first.assertHeld();
    expect(first.remainingMs()).toBeGreaterThan(900);
    expect(await other.tryAcquire()).toBeUndefined();
    await first.release();
    expect(first.remainingMs()).toBe(0);
    expect(() => first.assertHeld()).toThrow(expect.objectContaining({ code: 'NOT_OWNER' }));
    await first.release();
    const second = await other.tryAcquire();
    expect(second!.fence).toBeGreaterThan(first.fence);
    expect(second!.fence % 1024n).toBe(0n);
    await second!.release();
    expect(await stand.entries('lock.mutex.a')).toEqual([]);
  });

  test('goes from process to process in the order of asking', async () => {
    const held = await stand.locks().mutex('a').acquire();
    const order: number[] = [];
    const all = [];
    for (let index = 0; index < 5; index++) {
      all.push(
        stand
          .locks()
          .mutex('a')
          .run(() => void order.push(index)),
      );
      await turn();
    }
    await held.release();
    await Promise.all(all);
    expect(order).toEqual([0, 1, 2, 3, 4]);
  });

  test('costs one call each way where nobody else wants it', async () => {
    const sent: string[] = [];
    const mutex = stand.locks({}, { sent }).mutex('a');
    await mutex.run(() => {});
    await mutex.run(() => {});
    expect(sent).toEqual(['session', 'enqueue', 'delete', 'enqueue', 'delete']);
  });

  test('is told who goes before by nobody but the one before: the others hear and send nothing', async () => {
    const sent: string[] = [];
    const held = await stand.locks().mutex('a').acquire();
    const next = stand.locks().mutex('a').acquire();
    await turn();
    const last = stand.locks({}, { sent }).mutex('a').acquire();
    await stand.pass(900);
    expect(sent).toEqual(['session', 'enqueue']);
    await held.release();
    const second = await next;
    await turn();
    expect(sent).toEqual(['session', 'enqueue']);
    await second.release();
    await (await last).release();
    expect(sent).toEqual(['session', 'enqueue', 'list', 'delete']);
  });

  test('names do not meet, whatever is in them', async () => {
    const locks = stand.locks();
    const names = ['', '/', '%', '%2F', '\0', '%00', 'a.b', 'ä', '日本', 'mutex', '..'];
    const held = await Promise.all(names.map(name => locks.mutex(name).tryAcquire()));
    expect(held.every(lock => lock !== undefined)).toBe(true);
    expect(() => locks.mutex('\ud800')).toThrow(RangeError);
    expect(() => locks.mutex('x'.repeat(901))).toThrow(RangeError);
    expect(() => locks.mutex(7 as unknown as string)).toThrow(TypeError);
  });

  test.each([
    ['whose watch is muted', { watch: 'muted' }],
    ['whose watch says nothing but resync', { watch: 'resync' }],
    ['without enqueue', { without: ['enqueue'] }],
    ['whose answers get lost', { lost: 0.5, random: seededRandom(7) }],
    ['that cannot always be reached', { lost: 0.2, refused: 0.2, random: seededRandom(8) }],
  ] as [string, StoreFaults][])('works on a store %s', async (_, faults) => {
    const managers = Array.from({ length: 4 }, () => stand.locks({}, faults));
    const held = new Set<Lock>();
    let fence = 0n;
    const use = async (index: number): Promise<void> => {
      for (let round = 0; round < 5; ) {
        try {
          await managers[index]!.mutex('a').run(async lock => {
            expect(held.size).toBe(0);
            held.add(lock);
            expect(lock.fence).toBeGreaterThan(fence);
            fence = lock.fence;
            await turn();
            held.delete(lock);
          });
          round++;
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied' });
        }
      }
    };
    await stand.until(Promise.all([0, 1, 2, 3].map(use)));
    await stand.pass(3000);
    expect(await stand.entries('lock.mutex.a')).toEqual([]);
  });
});

test('a session has one operation under way for each name, so that none is forgotten before its answer is known', async () => {
  const sent: string[] = [];
  const locks = stand.locks({}, { lost: 0.5, random: seededRandom(9), sent });
  const semaphore = locks.semaphore('s', 8);
  for (let round = 0; round < 10; round++) {
    const held = await stand.until(Promise.all(Array.from({ length: 8 }, () => semaphore.acquire())));
    await stand.until(Promise.all(held.map(permit => permit.release())));
  }
  expect(sent.filter(call => call === 'session')).toHaveLength(1);
  expect(await stand.entries('lock.semaphore.s')).toEqual([]);
});

describe('within a process', () => {
  test('it is handed on without the store, each time under a fence of its own, and then yielded', async () => {
    const sent: string[] = [];
    const mutex = stand.locks({ handOff: { max: 3, ms: 1000 } }, { sent }).mutex('a');
    const held = await mutex.acquire();
    const order: string[] = [];
    const fences: bigint[] = [];
    const all = Array.from({ length: 6 }, (_, index) =>
      mutex.run(lock => {
        order.push(`own ${index}`);
        fences.push(lock.fence - held.fence);
      }),
    );
    const other = stand
      .locks()
      .mutex('a')
      .run(() => void order.push('other'));
    await turn();
    sent.length = 0;
    await held.release();
    await Promise.all([...all, other]);
    expect(order).toEqual(['own 0', 'own 1', 'own 2', 'other', 'own 3', 'own 4', 'own 5']);
    expect(fences.slice(0, 3)).toEqual([1n, 2n, 3n]);
    expect(fences[3]).toBeGreaterThanOrEqual(1024n);
    expect(sent.filter(call => call === 'enqueue')).toHaveLength(1);
  });

  test('it is not yielded where nobody else waits, but for a fresh entry when the numbers run out', async () => {
    const sent: string[] = [];
    const mutex = stand.locks({}, { sent }).mutex('a');
    const fences: bigint[] = [];
    await Promise.all(Array.from({ length: 3000 }, () => mutex.run(lock => void fences.push(lock.fence))));
    expect(fences).toEqual([...fences].sort((one, other) => (one < other ? -1 : 1)));
    expect(new Set(fences).size).toBe(3000);
    expect(sent.filter(call => call === 'enqueue')).toHaveLength(3);
  });

  test('10,000 who give up at head, middle and tail leave nothing behind', async () => {
    const held = await stand.locks().mutex('a').acquire();
    const mutex = stand.locks().mutex('a');
    const waiting = Array.from({ length: 10_000 }, () => {
      const controller = new AbortController();
      const outcome = mutex.acquire({ signal: controller.signal }).then(
        lock => lock,
        (thrown: unknown) => thrown,
      );
      return { controller, outcome };
    });
    await turn();
    const survivors = [5, 5001, 9998];
    const order = [0, 9999, 5000, ...waiting.keys()];
    for (const index of order) if (!survivors.includes(index)) waiting[index]!.controller.abort();
    const granted: number[] = [];
    await held.release();
    for (const [index, { outcome }] of waiting.entries()) {
      if (!survivors.includes(index)) {
        expect(await outcome).toMatchObject({ code: 'ABORTED', outcome: 'not-applied' });
        continue;
      }
      granted.push(index);
      await ((await outcome) as Lock).release();
    }
    expect(granted).toEqual(survivors);
    expect(await stand.entries('lock.mutex.a')).toEqual([]);
  });

  test('1,000 processes that give up in line leave nothing behind, and hold nobody up', async () => {
    const held = await stand.locks().mutex('a').acquire();
    const waiting = [];
    for (let index = 0; index < 1000; index++) {
      const controller = new AbortController();
      const outcome = stand.locks().mutex('a').acquire({ signal: controller.signal });
      outcome.catch(() => {});
      waiting.push({ controller, outcome });
    }
    await turn();
    for (const [index, { controller }] of waiting.entries()) if (index !== 500) controller.abort();
    await turn();
    expect(await stand.entries('lock.mutex.a')).toHaveLength(2);
    await held.release();
    await (await waiting[500]!.outcome).release();
    expect(await stand.entries('lock.mutex.a')).toEqual([]);
  });
});

describe('a wait that is given up', () => {
  test('by its deadline', async () => {
    const held = await stand.locks().mutex('a').acquire();
    const waiting = stand.locks().mutex('a').acquire({ deadlineMs: 300 });
    waiting.catch(() => {});
    await stand.pass(300);
    await expect(waiting).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', outcome: 'not-applied' });
    expect(await stand.entries('lock.mutex.a')).toHaveLength(1);
    await held.release();
  });

  test('before it began', async () => {
    const mutex = stand.locks().mutex('a');
    await expect(mutex.acquire({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(mutex.acquire({ deadlineMs: 0 })).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    await expect(mutex.acquire({ deadlineMs: -1 })).rejects.toBeInstanceOf(RangeError);
    await expect(mutex.acquire({ ttlMs: 1 })).rejects.toBeInstanceOf(RangeError);
    expect(await stand.entries('lock.mutex.a')).toEqual([]);
  });

  test('in whichever moment of an attempt', async () => {
    const mutex = stand.locks().mutex('a');
    await mutex.run(() => {});
    for (let step = 0; step < 60; step++) {
      const controller = new AbortController();
      const trying = mutex.tryAcquire({ signal: controller.signal }).catch(() => undefined);
      for (let index = 0; index < step; index++) await Promise.resolve();
      controller.abort();
      await (await trying)?.release();
      await turn();
      expect(await stand.entries('lock.mutex.a')).toEqual([]);
    }
  });

  test('while its entry is made, and though its answer is lost', async () => {
    const faults: StoreFaults = { lost: 1, random: seededRandom(3) };
    const mutex = stand.locks({}, faults).mutex('a');
    const waiting = mutex.acquire({ deadlineMs: 100 });
    waiting.catch(() => {});
    await stand.pass(200);
    await expect(waiting).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    faults.lost = 0;
    await stand.pass(2000);
    expect(await stand.entries('lock.mutex.a')).toEqual([]);
    await (await mutex.acquire()).release();
  });
});

test('names come and go, and what is known of them does not grow', async () => {
  const locks = stand.locks();
  const early = locks.mutex('early');
  const held = await locks.mutex('held').acquire();
  await early.run(() => {});
  for (let index = 0; index < 3000; index++) await locks.mutex(`${index}`).run(() => {});
  expect(await locks.mutex('held').tryAcquire()).toBeUndefined();
  const again = await locks.mutex('early').acquire();
  expect(await early.tryAcquire()).toBeUndefined();
  await again.release();
  await held.release();
  const table = new StationTable({ tickets: { plain: {} } } as never);
  const kind = { text: '', rule: aloneRule, ticketsMax: 1, pendingMax: 1, isShared: false };
  for (let index = 0; index < 10_000; index++) table.find('', { ...kind, partition: `${index}` }, 1000, '');
  expect(table.size).toBeLessThanOrEqual(1024);
});
