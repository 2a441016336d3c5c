import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { StoreFaults } from '@quorate/conformance';
import { seededRandom } from '@quorate/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type CounterHandler,
  createCounterClient,
  createCounterHandler,
  nodeListener,
} from '../src/index.ts';
import { failure, Stand } from './stand.ts';

let stand: Stand;
let handler: CounterHandler;
beforeEach(() => {
  stand = new Stand();
  handler = createCounterHandler({ counters: stand.counters(), clock: stand.clock });
});
afterEach(async () => {
  await stand.close();
  expect(stand.clock.timerCount).toBe(0);
});

const url = (key: string): string => `http://localhost/counters/${key}`;
const post = (
  key: string,
  body: unknown,
  headers: Record<string, string> = {},
  to = handler,
): Promise<Response> =>
  to(
    new Request(url(key), {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers,
    }),
  );
const read = async (answer: Promise<Response>): Promise<unknown> => {
  const response = await answer;
  return [response.status, await response.json()];
};

describe('the handler', () => {
  test('counts, and tells', async () => {
    expect(await read(post('a%2Fb', {}))).toEqual([200, { key: 'a/b', value: '1' }]);
    expect(await read(post('a%2Fb', { delta: '4611686018427387904' }))).toEqual([
      200,
      { key: 'a/b', value: '4611686018427387905' },
    ]);
    expect(await read(post('a%2Fb', { delta: -1 }))).toEqual([
      200,
      { key: 'a/b', value: '4611686018427387904' },
    ]);
    expect(await read(handler(new Request(url('a%2Fb'))))).toEqual([
      200,
      { key: 'a/b', value: '4611686018427387904' },
    ]);
    expect(await read(handler(new Request(url('none'))))).toEqual([200, { key: 'none', value: '0' }]);
  });

  test('counts once for a token, in the body or as a header, at every server', async () => {
    const other = createCounterHandler({ counters: stand.counters(), clock: stand.clock });
    expect(await read(post('k', { delta: 2, token: 't' }))).toEqual([200, { key: 'k', value: '2' }]);
    expect(await read(post('k', { delta: 2 }, { 'Idempotency-Key': 't' }, other))).toEqual([
      200,
      { key: 'k', value: '2' },
    ]);
    expect(await read(post('k', { delta: 1, token: 'u' }, {}, other))).toEqual([
      200,
      { key: 'k', value: '3' },
    ]);
  });

  test('makes counters that end, by a time from now or at a moment', async () => {
    await post('r', { expiresInMs: 2000 });
    await post('m', { expiresAt: stand.clock.wallMs() + 4000, token: 'x' });
    await stand.pass(2100);
    expect(await read(handler(new Request(url('r'))))).toEqual([200, { key: 'r', value: '0' }]);
    expect(await read(handler(new Request(url('m'))))).toEqual([200, { key: 'm', value: '1' }]);
    await stand.pass(2100);
    expect(await read(handler(new Request(url('m'))))).toEqual([200, { key: 'm', value: '0' }]);
  });

  test.each([
    ['not json', 400],
    ['[]', 400],
    [{ delta: 1.5 }, 400],
    [{ delta: 'x' }, 400],
    [{ delta: '9223372036854775808' }, 400],
    [{ delta: null }, 400],
    [{ token: 5 }, 400],
    [{ token: 'a b' }, 400],
    [{ expiresInMs: 10 }, 400],
    [{ expiresInMs: 1e9 }, 400],
    [{ expiresInMs: 2000, expiresAt: 1 }, 400],
    [{ expiresAt: 'soon' }, 400],
    [{ padding: 'x'.repeat(5000) }, 413],
  ])('answers %j with %i', async (body, status) => {
    expect((await post('k', body)).status).toBe(status);
    expect(await read(handler(new Request(url('k'))))).toEqual([200, { key: 'k', value: '0' }]);
  });

  test('answers other paths, keys and methods with what is wrong', async () => {
    for (const [path, status] of [
      ['other/k', 404],
      ['counters/', 400],
      ['counters/a/b', 404],
      ['counters/%ff', 400],
    ] as const) {
      expect((await handler(new Request(`http://localhost/${path}`))).status).toBe(status);
    }
    expect((await post('x'.repeat(301), {})).status).toBe(400);
    expect((await handler(new Request(url('k'), { method: 'DELETE' }))).status).toBe(405);
    await post('full', { delta: '9223372036854775807' });
    expect(await read(post('full', {}))).toEqual([
      400,
      { error: { code: 'BAD_REQUEST', message: expect.any(String) } },
    ]);
  });

  test('answers 503 with the outcome while the store is away, and 501 for a token without batch', async () => {
    const away = createCounterHandler({
      counters: stand.counters({}, { refused: 1 }),
      clock: stand.clock,
      storeDeadlineMs: 100,
    });
    const answer = await stand.until(post('k', {}, {}, away));
    expect([answer.status, await answer.json()]).toMatchObject([
      503,
      { error: { code: 'DEADLINE_EXCEEDED', outcome: 'not-applied' } },
    ]);
    const plain = createCounterHandler({
      counters: stand.counters({}, { without: ['batch'] }),
      clock: stand.clock,
    });
    expect((await post('k', { token: 't' }, {}, plain)).status).toBe(501);
  });
});

