import { ManualClock, QuorateError, type WriteResult, errorCode } from '@quorate/core';
import { afterEach, describe, expect, test } from 'vitest';
import { type ServiceSnapshot, createRegistry } from '../../src/index.ts';
import { Stand, meddled, web } from './stand.ts';

let stand = new Stand();
afterEach(() => {
  stand.end();
  stand = new Stand();
});

const ids = (snapshot: ServiceSnapshot | undefined): string[] =>
  (snapshot?.instances ?? []).map(({ id }) => id);

describe('registering', () => {
  test('who registers is found with what it says, until it is disposed of', async () => {
    const [registry] = stand.client();
    const registration = await registry.register(
      web('b', { meta: { zone: 'eu' }, health: { state: 'warning', reason: 'starting' } }),
    );
    await using _ = await registry.register(web('a'));
    await using other = await registry.register(web('a', { service: 'webs' }));
    expect(other.isRegistered).toBe(true);
    const found = await stand.discover(registry);
    expect(found.map(({ id, address, meta, health }) => ({ id, address, meta, health }))).toEqual([
      { id: 'a', address: '10.0.0.1:a', meta: {}, health: { state: 'passing', reason: '' } },
      {
        id: 'b',
        address: '10.0.0.1:b',
        meta: { zone: 'eu' },
        health: { state: 'warning', reason: 'starting' },
      },
    ]);
    await registration[Symbol.asyncDispose]();
    expect((await stand.discover(registry)).map(({ id }) => id)).toEqual(['a']);
    expect(errorCode(registration.ended.reason)).toBe('CLOSED');
    await expect(registration.setHealth('passing')).rejects.toMatchObject({ code: 'CLOSED' });
  });

  test('what it says of itself can change, and readers see it', async () => {
    const [registry] = stand.client();
    const seen = stand.watch(registry);
    await using registration = await registry.register(web('a'));
    await stand.pass(10);
    await registration.setHealth('critical', 'disk full');
    await stand.pass(10);
    await registration.update({ address: 'elsewhere', meta: { zone: 'us' } });
    await stand.pass(10);
    expect(seen.at(-1)?.instances[0]).toMatchObject({
      address: 'elsewhere',
      meta: { zone: 'us' },
      health: { state: 'critical', reason: 'disk full' },
    });
    expect(seen.at(-1)?.updated.map(({ id }) => id)).toEqual(['a']);
    const revisions = seen.flatMap(({ instances }) => instances.map(({ revision }) => revision));
    expect(revisions).toEqual([...revisions].sort((one, other) => one - other));
  });

  test('a session that is lost is followed by another one, and it stays once the process runs again', async () => {
    const [registry, stopped] = stand.client(new ManualClock());
    const [reader] = stand.client();
    const seen = stand.watch(reader);
    await using registration = await registry.register(web('a'));
    await stand.pass(10);
    expect(ids(seen.at(-1))).toEqual(['a']);
    await stand.pass(5000); // Its own clock stands still, so it renews nothing.
    expect(seen.some(({ removed }) => ids({ instances: removed } as ServiceSnapshot)[0] === 'a')).toBe(true);
    await stand.pass(2000, stopped);
    expect(ids(seen.at(-1))).toEqual(['a']);
    expect(registration.isRegistered).toBe(true);
    const sessions = new Set(seen.flatMap(({ instances }) => instances.map(({ session }) => session)));
    expect(sessions.size).toBeGreaterThanOrEqual(2);
  });

  test('a later registration of the same id takes the place, and the earlier one does not fight for it', async () => {
    const [one] = stand.client();
    const [other] = stand.client();
    const first = await one.register(web('a'));
    await using second = await other.register(web('a', { address: 'new' }));
    await stand.pass(10);
    expect(errorCode(first.ended.reason)).toBe('REPLACED');
    await expect(first.setHealth('passing')).rejects.toMatchObject({ code: 'REPLACED' });
    await first[Symbol.asyncDispose]();
    await stand.pass(3000);
    const found = await stand.discover(one);
    expect(found.map(({ address }) => address)).toEqual(['new']);
    expect(second.isRegistered).toBe(true);
  });

  test('an entry that somebody deletes is written again', async () => {
    const [registry, , store] = stand.client();
    await using _ = await registry.register(web('a'));
    const entry = await store.get('services/web/a');
    await store.delete('services/web/a', { modified: entry?.modified as never });
    await stand.pass(100);
    expect((await stand.discover(registry)).map(({ id }) => id)).toEqual(['a']);
  });

  test('an unknown outcome is settled by the same operation: it is written once', async () => {
    const calls: unknown[] = [];
    const store = stand.store.open();
    const meddling = meddled(store, {
      put: async (...call): Promise<WriteResult> => {
        calls.push(call[3]?.operation);
        const result = await store.put(...call);
        const cause = new QuorateError('UNAVAILABLE', 'The answer was lost', { retryable: true });
        return calls.length < 3 ? { outcome: 'unknown', cause } : result;
      },
    });
    const registering = createRegistry(meddling, { clock: stand.clock }).register(web('a'));
    await stand.pass(2000);
    await using _ = await registering;
    expect(calls).toHaveLength(3);
    expect(new Set(calls.map(operation => JSON.stringify(operation))).size).toBe(1);
    const [found] = await stand.discover(stand.client()[0]);
    const entry = await store.get('services/web/a');
    expect([entry?.created, entry?.modified]).toEqual([found?.revision, found?.revision]);
  });

  test('what was written under a session that was lost before the answer came is its own all the same', async () => {
    const store = stand.store.open();
    const losing: AbortController[] = [];
    const meddling = meddled(store, {
      // To its owner it is lost when the test says so; the store does not find that out, so what names it stands.
      session: async options => {
        const { id } = await store.session(options);
        const controller = new AbortController();
        losing.push(controller);
        return { id, lost: controller.signal, remainingMs: () => 1, [Symbol.asyncDispose]: async () => {} };
      },
      put: async (...call) => {
        const result = await store.put(...call);
        if (losing.length !== 2) return result;
        losing[1]?.abort();
        return { outcome: 'unknown', cause: new QuorateError('SESSION_LOST', 'Nobody remembers') };
      },
    });
    await using registration = await createRegistry(meddling, { clock: stand.clock }).register(web('a'));
    losing[0]?.abort();
    await stand.pass(2000);
    await registration.setHealth('warning');
    expect(losing).toHaveLength(3);
    expect(registration.isRegistered).toBe(true);
  });

  test('a store out of reach is tried again, and a wait that is given up leaves nothing', async () => {
    let isReachable = false;
    const store = stand.store.open();
    const unavailable = new QuorateError('UNAVAILABLE', 'Not now', {
      retryable: true,
      outcome: 'not-applied',
    });
    const meddling = meddled(store, {
      session: options => (isReachable ? store.session(options) : Promise.reject(unavailable)),
    });
    const registry = createRegistry(meddling, { clock: stand.clock });
    const inVain = registry.register(web('x', { deadlineMs: 700 }));
    const code = inVain.then(() => 'registered', errorCode);
    await stand.pass(1000);
    expect(await code).toBe('DEADLINE_EXCEEDED');
    const registering = registry.register(web('a'));
    await stand.pass(1000);
    isReachable = true;
    await stand.pass(1000);
    await using _ = await registering;
    expect((await stand.discover(registry)).map(({ id }) => id)).toEqual(['a']);
  });

  test.each([
    [
      { service: 'a/b' },
      'Service must be 1 to 255 characters of well-formed Unicode without "/" and NUL: received "a/b"',
    ],
    [
      { id: '' },
      'Instance id must be 1 to 255 characters of well-formed Unicode without "/" and NUL: received ""',
    ],
    [{ health: 'fine' as 'passing' }, 'Health must be one of passing, warning and critical: received "fine"'],
    [{ meta: { a: 1 as never } }, 'Metadata "a" must be a string: received number'],
  ])('%j is refused', async (options, message) => {
    await expect(stand.client()[0].register(web('a', options))).rejects.toThrow(message);
  });
});

