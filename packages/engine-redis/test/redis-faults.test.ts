import { ManualClock, QuorateError, type Store } from '@quorate/core';
import { skipReason } from '@quorate/servers';
import type { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { RedisStand } from './redis-stand.ts';

const reason = skipReason('redis');
const absent = { absent: true } as const;
const waiting = { timeout: 20_000, interval: 10 };

let stand: RedisStand;
let raw: Redis;
let store: Store;

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** What a call is refused with. */
async function refusal(call: Promise<unknown>): Promise<QuorateError> {
  const thrown = await call.then(
    result => new Error(`Not refused: ${JSON.stringify(result)}`),
    (error: unknown) => error,
  );
  if (!(thrown instanceof QuorateError)) throw thrown;
  return thrown;
}

/** The value of a key as the server has it, asked for beside the store. */
async function valueOf(key: string): Promise<string | undefined> {
  const record = await raw.hget('quorate:{p}', key);
  return record
    ?.split(' ')
    .at(-1)
    ?.replace(/^[0-9a-f]{32}/, '');
}

describe.skipIf(reason !== undefined)('faults (needs redis-server)', () => {
  beforeEach(async () => {
    stand = await RedisStand.start({ appendfsync: 'always', args: ['--enable-debug-command', 'local'] });
    raw = stand.client();
    store = await stand.open();
  });
  afterEach(() => stand[Symbol.asyncDispose]());

  test('an addition whose answer is lost counts once, however often it is repeated', async () => {
    const { id } = await store.session({ ttlMs: 60_000 });
    const proxy = stand.proxyOf(store);
    // The server has the script then, so that it need not say that it lacks it to a client that hears nothing.
    await store.add!('other/n', 1n, { operation: { session: id, sequence: 1 } });
    for (let sequence = 1; sequence <= 10; sequence++) {
      const add = (): ReturnType<NonNullable<Store['add']>> =>
        store.add!('p/n', 1n, { operation: { session: id, sequence } });
      await vi.waitFor(() => store.get('p/n'), waiting);
      proxy.mute('toClient');
      const lost = add();
      await vi.waitFor(async () => expect(await valueOf('p/n')).toBe(`${sequence}`), waiting);
      proxy.cut();
      expect(await lost).toMatchObject({
        outcome: 'unknown',
        cause: { code: 'UNAVAILABLE', outcome: 'unknown' },
      });
      const down = await refusal(add());
      expect(down).toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied', retryable: true });
      proxy.heal();
      const known = await vi.waitFor(add, waiting);
      expect(known).toMatchObject({ outcome: 'applied', value: BigInt(sequence) });
    }
    expect(await valueOf('p/n')).toBe('10');
  });

  test('a write without an operation is never sent again by itself', async () => {
    const first = await store.put('p/a', bytes('0'), absent);
    if (first.outcome !== 'applied') throw new Error('Not applied');
    const proxy = stand.proxyOf(store);
    proxy.mute('toClient');
    const lost = store.put('p/a', bytes('1'), { created: first.revision });
    await vi.waitFor(async () => expect(await valueOf('p/a')).toBe('1'), waiting);
    const before = await raw.hget('quorate:{p}', 'p/a');
    proxy.cut();
    expect(await lost).toMatchObject({ outcome: 'unknown' });
    proxy.heal();
    // Whatever was kept to be sent again would have come before this answer, on the same connection.
    await vi.waitFor(() => store.get('p/a'), waiting);
    expect(await raw.hget('quorate:{p}', 'p/a')).toBe(before);
  });

  test('a request of a dead session that comes late leaves nothing behind', async () => {
    const other = await stand.open();
    const session = await store.session({ ttlMs: 4000 });
    const { id } = session;
    await store.put('p/before', bytes(''), absent, { session: id });
    const proxy = stand.proxyOf(store);
    proxy.mute('toServer');
    const sent = proxy.bytesOf('toServer');
    const late = store.put('p/late', bytes(''), absent, { session: id });
    const queued = store.enqueue!('p/q/', bytes(''), { session: id });
    await proxy.reaches('toServer', sent);
    await other.observe(id);
    await vi.waitFor(async () => expect((await other.list('p/')).entries).toEqual([]), waiting);
    proxy.heal();
    const refusals = await Promise.all([refusal(late), refusal(queued)]);
    for (const error of refusals)
      expect(error).toMatchObject({ code: 'SESSION_LOST', outcome: 'not-applied' });
    expect((await other.list('p/')).entries).toEqual([]);
  });

  test('half a command that is cut off takes no effect, and its outcome is unknown', async () => {
    const proxy = stand.proxyOf(store);
    await store.put('p/a', bytes('0'), absent);
    proxy.mute('toServer');
    const sent = proxy.bytesOf('toServer');
    const lost = store.put('p/b', new Uint8Array(1_000_000), absent);
    await proxy.reaches('toServer', sent);
    proxy.cut();
    expect(await lost).toMatchObject({ outcome: 'unknown' });
    expect(await valueOf('p/b')).toBeUndefined();
  });

  test('while the server is stopped calls settle by their deadline, and are resolved afterwards', async () => {
    const session = await store.session({ ttlMs: 60_000 });
    const operation = { session: session.id, sequence: 1 };
    await store.add!('p/n', 5n, { operation });
    stand.server.pause();
    const again = { session: session.id, sequence: 2 };
    const [added, put, got] = await Promise.all([
      store.add!('p/n', 5n, { operation: again, deadlineMs: 200 }),
      store.put('p/a', bytes(''), absent, { deadlineMs: 200 }),
      refusal(store.get('p/n', { deadlineMs: 200 })),
    ]);
    expect(added).toMatchObject({ outcome: 'unknown', cause: { code: 'DEADLINE_EXCEEDED' } });
    expect(put).toMatchObject({ outcome: 'unknown', cause: { code: 'DEADLINE_EXCEEDED' } });
    expect(got).toMatchObject({ code: 'DEADLINE_EXCEEDED', outcome: 'not-applied' });
    stand.server.resume();
    const known = await vi.waitFor(() => store.add!('p/n', 5n, { operation: again }), waiting);
    expect(known).toMatchObject({ outcome: 'applied', value: 10n });
  });

  test('a server that is stopped for long is left, so that calls without a deadline settle, too', async () => {
    stand.server.pause();
    expect(await store.put('p/a', bytes(''), absent)).toMatchObject({
      outcome: 'unknown',
      cause: { code: 'UNAVAILABLE' },
    });
    stand.server.resume();
    await vi.waitFor(() => store.get('p/a'), waiting);
  });

  test('a store is not opened on a server that is stopped', async () => {
    stand.server.pause();
    const opening = await refusal(stand.open({ silenceMs: 300 }));
    expect(opening).toMatchObject({ code: 'DEADLINE_EXCEEDED', outcome: 'not-applied' });
    const controller = new AbortController();
    const aborted = refusal(stand.open({ signal: controller.signal }));
    controller.abort();
    expect(await aborted).toMatchObject({ code: 'ABORTED', outcome: 'not-applied' });
    stand.server.resume();
  });

  test('killed and started again, what was acknowledged is there, and operations are known', async () => {
    const session = await store.session({ ttlMs: 60_000 });
    const call = { session: session.id, operation: { session: session.id, sequence: 1 } };
    const first = await store.enqueue!('p/q/', bytes('me'), call);
    await stand.server.kill();
    expect(await refusal(store.get('p/a'))).toMatchObject({ code: 'UNAVAILABLE' });
    await stand.server.restart();
    const again = await vi.waitFor(() => store.enqueue!('p/q/', bytes('me'), call), waiting);
    expect(again).toEqual(first);
    expect((await store.list('p/')).entries).toHaveLength(1);
  });

  test('scripts that the server forgot are sent again, and run once', async () => {
    const session = await store.session({ ttlMs: 60_000 });
    for (let sequence = 1; sequence <= 5; sequence++) {
      await raw.script('FLUSH');
      const operation = { session: session.id, sequence };
      expect(await store.add!('p/n', 1n, { operation })).toMatchObject({ value: BigInt(sequence) });
    }
  });

  test('keys of a wrong type are an error that changes nothing', async () => {
    await raw.set('quorate:{p}', 'mine');
    for (const call of [
      () => store.put('p/a', bytes(''), absent),
      () => store.get('p/a'),
      () => store.list('p/'),
    ]) {
      const error = await refusal(call());
      expect(error).toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied', retryable: false });
      expect(error.message).toContain('WRONGTYPE');
    }
    expect(await raw.get('quorate:{p}')).toBe('mine');

    await raw.del('quorate:{p}');
    for (let count = 0; count < 40; count++) await store.put(`p/${count}`, bytes(''), absent);
    await raw.set('quorate:{p}:o', 'mine');
    const before = await raw.hgetall('quorate:{p}');
    const writes = new Map([[`p/0`, { type: 'delete' as const, key: 'p/0' }]]);
    for (const call of [
      () => store.put('p/new', bytes(''), absent),
      () => store.batch!(new Map(), [...writes.values(), { type: 'put', key: 'p/new', value: bytes('') }]),
    ]) {
      expect(await refusal(call())).toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied' });
    }
    expect(await raw.hgetall('quorate:{p}')).toEqual(before);
  });

  test('a log that cannot be written costs watchers a resync and writers nothing', async () => {
    const { revision } = await store.list('p/');
    await raw.set('quorate:{p}:l', 'mine');
    await store.put('p/a', bytes('1'), absent);
    const controller = new AbortController();
    const events = store.watch('p/', revision, { signal: controller.signal })[Symbol.asyncIterator]();
    expect((await events.next()).value).toEqual({ type: 'resync' });
    await store.put('p/b', bytes('2'), absent);
    expect((await events.next()).value).toMatchObject({ type: 'put', entry: { key: 'p/b' } });
    controller.abort();
  });

  test('a server that is out of memory refuses, and what it refused changed nothing', async () => {
    await store.put('p/a', bytes('0'), absent);
    const before = await raw.hgetall('quorate:{p}');
    await raw.config('SET', 'maxmemory', '1');
    const error = await refusal(store.put('p/b', bytes('1'), absent));
    expect(error).toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied', retryable: true });
    await raw.config('SET', 'maxmemory', '0');
    expect(await raw.hgetall('quorate:{p}')).toEqual(before);
  });

  test('data that is lost under a client that stays connected ends its sessions, and revisions go on', async () => {
    // It is not renewed before what follows has been asked.
    const clock = new ManualClock();
    const owner = await stand.open({ clock });
    const session = await owner.session({ ttlMs: 60_000 });
    const { id } = session;
    const first = await owner.put('p/a', bytes(''), absent, { session: id });
    const lost = new Promise(resolve => session.lost.addEventListener('abort', resolve, { once: true }));
    await raw.flushall();
    const second = await owner.put('p/a', bytes(''), absent);
    if (first.outcome !== 'applied' || second.outcome !== 'applied') throw new Error('Not applied');
    expect(second.revision).toBeGreaterThan(first.revision);
    // It is known to have been here, so nothing is asked before; elsewhere it is, and what was written meanwhile is taken back.
    expect(await owner.put('p/b', bytes(''), absent, { session: id })).toMatchObject({ outcome: 'applied' });
    expect(await owner.put('q/b', bytes(''), absent, { session: id })).toMatchObject({
      outcome: 'unknown',
      cause: { code: 'SESSION_LOST' },
    });
    expect((await store.list('q/')).entries).toEqual([]);
    clock.advance(20_000);
    await lost;
    expect(session.lost.reason).toMatchObject({ code: 'SESSION_LOST' });
    await vi.waitFor(async () => expect((await store.list('p/')).entries).toHaveLength(1), waiting);
  });
});

describe.skipIf(reason !== undefined)('watches (needs redis-server)', () => {
  beforeEach(async () => {
    stand = await RedisStand.start();
    raw = stand.client();
    store = await stand.open();
  });
  afterEach(() => stand[Symbol.asyncDispose]());

  test.each(['silently', 'with a reset'])(
    'one whose connection is cut %s catches up by itself',
    async how => {
      const controller = new AbortController();
      const { revision } = await store.list('p/');
      const events = store.watch('p/', revision, { signal: controller.signal })[Symbol.asyncIterator]();
      const first = events.next();
      await vi.waitFor(async () => expect(await raw.pubsub('CHANNELS', '*')).toHaveLength(1), waiting);
      await store.put('p/a', bytes(''), absent);
      expect((await first).value).toMatchObject({ entry: { key: 'p/a' } });
      if (how === 'silently') stand.proxyOf(store).muteConnection(1);
      else await raw.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await store.put('p/b', bytes(''), absent);
      await store.put('p/c', bytes(''), absent);
      expect((await events.next()).value).toMatchObject({ type: 'put', entry: { key: 'p/b' } });
      expect((await events.next()).value).toMatchObject({ type: 'put', entry: { key: 'p/c' } });
      controller.abort();
    },
  );

  test.each(['trimmed', 'gone'])(
    'one that comes when the log is %s is told that it missed something',
    async how => {
      const first = await store.put('p/a', bytes('0'), absent);
      if (first.outcome !== 'applied') throw new Error('Not applied');
      let last = first.revision;
      for (let count = 1; count <= 200; count++) {
        const result = await store.put('p/a', bytes(`${count}`), { modified: last });
        if (result.outcome === 'applied') last = result.revision;
      }
      if (how === 'gone') await raw.del('quorate:{p}:l');
      const controller = new AbortController();
      const events = store.watch('p/', first.revision, { signal: controller.signal })[Symbol.asyncIterator]();
      expect((await events.next()).value).toEqual({ type: 'resync' });
      await store.put('p/b', bytes(''), absent);
      expect((await events.next()).value).toMatchObject({ type: 'put', entry: { key: 'p/b' } });
      controller.abort();
    },
  );

  test('of one key each cost one message to one waiter, and nobody else anything', async () => {
    const waiters = 20;
    const others = await stand.open();
    for (let index = 0; index < waiters; index++) await store.put(`p/q/${index + 100}`, bytes(''), absent);
    const { revision } = await store.list('p/');
    const controller = new AbortController();
    const { signal } = controller;
    const told = Array.from({ length: waiters }, async (_, index) => {
      for await (const event of others.watch(`p/q/${index + 100}`, revision, { signal })) return event;
      return undefined;
    });
    await vi.waitFor(async () => {
      expect(await raw.pubsub('CHANNELS', '*')).toHaveLength(waiters);
      expect(await raw.hget('quorate:{p}', '\0w')).not.toBeNull();
    }, waiting);
    await raw.config('RESETSTAT');
    const { entries } = await store.list('p/', { limit: 1 });
    await store.delete('p/q/100', { created: entries[0]!.created });
    expect(await told[0]).toMatchObject({ type: 'delete', entry: { key: 'p/q/100' } });
    expect(await raw.info('commandstats')).toMatch(/cmdstat_publish:calls=1,/);
    controller.abort();
    await Promise.all(told);
    await vi.waitFor(async () => expect(await raw.pubsub('CHANNELS', '*')).toEqual([]), waiting);
  });

  test('of many lengths of prefixes hear of the whole partition, and are told their own', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const { revision } = await store.list('p/');
    const keys = Array.from({ length: 30 }, (_, index) => `p/${'x'.repeat(index + 1)}-end`);
    const told = keys.map(async key => {
      for await (const event of store.watch(key, revision, { signal })) {
        if (event.type !== 'resync') return event.entry.key;
      }
      return undefined;
    });
    await vi.waitFor(async () => expect(await raw.pubsub('CHANNELS', '*')).toHaveLength(17), waiting);
    for (const key of keys) await store.put(key, bytes(''), absent);
    expect(await Promise.all(told)).toEqual(keys);
    controller.abort();
  });

  test('an observer that gives up leaves no channel behind, and one wait serves all', async () => {
    const session = await store.session({ ttlMs: 60_000 });
    const controller = new AbortController();
    const other = await stand.open();
    const given = Array.from({ length: 50 }, () => other.observe(session.id, { signal: controller.signal }));
    await vi.waitFor(async () => expect(await raw.pubsub('CHANNELS', '*')).toHaveLength(1), waiting);
    controller.abort();
    for (const wait of given) expect(await refusal(wait)).toMatchObject({ code: 'ABORTED' });
    await vi.waitFor(async () => expect(await raw.pubsub('CHANNELS', '*')).toEqual([]), waiting);
  });
});
