import {
  type Condition,
  type Entry,
  type OperationId,
  revision,
  type Session,
  type Store,
  type StoreEvent,
} from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { openSimStore, SimStoreService, type SimStoreOptions } from '../src/store/sim-store.ts';
import type { SimStoreServiceOptions } from '../src/store/sim-store-service.ts';
import { type ManualDevice, ManualWorld } from './manual-device.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (entry: Entry | undefined): string | undefined =>
  entry && new TextDecoder().decode(entry.value);
const absent = { absent: true } as const;

type Faults = { -readonly [Key in keyof SimStoreOptions]: SimStoreOptions[Key] };

/** A service and a client of it. */
class Stand {
  readonly world: ManualWorld;
  readonly service: SimStoreService;
  readonly device: ManualDevice;
  readonly faults: Faults;
  readonly store: Store & Required<Pick<Store, 'enqueue' | 'add' | 'batch'>>;

  constructor(seed = 0, options: SimStoreServiceOptions = {}) {
    this.world = new ManualWorld(seed);
    this.service = new SimStoreService(this.world.device('store'), options);
    this.device = this.world.device('a');
    this.faults = { clock: this.device.clock() };
    this.store = openSimStore(this.device, this.service, this.faults) as typeof this.store;
  }

  do<Result>(call: PromiseLike<Result>): Promise<Result> {
    return this.world.until(call);
  }

  async put(key: string, value = ''): Promise<number> {
    const current = await this.do(this.store.get(key));
    const condition = current === undefined ? absent : { modified: current.modified };
    const result = await this.do(this.store.put(key, bytes(value), condition));
    return result.outcome === 'applied' ? result.revision : -1;
  }

  async keys(prefix: string, options: Parameters<Store['list']>[1] = {}): Promise<string[]> {
    const { entries } = await this.do(this.store.list(prefix, options));
    return entries.map(({ key }) => key);
  }

  session(ttlMs = 1000): Promise<Session> {
    return this.do(this.store.session({ ttlMs }));
  }
}

/** Ids of one session's mutations. */
function counter(session: Session): () => OperationId {
  let sequence = 0;
  return () => ({ session: session.id, sequence: ++sequence });
}

