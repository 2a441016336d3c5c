import { createToken, formatVersion, startClusterNode } from '@quorate/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestCluster } from './test-cluster.ts';

let cluster: TestCluster;
const ids = ['n1', 'n2', 'n3'];

beforeAll(async () => {
  cluster = await TestCluster.start(ids);
});
afterAll(() => cluster[Symbol.asyncDispose]());

describe('one key', () => {
  test('is stored, read through every node, overwritten and deleted', async () => {
    const stored = await cluster.put('n1', 'colour', 'blue');
    expect(stored.status).toBe(200);
    expect(stored.json).toEqual({ version: expect.any(Number), created: true });
    for (const id of ids) {
      const found = await cluster.get(id, 'colour');
      expect(found.text).toBe('blue');
      expect(found.headers.get('content-type')).toBe('application/octet-stream');
      expect(found.headers.get('quorate-version')).toBe(String(stored.json['version']));
      expect(found.headers.get('etag')).toBe(`"${formatVersion(Number(stored.json['version']))}"`);
      expect(found.headers.get('quorate-epoch')).toBe('1');
    }
    const again = await cluster.put('n2', 'colour', 'green');
    expect(again.json).toEqual({ version: expect.any(Number), created: false });
    expect(Number(again.json['version'])).toBeGreaterThan(Number(stored.json['version']));
    const deleted = await cluster.delete('n3', 'colour');
    expect(deleted.json).toEqual({ version: expect.any(Number), existed: true });
    const gone = await cluster.get('n1', 'colour');
    expect(gone.status).toBe(404);
    expect(gone.headers.get('content-type')).toBe('application/problem+json');
    expect(gone.json).toMatchObject({
      code: 'KEY_NOT_FOUND',
      outcome: 'not-applied',
      retryable: false,
      status: 404,
    });
    expect((await cluster.delete('n1', 'colour')).json['existed']).toBe(false);
  });

  test('has versions that grow over a deletion', async () => {
    const first = await cluster.put('n1', 'phoenix', '1');
    await cluster.delete('n1', 'phoenix');
    const second = await cluster.put('n2', 'phoenix', '2');
    expect(Number(second.json['version'])).toBeGreaterThan(Number(first.json['version']) + 1);
    expect(second.json['created']).toBe(true);
  });

  const keys = [
    '__proto__',
    'constructor',
    'toString',
    'a/b//c',
    '.',
    '..',
    '../x',
    '😀',
    'x y+z%25&=?#',
    '\u0000',
    '\\',
  ];
  test.each(keys)('may be called %j', async key => {
    const value = `value of ${key}`;
    expect((await cluster.put('n1', key, value)).status).toBe(200);
    for (const id of ids) expect((await cluster.get(id, key)).text).toBe(value);
    const located = await cluster.call('n2', 'GET', `/v1/ring/locate?${new URLSearchParams({ key })}`);
    expect(located.json).toMatchObject({ key, epoch: 1 });
    expect((await cluster.delete('n3', key)).json['existed']).toBe(true);
  });

  test('is the rest of the path, with or without encoded slashes', async () => {
    expect((await cluster.call('n1', 'PUT', '/v1/kv/path/to%2Fkey', 'x')).status).toBe(200);
    expect((await cluster.call('n2', 'GET', '/v1/kv/path%2Fto/key')).text).toBe('x');
    expect((await cluster.get('n3', 'path/to/key')).text).toBe('x');
    expect((await cluster.call('n3', 'GET', '/v1/kv/%f0%9f%98%80')).status).toBe(404);
  });

  test('holds any bytes, and none', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    await cluster.call('n1', 'PUT', '/v1/kv/bytes', bytes);
    const back = await fetch(`${cluster.urlOf('n2')}/v1/kv/bytes`, {
      headers: { authorization: `Bearer ${cluster.clientToken}` },
    });
    expect(new Uint8Array(await back.arrayBuffer())).toEqual(bytes);
    await cluster.call('n1', 'PUT', '/v1/kv/empty', '');
    const empty = await cluster.call('n3', 'GET', '/v1/kv/empty');
    expect([empty.status, empty.text]).toEqual([200, '']);
  });
});