test('a description that is too long is refused', async () => {
  const registering = stand.client()[0].register(web('a', { address: 'x'.repeat(20_000) }));
  await expect(registering).rejects.toThrow(
    'Description must be at most 16384 bytes as JSON: received 20077',
  );
});

describe('reading', () => {
  test('an entry that outlives its session is not listed: each session is observed', async () => {
    const [registry, , store] = stand.client();
    await using _ = await registry.register(web('a'));
    const real = await store.get('services/web/a');
    const ghost = {
      ...(real as NonNullable<typeof real>),
      key: 'services/web/ghost',
      session: 'gone' as never,
    };
    const meddling = meddled(store, {
      list: async (...call) => {
        const listing = await store.list(...call);
        return { ...listing, entries: [...listing.entries, ghost] };
      },
    });
    const reader = createRegistry(meddling, { clock: stand.clock });
    const seen = stand.watch(reader);
    await stand.pass(100);
    expect(ids(seen.at(-1))).toEqual(['a']);
    expect((await stand.discover(reader)).map(({ id }) => id)).toEqual(['a']);
  });

  test('whoever falls behind sees how it stands, not what happened: changes that were missed are listed again', async () => {
    stand.end();
    stand = new Stand(2);
    const [registry] = stand.client();
    const seen = stand.watch(registry);
    await stand.pass(10);
    const registrations = await Promise.all(
      Array.from({ length: 30 }, (_, at) => registry.register(web(`${at}`.padStart(2, '0')))),
    );
    for (const each of registrations.slice(0, 10)) void each.setHealth('warning');
    await stand.pass(10);
    await Promise.all(registrations.slice(20).map(each => each[Symbol.asyncDispose]()));
    await stand.pass(100);
    expect(ids(seen.at(-1))).toEqual(Array.from({ length: 20 }, (_, at) => `${at}`.padStart(2, '0')));
    expect(seen.at(-1)?.instances.filter(({ health }) => health.state === 'warning')).toHaveLength(10);
    for (const each of registrations) await each[Symbol.asyncDispose]();
  });

  test('what somebody else wrote there is no instance', async () => {
    const [registry, , store] = stand.client();
    const utf8 = new TextEncoder();
    const values = [
      '',
      '{',
      'null',
      '7',
      '{"version":2}',
      '{"version":1,"address":"a","meta":{"a":1},"health":{"state":"passing","reason":""}}',
    ];
    for (const [at, value] of values.entries())
      await store.put(`services/web/${at}`, utf8.encode(value), { absent: true });
    await store.put('services/web/bytes', Uint8Array.of(0xff, 0xfe), { absent: true });
    expect(await stand.discover(registry)).toEqual([]);
    await store.put(
      'services/web/static',
      utf8.encode('{"version":1,"address":"a","meta":{},"health":{"state":"passing","reason":""}}'),
      { absent: true },
    );
    expect((await stand.discover(registry)).map(({ id }) => id)).toEqual(['static']);
  });

  test('more instances than a list gives at a time are all found', async () => {
    const [registry, , store] = stand.client();
    const value = new TextEncoder().encode(
      '{"version":1,"address":"a","meta":{},"health":{"state":"passing","reason":""}}',
    );
    for (let at = 0; at < 2100; at++) await store.put(`services/web/${at}`, value, { absent: true });
    expect(await stand.discover(registry)).toHaveLength(2100);
  });

  test('a watch ends with its signal, also one that was aborted before', async () => {
    const [registry] = stand.client();
    const ending = new AbortController();
    let count = 0;
    for await (const { instances } of registry.watch('web', { signal: ending.signal })) {
      expect(instances).toEqual([]);
      count++;
      ending.abort();
    }
    expect(count).toBe(1);
    for await (const _ of registry.watch('web', { signal: ending.signal })) count++;
    expect(count).toBe(1);
  });

  test('what the store says that does not pass ends a watch', async () => {
    const [registry, , store] = stand.client();
    await store[Symbol.asyncDispose]();
    await expect(registry.discover('web')).rejects.toMatchObject({ code: 'CLOSED' });
    const watching = (async () => {
      for await (const _ of registry.watch('web', { signal: new AbortController().signal }));
    })();
    await expect(watching).rejects.toMatchObject({ code: 'CLOSED' });
  });
});