describe('writes', () => {
  test('take effect under their condition, and say what stands there instead', async () => {
    const { store, world } = new Stand();
    const first = await world.until(store.put('p/a', bytes('1'), absent));
    expect(first).toMatchObject({ outcome: 'applied', revision: 1, entry: { created: 1, modified: 1 } });
    const second = await world.until(store.put('p/a', bytes('2'), absent));
    expect(second).toMatchObject({ outcome: 'not-applied', current: { key: 'p/a', modified: 1 } });
    const third = await world.until(store.put('p/a', bytes('3'), { modified: revision(1) }));
    expect(third).toMatchObject({ outcome: 'applied', revision: 2, entry: { created: 1, modified: 2 } });
    const stale = { modified: revision(1) };
    expect(await world.until(store.delete('p/a', stale))).toMatchObject({ outcome: 'not-applied' });
    const gone = await world.until(store.delete('p/a', { created: revision(1) }));
    expect(gone).toMatchObject({ outcome: 'applied', revision: 3, entry: { modified: 2 } });
    const never = await world.until(store.delete('p/a', { created: revision(1) }));
    expect(never).toEqual({ outcome: 'not-applied' });
    expect(await world.until(store.get('p/a'))).toBeUndefined();
    const again = await world.until(store.put('p/a', bytes('4'), absent));
    expect(again).toMatchObject({ revision: 4, entry: { created: 4 } });
  });

  test('of partitions have revisions of their own', async () => {
    const stand = new Stand();
    expect([await stand.put('one/a'), await stand.put('one/b'), await stand.put('two/a')]).toEqual([1, 2, 1]);
  });

  test('share no bytes with anybody', async () => {
    const stand = new Stand();
    const value = bytes('mine');
    const writing = stand.store.put('p/a', value, absent);
    value.fill(0);
    const result = await stand.do(writing);
    if (result.outcome === 'applied') result.entry.value.fill(0);
    (await stand.do(stand.store.get('p/a')))?.value.fill(0);
    expect(textOf(await stand.do(stand.store.get('p/a')))).toBe('mine');
  });

  test('in a batch happen together or not at all', async () => {
    const stand = new Stand();
    await stand.put('p/a', '1');
    await stand.put('p/gone', '1');
    const writes = [
      { type: 'put' as const, key: 'p/a', value: bytes('2') },
      { type: 'put' as const, key: 'p/b', value: bytes('2') },
      { type: 'delete' as const, key: 'p/gone' },
    ];
    const conditions = new Map<string, Condition>([
      ['p/a', { modified: revision(1) }],
      ['p/b', absent],
    ]);
    expect(await stand.do(stand.store.batch(conditions, writes))).toEqual({
      outcome: 'applied',
      revision: 3,
    });
    expect(await stand.do(stand.store.batch(conditions, writes))).toMatchObject({
      outcome: 'not-applied',
      key: 'p/a',
      current: { modified: 3 },
    });
    expect(await stand.keys('p')).toEqual(['p/a', 'p/b']);
    const split = [...writes, { type: 'delete' as const, key: 'q/a' }];
    await expect(stand.store.batch(new Map(), split)).rejects.toThrow(
      'Keys of a batch must lie in one partition: received "p/a" and "q/a"',
    );
  });

  test('bad arguments are refused before anything is sent', async () => {
    const { store, world } = new Stand(0, { valueMaxBytes: 3 });
    await expect(store.put('p/a', bytes('four'), absent)).rejects.toThrow(
      new RangeError('Value of "p/a" must be at most 3 bytes: received 4'),
    );
    await expect(store.put('/a', bytes(''), absent)).rejects.toThrow(RangeError);
    await expect(store.put('p/a', bytes(''), {} as never)).rejects.toThrow(TypeError);
    await expect(store.delete('p/a', absent)).rejects.toThrow(RangeError);
    await expect(store.list('p', { limit: 0 })).rejects.toThrow(RangeError);
    await expect(store.session({ ttlMs: 1 })).rejects.toThrow('Time to live in ms must be from 100');
    await expect(store.add?.('p/n', 1n, {} as never)).rejects.toThrow(TypeError);
    expect(world.pendingCount).toBe(0);
  });
});

describe('lists', () => {
  test('are in order of creation, of one partition, and can be cut', async () => {
    const stand = new Stand();
    for (const key of ['p/c', 'p/a', 'pp/x', 'p/b', 'p/a']) await stand.put(key);
    expect(await stand.keys('p')).toEqual(['p/c', 'p/a', 'p/b']);
    expect(await stand.keys('p/', { newestFirst: true })).toEqual(['p/b', 'p/a', 'p/c']);
    expect(await stand.keys('p/', { newestFirst: true, limit: 2 })).toEqual(['p/b', 'p/a']);
    expect(await stand.keys('p/', { createdBefore: revision(3) })).toEqual(['p/c', 'p/a']);
    expect(await stand.keys('p/', { createdBefore: revision(3), newestFirst: true, limit: 1 })).toEqual([
      'p/a',
    ]);
    expect(await stand.keys('p/a')).toEqual(['p/a']);
    expect((await stand.do(stand.store.list('p'))).revision).toBe(4);
  });
});

describe('queues', () => {
  test('an entry learns who stands before it', async () => {
    const stand = new Stand();
    const session = await stand.session(60_000);
    const enqueue = (text: string) =>
      stand.do(stand.store.enqueue('lock/a/', bytes(text), { session: session.id }));
    const first = await enqueue('first');
    const second = await enqueue('second');
    const third = await enqueue('third');
    if (first.outcome !== 'applied' || second.outcome !== 'applied' || third.outcome !== 'applied')
      throw new Error();
    expect(first.head).toEqual(first.self);
    expect(first.predecessor).toBeUndefined();
    expect(second.predecessor).toEqual(first.self);
    expect(third).toMatchObject({
      head: first.self,
      predecessor: second.self,
      self: { session: session.id },
    });
    expect(await stand.keys('lock/a/')).toEqual([first.self.key, second.self.key, third.self.key]);
  });
});

