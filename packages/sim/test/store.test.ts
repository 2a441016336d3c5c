import { type Condition, type OperationId, revision, type Session, sessionId } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { openSimStore } from '../src/store/sim-store.ts';
import { absent, bytes, Stand, textOf } from './store-stand.ts';

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
  });

  test('of a session are remembered one at a time, and those that come later under a smaller number refused', async () => {
    const stand = new Stand();
    const session = await stand.session(60_000);
    const add = (sequence: number) =>
      stand.do(stand.store.add('p/n', 5n, { operation: { session: session.id, sequence } }));
    expect(await add(2)).toMatchObject({ value: 5n });
    expect(await add(5)).toMatchObject({ value: 10n });
    expect(await add(2)).toMatchObject({
      outcome: 'unknown',
      cause: { code: 'OPERATION_SUPERSEDED', outcome: 'unknown', retryable: false },
    });
    expect(await add(5)).toMatchObject({ value: 10n });
  });

  test('that were refused left nothing, and are judged anew', async () => {
    const stand = new Stand();
    const operation = counter(await stand.session(60_000))();
    const put = () => stand.do(stand.store.put('p/a', bytes(''), absent, { operation }));
    await stand.put('p/a');
    expect(await put()).toMatchObject({ outcome: 'not-applied' });
    await stand.do(stand.store.delete('p/a', { modified: revision(1) }));
    expect(await put()).toMatchObject({ outcome: 'applied', revision: 3 });
  });

  test('are answered as the first time also where the session that their entry names is dead by now', async () => {
    const stand = new Stand();
    const owner = await stand.session();
    const operation = counter(await stand.session(60_000))();
    const put = () => stand.do(stand.store.put('p/a', bytes(''), absent, { operation, session: owner.id }));
    const first = await put();
    await stand.do(owner[Symbol.asyncDispose]());
    expect(await put()).toEqual(first);
  });

  test('are remembered as long as their session lives, and refused afterwards', async () => {
    const stand = new Stand();
    const session = await stand.session();
    const operation = counter(session)();
    await stand.do(stand.store.add('p/n', 1n, { operation }));
    await stand.world.advance(60_000_000);
    expect(await stand.do(stand.store.add('p/n', 1n, { operation }))).toMatchObject({ value: 1n });
    await stand.do(session[Symbol.asyncDispose]());
    expect(await stand.do(stand.store.add('p/n', 1n, { operation }))).toMatchObject({
      outcome: 'unknown',
      cause: { code: 'SESSION_LOST', outcome: 'unknown' },
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
    const most = 2n ** 63n - 1n;
    const result = await stand.do(stand.store.add('p/n', most, { operation: operation() }));
    expect(result).toMatchObject({ value: most - 3n });
    await expect(stand.do(stand.store.add('p/n', 4n, { operation: operation() }))).rejects.toThrow(
      'must fit a signed 64-bit integer',
    );
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
    expect(await stand.do(late)).toMatchObject({
      outcome: 'unknown',
      cause: { code: 'DEADLINE_EXCEEDED', outcome: 'unknown' },
    });
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
    expect(await writing).toMatchObject({
      outcome: 'unknown',
      cause: { code: 'ABORTED', outcome: 'unknown' },
    });
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

test('closing ends a session, too, whose opening is on its way', async () => {
  const stand = new Stand();
  const opening = stand.store.session({ ttlMs: 1000 });
  // It may be refused while the store closes, before anybody looks.
  opening.catch(() => {});
  await stand.do(stand.store[Symbol.asyncDispose]());
  await expect(stand.do(opening)).rejects.toMatchObject({ code: 'CLOSED', outcome: 'not-applied' });
  expect(stand.service.isAlive(sessionId('s1'))).toBe(false);
});