describe('a batch', () => {
  const batch = (id: string, operations: unknown): ReturnType<TestCluster['call']> =>
    cluster.call(id, 'POST', '/v1/batch', JSON.stringify({ operations }));

  test('reaches all owners, keeps the order of one key, and answers one by one', async () => {
    const keys = Array.from({ length: 50 }, (_, index) => `batch-${index}`);
    const puts = await batch(
      'n1',
      keys.map(key => ({ op: 'put', key, value: key.toUpperCase() })),
    );
    expect(puts.json['results']).toHaveLength(50);
    const mixed = await batch('n2', [
      ...keys.map(key => ({ op: 'get', key })),
      { op: 'put', key: '__proto__', base64: '/w==' },
      { op: 'get', key: '__proto__' },
      { op: 'delete', key: '__proto__' },
      { op: 'get', key: '__proto__' },
    ]);
    const results = mixed.json['results'] as Record<string, unknown>[];
    expect(results.slice(0, 50).map(result => result['value'])).toEqual(keys.map(key => key.toUpperCase()));
    expect(results[50]).toMatchObject({ status: 200, created: true });
    expect(results[51]).toMatchObject({ status: 200, base64: '/w==' });
    expect(results[52]).toMatchObject({ status: 200, existed: true });
    expect(results[53]).toMatchObject({ status: 404, problem: { code: 'KEY_NOT_FOUND' } });
    const holders = [...cluster.nodes.values()].filter(node => node.partition.keyCount > 0);
    expect(holders).toHaveLength(3);
  });

  test.each([
    [{ op: 'get' }, 'BAD_KEY'],
    [{ op: 'get', key: '' }, 'BAD_KEY'],
    [{ op: 'get', key: '\ud800' }, 'BAD_KEY'],
    [{ op: 'cas', key: 'a' }, 'BAD_REQUEST'],
    [{ op: 'put', key: 'a' }, 'BAD_REQUEST'],
    [{ op: 'put', key: 'a', value: 'b', base64: 'Yg==' }, 'BAD_REQUEST'],
    [{ op: 'put', key: 'a', base64: 'no base64' }, 'BAD_REQUEST'],
    ['get', 'BAD_REQUEST'],
  ])('refuses %j as %s and does nothing', async (operation, code) => {
    const answer = await batch('n1', [{ op: 'put', key: 'untouched', value: 'x' }, operation]);
    expect(answer.json).toMatchObject({ code, status: 400, outcome: 'not-applied' });
    expect((await cluster.get('n1', 'untouched')).status).toBe(404);
  });
});

describe('the ring', () => {
  test('is told with its members, and every node names the same owner', async () => {
    const ring = await cluster.call('n1', 'GET', '/v1/ring');
    expect(ring.json).toMatchObject({ epoch: 1, settled: true, algorithm: 'ring', lost: [] });
    const nodes = ring.json['nodes'] as { id: string; share: number }[];
    expect(nodes.map(node => node.id).sort()).toEqual(ids);
    expect(nodes.reduce((sum, node) => sum + node.share, 0)).toBeCloseTo(1, 6);
    const answers = await Promise.all(ids.map(id => cluster.call(id, 'GET', '/v1/ring/locate?key=colour')));
    const owner = answers[0]?.json['owner'];
    expect(ids).toContain(owner);
    for (const [index, answer] of answers.entries()) {
      expect(answer.json).toMatchObject({
        owner,
        here: owner === ids[index],
        url: cluster.urlOf(String(owner)),
      });
    }
  });

  test('is unknown to a node that has been told nothing: alive, not ready', async () => {
    await using node = await startClusterNode({
      id: 'lonely',
      clientToken: createToken(),
      peerToken: cluster.peerToken,
    });
    expect((await fetch(`${node.url}/healthz`)).status).toBe(200);
    const ready = await fetch(`${node.url}/readyz`);
    expect([ready.status, ready.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await ready.json()).toMatchObject({ code: 'NOT_READY', retryable: true });
  });

  test('is ready once a node has a view', async () => {
    const ready = await fetch(`${cluster.urlOf('n1')}/readyz`);
    expect(await ready.json()).toEqual({ ok: true, epoch: 1 });
  });
});

test('status counts what is held and done', async () => {
  const status = await cluster.call('n1', 'GET', '/v1/status');
  expect(status.json).toMatchObject({ id: 'n1', epoch: 1, state: 'serving', settled: true, openSources: [] });
  expect(status.json['keys']).toBe(cluster.nodes.get('n1')?.partition.keyCount);
});

test('an unknown route and a wrong method are problems, too', async () => {
  expect((await cluster.call('n1', 'GET', '/v1/nothing')).json).toMatchObject({
    code: 'NO_SUCH_ROUTE',
    status: 404,
  });
  expect((await cluster.call('n1', 'POST', '/v1/kv/key', 'x')).json).toMatchObject({ code: 'NO_SUCH_ROUTE' });
});

test('a node that was told to stop is not ready and ends', async () => {
  await using other = await TestCluster.start(['x1']);
  const url = other.urlOf('x1');
  await other.nodes.get('x1')?.stop();
  await expect(fetch(`${url}/readyz`)).rejects.toThrow('fetch failed');
});