describe('operations', () => {
  test('that are repeated take effect once and are answered as the first time', async () => {
    const stand = new Stand();
    const session = await stand.session(60_000);
    const operation = { session: session.id, sequence: 1 };
    const adds = [1, 2, 3].map(() => stand.store.add('p/n', 5n, { operation }));
    for (const add of adds)
      expect(await stand.do(add)).toEqual({ outcome: 'applied', value: 5n, revision: 1 });
    const put = { operation: { session: session.id, sequence: 2 } };
    const first = await stand.do(stand.store.put('p/a', bytes('1'), absent, put));
    await stand.put('p/a', 'other');
    expect(await stand.do(stand.store.put('p/a', bytes('1'), absent, put))).toEqual(first);
    expect(textOf(await stand.do(stand.store.get('p/a')))).toBe('other');
    await expect(stand.do(stand.store.delete('p/a', { modified: revision(1) }, put))).rejects.toThrow(
      RangeError,
    );
  });

  test('are remembered as long as their session lives, and refused afterwards', async () => {
    const stand = new Stand();
    const session = await stand.session();
    const operation = counter(session)();
    await stand.do(stand.store.add('p/n', 1n, { operation }));
    await stand.world.advance(60_000_000);
    expect(await stand.do(stand.store.add('p/n', 1n, { operation }))).toMatchObject({ value: 1n });
    await stand.do(session[Symbol.asyncDispose]());
    await expect(stand.do(stand.store.add('p/n', 1n, { operation }))).rejects.toMatchObject({
      code: 'SESSION_LOST',
      outcome: 'unknown',
    });
  });

  test('add only to what is a number', async () => {
    const stand = new Stand();
    await stand.put('p/n', 'words');
    const operation = counter(await stand.session(60_000));
    await expect(stand.do(stand.store.add('p/n', 1n, { operation: operation() }))).rejects.toThrow(
      RangeError,
    );
    await stand.put('p/n', '-3');
    const result = await stand.do(stand.store.add('p/n', 10n ** 30n, { operation: operation() }));
    expect(result).toMatchObject({ value: 10n ** 30n - 3n });
  });
});

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

