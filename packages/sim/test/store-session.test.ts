import { revision, type StoreEvent } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { openSimStore } from '../src/store/sim-store.ts';
import { absent, bytes, Stand } from './store-stand.ts';

describe('sessions', () => {
  test('live while they are renewed, and end with their entries once they are not', async () => {
    const stand = new Stand();
    const session = await stand.session();
    await stand.do(stand.store.put('p/mine', bytes(''), absent, { session: session.id }));
    await stand.put('p/other');
    await stand.world.advance(100_000_000);
    expect(session.lost.aborted).toBe(false);
    expect(session.remainingMs()).toBeGreaterThan(500);
    expect(await stand.keys('p')).toEqual(['p/mine', 'p/other']);
    stand.device.alive = false;
    await stand.world.advance(1_000_000);
    const other = openSimStore(stand.world.device('b'), stand.service, { clock: stand.device.clock() });
    const { entries } = await stand.do(other.list('p'));
    expect(entries.map(({ key }) => key)).toEqual(['p/other']);
  });

  test('are given up before the service ends them, on the client’s own clock', async () => {
    const stand = new Stand();
    const session = await stand.session();
    await stand.do(stand.store.put('p/mine', bytes(''), absent, { session: session.id }));
    stand.service.reachable = () => false;
    const lostAt: number[] = [];
    session.lost.addEventListener('abort', () => lostAt.push(stand.world.nowUs));
    const goneAt: number[] = [];
    for (let step = 0; step < 2000; step++) {
      await stand.world.advance(1000);
      const isThere = stand.service.read('p', partition => partition.get('p/mine')) !== undefined;
      if (!isThere && goneAt.length === 0) goneAt.push(stand.world.nowUs);
    }
    expect(lostAt.length).toBe(1);
    expect(session.lost.reason).toMatchObject({ code: 'SESSION_LOST' });
    expect(lostAt[0]).toBeLessThan(goneAt[0] as number);
    expect(goneAt[0]).toBeLessThan((lostAt[0] as number) + 100_000);
    expect(session.remainingMs()).toBe(0);
  });

  test('count from the newest renewal that got through, by when it was sent, less a margin', async () => {
    const stand = new Stand();
    Object.assign(stand.faults, { latencyMinUs: 1000, latencyMaxUs: 1000, lateChance: 1 });
    stand.world.dice.force('store.request-late', false);
    // The answer to the first renewal, of 300 ms, comes after that to the second, of 600 ms.
    stand.world.dice.force('store.answer-late', [false, true, false]);
    stand.world.dice.force('store.answer-late-us', 400_000);
    const session = await stand.session(900);
    const lostAt: number[] = [];
    session.lost.addEventListener('abort', () => lostAt.push(stand.world.nowUs));
    await stand.world.advance(650_000);
    stand.service.reachable = () => false;
    await stand.world.advance(5_000_000);
    expect(lostAt.map(Math.round)).toEqual([2000 + 600_000 + 900_000 * 0.95]);
  });

  test('count from before a renewal was sent, however late its answer', async () => {
    const stand = new Stand();
    Object.assign(stand.faults, { latencyMinUs: 1000, latencyMaxUs: 1000, lateChance: 1 });
    stand.world.dice.force('store.request-late', false);
    stand.world.dice.force('store.answer-late', [false, true]);
    stand.world.dice.force('store.answer-late-us', 290_000);
    const session = await stand.session(900);
    const lostAt: number[] = [];
    session.lost.addEventListener('abort', () => lostAt.push(stand.world.nowUs));
    await stand.world.advance(599_000);
    stand.service.reachable = () => false;
    await stand.world.advance(5_000_000);
    expect(lostAt.map(Math.round)).toEqual([2000 + 300_000 + 900_000 * 0.95]);
  });

  test('leave an entry that was written again without them', async () => {
    const stand = new Stand();
    const session = await stand.session();
    await stand.do(stand.store.put('p/a', bytes(''), absent, { session: session.id }));
    await stand.put('p/a', 'free');
    await stand.do(session[Symbol.asyncDispose]());
    expect(await stand.keys('p')).toEqual(['p/a']);
  });

  test('of a clock that runs slow are believed in for too long', async () => {
    const stand = new Stand();
    stand.device.rate = 0.5;
    const session = await stand.session();
    stand.service.reachable = () => false;
    await stand.world.advance(1_100_000);
    expect(stand.service.renewSession(session.id)).toBe(false);
    expect(session.lost.aborted).toBe(false);
    await stand.world.advance(1_000_000);
    expect(session.lost.aborted).toBe(true);
  });

  test('are given up when the wall clock says so, and not kept because it went back', async () => {
    const stand = new Stand();
    const one = await stand.session();
    stand.device.wallOffsetMs = 5000;
    expect(one.remainingMs()).toBe(0);
    expect(one.lost.aborted).toBe(true);
    const two = await stand.session();
    stand.device.wallOffsetMs = -50_000;
    stand.service.reachable = () => false;
    await stand.world.advance(1_000_000);
    expect(two.lost.aborted).toBe(true);
  });

  test('that the service has ended are lost at the next renewal', async () => {
    const stand = new Stand();
    const session = await stand.session();
    stand.service.endSession(session.id);
    expect(session.lost.aborted).toBe(false);
    await stand.world.advance(340_000);
    expect(session.lost.aborted).toBe(true);
    await expect(
      stand.do(stand.store.put('p/a', bytes(''), absent, { session: session.id })),
    ).rejects.toMatchObject({ code: 'SESSION_LOST', outcome: 'not-applied' });
  });

  test('that are disposed end at once, entries and all, and their ids are never used again', async () => {
    const stand = new Stand();
    const session = await stand.session();
    await stand.do(stand.store.put('p/b', bytes(''), absent, { session: session.id }));
    await stand.do(stand.store.put('p/a', bytes(''), absent, { session: session.id }));
    await stand.do(session[Symbol.asyncDispose]());
    const { entries, revision: after } = await stand.do(stand.store.list('p'));
    expect([entries.length, after]).toEqual([0, 4]);
    expect(session.remainingMs()).toBe(0);
    expect((await stand.session()).id).not.toBe(session.id);
  });

  test('whose opening took too long are none', async () => {
    const stand = new Stand();
    Object.assign(stand.faults, { latencyMinUs: 400_000, latencyMaxUs: 400_000 });
    await expect(stand.session(500)).rejects.toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied' });
  });

  test('may stand for a while after their time, and their entries too', async () => {
    const stand = new Stand(0, { expiryLateMaxUs: 3_000_000, sweepLateMaxUs: 3_000_000 });
    stand.world.dice.force('store.expiry', 2_000_000);
    stand.world.dice.force('store.sweep', 2_000_000);
    const session = await stand.session();
    await stand.do(stand.store.put('p/a', bytes(''), absent, { session: session.id }));
    stand.service.reachable = () => false;
    const has = (): boolean => stand.service.read('p', partition => partition.get('p/a')) !== undefined;
    await stand.world.advance(4_500_000);
    expect(has()).toBe(true);
    expect(stand.service.renewSession(session.id)).toBe(false);
    await stand.world.advance(2_000_000);
    expect(has()).toBe(false);
  });
});

