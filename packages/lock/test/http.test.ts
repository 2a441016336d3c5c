import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { FaultyStore, type StoreFaults } from '@quorate/conformance';
import { ManualClock, seededRandom } from '@quorate/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createLockClient,
  createLockHandler,
  type LockHandler,
  type LockHandlerOptions,
  nodeListener,
} from '../src/index.ts';
import { Stand, turn } from './stand.ts';

let stand: Stand;
const handlers: LockHandler[] = [];
beforeEach(() => {
  stand = new Stand();
});
afterEach(async () => {
  for (const handler of handlers.splice(0)) await handler[Symbol.asyncDispose]();
  await stand.close();
});

function open(options: Partial<LockHandlerOptions> = {}, faults: StoreFaults = {}): LockHandler {
  const { clock } = stand;
  const store = new FaultyStore(stand.store.open(), faults);
  const handler = createLockHandler({ store, clock, random: seededRandom(handlers.length), ...options });
  handlers.push(handler);
  return handler;
}

async function ask(
  handler: LockHandler,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const text = typeof body === 'string' ? body : body === undefined ? null : JSON.stringify(body);
  const response = await handler(new Request(`http://locks.example${path}`, { method, body: text }));
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe('the handler', () => {
  test('grants a lock for a time, shows it, and releases it to its owner alone', async () => {
    const handler = open();
    const wanted = { value: 'worker 7', expiresInMs: 60_000 };
    const first = await ask(handler, 'POST', '/locks/order%2F42', wanted);
    const expiresAtMs = stand.clock.wallMs() + 60_000;
    expect(first).toMatchObject({
      status: 200,
      body: { key: 'order/42', value: 'worker 7', remainingMs: 60_000, expiresAtMs },
    });
    expect(await ask(handler, 'POST', '/locks/order%2F42', wanted)).toMatchObject({
      status: 409,
      body: { error: { code: 'LOCK_HELD' }, lock: { value: 'worker 7', expiresAtMs } },
    });
    expect(await ask(handler, 'GET', '/locks/order%2F42')).toMatchObject({
      status: 200,
      body: { value: 'worker 7' },
    });
    expect(await ask(handler, 'DELETE', '/locks/order%2F42', { value: 'worker 8' })).toMatchObject({
      status: 409,
      body: { error: { code: 'NOT_OWNER' } },
    });
    expect((await ask(handler, 'DELETE', '/locks/order%2F42?token=other')).status).toBe(409);
    expect((await ask(handler, 'DELETE', '/locks/order%2F42?value=worker%207')).status).toBe(200);
    expect((await ask(handler, 'DELETE', '/locks/order%2F42', { value: 'worker 7' })).status).toBe(404);
    expect((await ask(handler, 'GET', '/locks/order%2F42')).status).toBe(404);
    const second = await ask(handler, 'POST', '/locks/order%2F42', wanted);
    expect(BigInt(String(second.body['fence']))).toBeGreaterThan(BigInt(String(first.body['fence'])));
    expect(await stand.entries('lock.mutex.order%2F42')).toHaveLength(1);
  });

  test('a repeated request with its token is answered as the first, by any server', async () => {
    const [one, other] = [open(), open()];
    const wanted = { token: 't1', expiresInMs: 5000 };
    const both = await Promise.all([
      ask(one, 'POST', '/locks/a', wanted),
      ask(other, 'POST', '/locks/a', wanted),
    ]);
    expect(both.map(({ status }) => status)).toEqual([200, 200]);
    expect(both[0]!.body['fence']).toBe(both[1]!.body['fence']);
    await stand.pass(1000);
    const again = await ask(other, 'POST', '/locks/a', wanted);
    expect(again.body).toMatchObject({ token: 't1', remainingMs: 4000, fence: both[0]!.body['fence'] });
    expect((await ask(other, 'DELETE', '/locks/a', { token: 't1' })).status).toBe(200);
    expect(await stand.entries('lock.mutex.a')).toEqual([]);
    await stand.pass(10_000);
  });

  test('ends at its time, by the clock of the server, and with absolute times too', async () => {
    const handler = open();
    const inTen = stand.clock.wallMs() + 10_000;
    for (const expiresAt of [inTen, inTen + 10_000]) {
      expect((await ask(handler, 'POST', '/locks/a', { expiresAt })).body).toMatchObject({
        remainingMs: 10_000,
      });
      await stand.pass(9900);
      expect((await ask(handler, 'POST', '/locks/a', { expiresInMs: 1000 })).status).toBe(409);
      await stand.pass(100);
      expect((await ask(handler, 'GET', '/locks/a')).status).toBe(404);
    }
    const iso = '2026-09-21T15:34:00.500+02:00';
    const expected = new Date(iso).getTime();
    const clock = new ManualClock({ wallMs: expected - 2500 });
    const dated = await ask(open({ clock }), 'POST', '/locks/b', { expiresAt: iso });
    expect(dated).toMatchObject({ status: 200, body: { remainingMs: 2500, expiresAtMs: expected } });
  });

  test('is a mutex for those who use the library', async () => {
    const handler = open();
    const mutex = stand.locks().mutex('a');
    const held = await mutex.acquire();
    expect(await ask(handler, 'POST', '/locks/a', { expiresInMs: 1000 })).toMatchObject({
      status: 409,
      body: { lock: null },
    });
    expect((await ask(handler, 'DELETE', '/locks/a', { value: '' })).status).toBe(409);
    expect(await ask(handler, 'GET', '/locks/a')).toEqual({ status: 200, body: { key: 'a' } });
    await held.release();
    expect((await ask(handler, 'POST', '/locks/a', { expiresInMs: 1000 })).status).toBe(200);
    expect(await mutex.tryAcquire()).toBeUndefined();
    const lock = await stand.until(mutex.acquire());
    await lock.release();
  });

  test('refuses what it cannot read, and what lies outside its limits', async () => {
    const handler = open({ ttlMaxMs: 60_000, bodyMaxBytes: 100 });
    const statuses = async (method: string, path: string, ...bodies: unknown[]): Promise<number[]> => {
      const answers = [];
      for (const body of bodies) answers.push((await ask(handler, method, path, body)).status);
      return answers;
    };
    expect(
      await statuses(
        'POST',
        '/locks/a',
        '{',
        '[]',
        'null',
        {},
        { expiresInMs: 1 },
        { expiresInMs: 60_001 },
        { expiresInMs: '100' },
        { expiresInMs: 100, expiresAt: 5 },
        { expiresAt: 'tomorrow' },
        { expiresAt: '2026-13-01T00:00:00Z' },
        { expiresInMs: 100, value: 7 },
        { expiresInMs: 100, token: 'x'.repeat(300) },
        'x'.repeat(200),
      ),
    ).toEqual([400, 400, 400, 400, 400, 400, 400, 400, 400, 400, 400, 413, 413]);
    expect(await statuses('POST', '/locks/%ff', {})).toEqual([400]);
    expect(await statuses('POST', '/locks/', {})).toEqual([400]);
    expect(await statuses('POST', `/locks/${'x'.repeat(301)}`, { expiresInMs: 100 })).toEqual([400]);
    expect(await statuses('DELETE', '/locks/a', {})).toEqual([400]);
    expect(await statuses('PUT', '/locks/a', {})).toEqual([405]);
    expect(await statuses('POST', '/other/a', {})).toEqual([404]);
    expect(await statuses('POST', '/locks/a/b', {})).toEqual([404]);
    expect(() => open({ path: 'locks' })).toThrow(RangeError);
    expect(() => open({ ttlMaxMs: 1 })).toThrow(RangeError);
    expect(() => open({ bodyMaxBytes: 0 })).toThrow(RangeError);
  });

  test('a handler that is closed grants nothing more, and what it granted lasts its time', async () => {
    const [handler, other] = [open(), open()];
    await ask(handler, 'POST', '/locks/a', { expiresInMs: 5000 });
    await handler[Symbol.asyncDispose]();
    expect((await ask(handler, 'POST', '/locks/b', { expiresInMs: 5000 })).status).toBe(503);
    await stand.pass(4900);
    expect((await ask(other, 'GET', '/locks/a')).status).toBe(200);
    await stand.pass(100);
    expect((await ask(other, 'GET', '/locks/a')).status).toBe(404);
    expect(stand.store.memory.sessions.count).toBe(0);
  });

  test('a store that does not answer is given up, and leaves the lock to whoever asks again', async () => {
    const faults: StoreFaults = {};
    const handler = open({ storeDeadlineMs: 500 }, faults);
    const wanted = { token: 't', expiresInMs: 60_000 };
    faults.before = call => (call === 'enqueue' ? new Promise(() => {}) : undefined);
    expect((await stand.until(ask(handler, 'POST', '/locks/a', wanted))).status).toBe(503);
    delete faults.before;
    expect((await ask(handler, 'POST', '/locks/a', wanted)).status).toBe(200);
  });

  test('says 503 while the store is away, and resolves what was lost', async () => {
    const faults: StoreFaults = { refused: 1, random: seededRandom(1) };
    const handler = open({}, faults);
    const wanted = { token: 't', expiresInMs: 5000 };
    expect((await ask(handler, 'POST', '/locks/a', wanted)).status).toBe(503);
    expect((await ask(handler, 'DELETE', '/locks/a', wanted)).status).toBe(503);
    faults.refused = 0;
    faults.lost = 0.7;
    expect((await stand.until(ask(handler, 'POST', '/locks/a', wanted))).status).toBe(200);
    const statuses: number[] = [];
    while (statuses.length === 0 || statuses.at(-1) === 503) {
      statuses.push((await stand.until(ask(handler, 'DELETE', '/locks/a', wanted))).status);
    }
    expect([200, 404]).toContain(statuses.at(-1));
    expect(await stand.entries('lock.mutex.a')).toEqual([]);
  });
});

describe('the client', () => {
  test('holds, is told who holds, releases, and repeats what nobody answered', async () => {
    const handler = open();
    let failures = 0;
    const sent: string[] = [];
    const fetch = async (url: string, init: RequestInit): Promise<Response> => {
      sent.push(`${init.method} ${url}`);
      const response = await handler(new Request(url, init));
      if (failures-- > 0) throw new TypeError('fetch failed');
      return response;
    };
    const { clock } = stand;
    const client = createLockClient({ url: 'http://x/locks', fetch, clock, random: seededRandom(3) });
    failures = 2;
    const result = await stand.until(client.tryAcquire('a b', { ttlMs: 5000, value: 'me' }));
    if (result.outcome !== 'held') throw new Error('It must be free');
    expect(sent).toEqual(Array.from({ length: 3 }, () => 'POST http://x/locks/a%20b'));
    const { lock } = result;
    lock.assertHeld();
    expect(lock.fence % 1024n).toBe(0n);
    const other = await client.tryAcquire('a b', { ttlMs: 5000 });
    expect(other).toMatchObject({ outcome: 'taken', holder: { value: 'me' } });
    expect(await lock.release()).toBe(true);
    expect(await lock.release()).toBe(false);
    expect(lock.remainingMs()).toBe(0);
    failures = 3;
    const failing = client.tryAcquire('c', { ttlMs: 5000 });
    await expect(stand.until(failing)).rejects.toMatchObject({ code: 'UNAVAILABLE', outcome: 'unknown' });
    await expect(client.tryAcquire('c', { ttlMs: 1 })).rejects.toBeInstanceOf(RangeError);
    const late = await client.tryAcquire('d', { ttlMs: 5000 });
    if (late.outcome !== 'held') throw new Error('It must be free');
    await stand.pass(5000);
    expect(() => late.lock.assertHeld()).toThrow(expect.objectContaining({ code: 'LOCK_LOST' }));
    await late.lock[Symbol.asyncDispose]();
  });

  test('does not take a wrong address for a lock that somebody holds', async () => {
    const handler = open();
    const fetch = (url: string, init: RequestInit) => handler(new Request(url, init));
    const { clock } = stand;
    const client = createLockClient({ url: 'http://x/elsewhere', fetch, clock, random: seededRandom(3) });
    await expect(client.tryAcquire('a', { ttlMs: 5000 })).rejects.toThrow(RangeError);
    const right = createLockClient({ url: 'http://x/locks', fetch, clock, random: seededRandom(3) });
    // The first two would be other paths.
    for (const key of ['..', '.', ''])
      await expect(right.tryAcquire(key, { ttlMs: 5000 })).rejects.toThrow(/Key/);
  });

  test('over a real server', async () => {
    const server = http.createServer(nodeListener(open({ bodyMaxBytes: 1000 })));
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/locks/`;
    try {
      const client = createLockClient({ url });
      const result = await client.tryAcquire('ä/ö', { ttlMs: 60_000 });
      if (result.outcome !== 'held') throw new Error('It must be free');
      expect((await client.tryAcquire('ä/ö', { ttlMs: 60_000 })).outcome).toBe('taken');
      expect(await result.lock.release()).toBe(true);
      const long = await fetch(`${url}a`, { method: 'POST', body: 'x'.repeat(100_000) });
      expect(long.status).toBe(413);
      expect((await fetch(`${url}a`)).status).toBe(404);
      const trace = await new Promise<number | undefined>((resolve, reject) => {
        const request = http.request(url, { method: 'TRACE' }, response => resolve(response.statusCode));
        request.on('error', reject).end();
      });
      expect(trace).toBe(400);
    } finally {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
      await turn();
    }
  });
});