describe('the client', () => {
  const clientOf = (fetch: (input: string, init: RequestInit) => Promise<Response>) =>
    createCounterClient({
      url: 'http://localhost/counters',
      fetch,
      clock: stand.clock,
      random: seededRandom(7),
    });

  test('counts once though requests and answers are lost, and servers change', async () => {
    const random = seededRandom(11);
    const faults: StoreFaults = { lost: 0.2, refused: 0.1 };
    const handlers = [1, 2].map(() =>
      createCounterHandler({ counters: stand.counters({}, { ...faults }), clock: stand.clock }),
    );
    const client = clientOf(async (input, init) => {
      if (random.below(3) === 0) throw new TypeError('fetch failed');
      const answer = await handlers[random.below(2)]!(new Request(input, init));
      if (random.below(3) === 0) throw new TypeError('fetch failed');
      return answer;
    });
    let sure = 0n;
    let open = 0n;
    for (let index = 0; index < 60; index++) {
      await stand.until(
        client.add('k', 1).then(
          () => sure++,
          () => open++,
        ),
      );
    }
    const value = await stand.until(stand.counters().counter('k').get());
    expect(value).toBeGreaterThanOrEqual(sure);
    expect(value).toBeLessThanOrEqual(sure + open);
    expect(sure).toBeGreaterThan(40n);
  });

  test('gives up by its deadline, with the outcome open', async () => {
    const client = clientOf(() => new Promise<Response>(() => {}));
    const told = failure(client.add('k', 1, { deadlineMs: 100 }));
    await stand.pass(150);
    expect(await told).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      outcome: 'unknown',
    });
  });

  test('tells what the server refuses', async () => {
    const client = clientOf((input, init) => handler(new Request(input, init)));
    await expect(client.add('', 1)).rejects.toThrow('answered 400: Key must not be empty');
    await expect(client.add('k', 1.5)).rejects.toThrow(RangeError);
    await expect(client.add('k', 1, { expiresMs: 1 })).rejects.toThrow(
      'must expire between 1000 and 3600000 ms',
    );
    expect(await client.add('k', 2n ** 60n, { expiresMs: 5000 })).toEqual({ value: 2n ** 60n });
    expect(await client.get('k')).toBe(2n ** 60n);
  });
});

describe('over a real server', () => {
  let server: Server;
  let base: string;
  beforeEach(async () => {
    server = createServer(nodeListener(request => handler(request)));
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/counters/`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  });

  test('counts', async () => {
    const client = createCounterClient({ url: base });
    const added = await Promise.all(Array.from({ length: 50 }, () => client.add('hits é/%', 2)));
    expect(new Set(added.map(({ value }) => value)).size).toBe(50);
    expect(await client.get('hits é/%')).toBe(100n);
    expect((await fetch(`${base}hits`, { method: 'POST', body: 'x'.repeat(10_000) })).status).toBe(413);
    expect(await (await fetch(`${base}plain`, { method: 'POST' })).json()).toEqual({
      key: 'plain',
      value: '1',
    });
  });

  test('answers a body that is too long before it has ended', async () => {
    const [status, connection] = await new Promise<unknown[]>((resolve, reject) => {
      const asking = request(`${base}hits`, { method: 'POST' }, response => {
        resolve([response.statusCode, response.headers.connection]);
        asking.destroy();
      });
      asking.on('error', reject).write('x'.repeat(5000));
    });
    expect([status, connection]).toEqual([413, 'close']);
  });

  test('outlives callers that go away in the middle, and answers that break', async () => {
    await new Promise<void>(resolve => {
      const asking = request(`${base}hits`, { method: 'POST', headers: { 'content-length': 100 } });
      asking
        .on('error', () => resolve())
        .on('socket', socket => socket.on('connect', () => asking.destroy()));
      asking.write('{"del');
    });
    const counting = handler;
    handler = async () =>
      new Response(new ReadableStream({ pull: controller => controller.error(new Error('broken')) }));
    expect((await fetch(`${base}hits`)).status).toBe(500);
    handler = counting;
    expect(await (await fetch(`${base}hits`)).json()).toEqual({ key: 'hits', value: '0' });
  });

  test('refuses what fetch cannot represent', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const asking = request(base, { method: 'TRACE' }, response => resolve(response.statusCode));
      asking.on('error', reject).end();
    });
    expect(status).toBe(400);
  });
});