describe('links that fail', () => {
  test('a lost request is unknown, and did not happen', async () => {
    const stand = new Stand();
    stand.faults.requestLossChance = 1;
    const result = await stand.do(stand.store.put('p/a', bytes(''), absent));
    expect(result).toMatchObject({ outcome: 'unknown', cause: { code: 'UNAVAILABLE', outcome: 'unknown' } });
    stand.faults.requestLossChance = 0;
    expect(await stand.do(stand.store.get('p/a'))).toBeUndefined();
  });

  test('a lost answer is unknown, and it did happen', async () => {
    const stand = new Stand();
    stand.faults.answerLossChance = 1;
    expect(await stand.do(stand.store.put('p/a', bytes(''), absent))).toMatchObject({ outcome: 'unknown' });
    stand.faults.answerLossChance = 0;
    expect(await stand.do(stand.store.get('p/a'))).toBeDefined();
  });

  test('what is lost of a read is certain: it may be asked again', async () => {
    const stand = new Stand();
    stand.faults.answerLossChance = 1;
    const lost = { code: 'UNAVAILABLE', outcome: 'not-applied', retryable: true };
    await expect(stand.do(stand.store.get('p/a'))).rejects.toMatchObject(lost);
    await expect(stand.do(stand.store.list('p'))).rejects.toMatchObject(lost);
    await expect(stand.session()).rejects.toMatchObject(lost);
  });

  test('a refused connection is certain', async () => {
    const stand = new Stand();
    stand.faults.refusedChance = 1;
    const certain = { code: 'UNAVAILABLE', outcome: 'not-applied', retryable: true };
    await expect(stand.do(stand.store.put('p/a', bytes(''), absent))).rejects.toMatchObject(certain);
    stand.faults.refusedChance = 0;
    expect(await stand.put('p/a')).toBe(1);
  });

  test('behind a partition the first write is unknown, and those after it are certain until it heals', async () => {
    const stand = new Stand();
    stand.service.reachable = node => node !== 'a';
    const fromUs = stand.world.nowUs;
    expect(await stand.do(stand.store.put('p/a', bytes(''), absent))).toMatchObject({ outcome: 'unknown' });
    expect(stand.world.nowUs - fromUs).toBe(1_000_000);
    await expect(stand.do(stand.store.put('p/a', bytes(''), absent))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    stand.service.reachable = () => true;
    expect(await stand.put('p/a')).toBe(1);
  });

  test('a partition between a request and its answer leaves it unknown', async () => {
    const stand = new Stand();
    Object.assign(stand.faults, { latencyMinUs: 1000, latencyMaxUs: 1000 });
    const writing = stand.store.put('p/a', bytes(''), absent);
    await stand.world.advance(500);
    stand.service.reachable = () => false;
    expect(await stand.do(writing)).toMatchObject({ outcome: 'unknown' });
    expect(stand.service.read('p', partition => partition.revision)).toBe(0);
  });

  test('a request may take effect long after its caller gave up', async () => {
    const stand = new Stand();
    stand.faults.lateChance = 1;
    stand.world.dice.force('store.request-late-us', 4_000_000);
    const late = stand.store.put('p/a', bytes('late'), absent, { deadlineMs: 100 });
    await expect(stand.do(late)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', outcome: 'unknown' });
    const unknown = await stand.do(stand.store.put('p/b', bytes('late'), absent));
    expect(unknown).toMatchObject({ outcome: 'unknown' });
    stand.faults.lateChance = 0;
    expect(await stand.keys('p')).toEqual([]);
    await stand.world.advance(6_000_000);
    expect(await stand.keys('p')).toEqual(['p/a', 'p/b']);
  });

  test('an answer that comes after the client gave up changes nothing', async () => {
    const stand = new Stand();
    stand.faults.lateChance = 1;
    stand.world.dice.force('store.request-late-us', 0);
    stand.world.dice.force('store.answer-late-us', 4_000_000);
    expect(await stand.do(stand.store.put('p/a', bytes(''), absent))).toMatchObject({ outcome: 'unknown' });
    expect(stand.world.nowUs).toBeLessThan(1_100_000);
    await stand.world.advance(10_000_000);
  });

  test('waits end by their signal and deadline, and nothing is sent where they are over before', async () => {
    const stand = new Stand();
    const signal = AbortSignal.abort();
    await expect(stand.store.put('p/a', bytes(''), absent, { signal })).rejects.toMatchObject({
      code: 'ABORTED',
      outcome: 'not-applied',
    });
    await expect(stand.store.put('p/a', bytes(''), absent, { deadlineMs: 0 })).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      outcome: 'not-applied',
    });
    await stand.world.advance(1_000_000);
    expect(await stand.do(stand.store.get('p/a'))).toBeUndefined();
    const controller = new AbortController();
    const writing = stand.store.put('p/a', bytes(''), absent, { signal: controller.signal });
    controller.abort();
    await expect(writing).rejects.toMatchObject({ code: 'ABORTED', outcome: 'unknown' });
    await stand.world.advance(1_000_000);
    expect(await stand.do(stand.store.get('p/a'))).toBeDefined();
  });
});

test('a client that crashed sends nothing more, and what it had sent still arrives', async () => {
  const stand = new Stand();
  void stand.store.put('p/sent', bytes(''), absent);
  stand.device.alive = false;
  void stand.store.put('p/ghost', bytes(''), absent);
  await stand.world.advance(5_000_000);
  const other = openSimStore(stand.world.device('b'), stand.service, { clock: stand.device.clock() });
  const { entries } = await stand.do(other.list('p'));
  expect(entries.map(({ key }) => key)).toEqual(['p/sent']);
});

test('closing ends the sessions and refuses what comes later', async () => {
  const stand = new Stand();
  const session = await stand.session();
  await stand.do(stand.store[Symbol.asyncDispose]());
  expect(session.lost.aborted).toBe(true);
  expect(stand.service.renewSession(session.id)).toBe(false);
  await expect(stand.store.get('p/a')).rejects.toMatchObject({ code: 'CLOSED', outcome: 'not-applied' });
});