describe('watches', () => {
  const watched = (stand: Stand, prefix: string, from: number, signal: AbortSignal): StoreEvent[] => {
    const events: StoreEvent[] = [];
    void (async () => {
      for await (const event of stand.store.watch(prefix, revision(from), { signal })) events.push(event);
      events.push({ type: 'resync' });
    })();
    return events;
  };
  const told = (events: readonly StoreEvent[]): string[] =>
    events.map(event =>
      event.type === 'resync' ? 'resync' : `${event.type} ${event.entry.key} ${event.revision}`,
    );

  test('tell of every change under the prefix, in order, from the past on, and end by their signal', async () => {
    const stand = new Stand();
    const controller = new AbortController();
    await stand.put('p/a/1');
    await stand.put('p/a/2');
    const events = watched(stand, 'p/a/', 1, controller.signal);
    await stand.put('p/a/1');
    await stand.put('p/b');
    await stand.world.advance(5_000_000);
    await stand.do(stand.store.delete('p/a/2', { created: revision(2) }));
    await stand.world.advance(5_000_000);
    expect(told(events)).toEqual(['put p/a/2 2', 'put p/a/1 3', 'delete p/a/2 5']);
    controller.abort();
    await stand.world.advance(1);
    // The loop has ended by itself.
    expect(told(events).at(-1)).toBe('resync');
  });

  test('go on after the service could not be reached, and miss nothing', async () => {
    const stand = new Stand();
    const events = watched(stand, 'p', 0, new AbortController().signal);
    await stand.world.advance(10_000);
    stand.service.reachable = node => node !== 'a';
    const other = openSimStore(stand.world.device('b'), stand.service, { clock: stand.device.clock() });
    await stand.do(other.put('p/x', bytes(''), absent));
    await stand.world.advance(10_000_000);
    expect(events).toEqual([]);
    stand.service.reachable = () => true;
    await stand.world.advance(1_000_000);
    expect(told(events)).toEqual(['put p/x 1']);
  });

  test('say so where changes are forgotten, and go on from there', async () => {
    const stand = new Stand(0, { changesMax: 2 });
    for (let count = 0; count < 9; count++) await stand.put('p/x', `${count}`);
    const events = watched(stand, 'p', 0, new AbortController().signal);
    await stand.world.advance(10_000);
    await stand.put('p/x');
    await stand.world.advance(10_000);
    expect(told(events)).toEqual(['resync', 'put p/x 10']);
  });

  test('may miss changes, and say so', async () => {
    const stand = new Stand();
    stand.faults.resyncChance = 0.5;
    stand.world.dice.force('store.resync', [true, false]);
    const events = watched(stand, 'p', 0, new AbortController().signal);
    await stand.put('p/a');
    await stand.world.advance(10_000);
    await stand.put('p/b');
    await stand.world.advance(10_000);
    expect(told(events)).toEqual(['resync', 'put p/b 2']);
  });

  test('tell of the end of a session, entry by entry in order of creation', async () => {
    const stand = new Stand();
    const events = watched(stand, 'p', 0, new AbortController().signal);
    const session = await stand.session();
    const owned = { session: session.id };
    await stand.do(stand.store.put('p/a', bytes(''), absent, owned));
    await stand.do(stand.store.put('p/b', bytes(''), absent, owned));
    await stand.do(stand.store.put('p/a', bytes(''), { modified: revision(1) }, owned));
    await stand.do(session[Symbol.asyncDispose]());
    await stand.world.advance(10_000);
    expect(told(events).slice(3)).toEqual(['delete p/a 4', 'delete p/b 5']);
  });
});
