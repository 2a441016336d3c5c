import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { createToken, defaultLimits, startClusterNode } from '@quorate/node';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { TestCluster } from './test-cluster.ts';

let cluster: TestCluster;
let url: string;

beforeAll(async () => {
  cluster = await TestCluster.start(['n1', 'n2'], { limits: { storeBytesMax: 2 * 1024 * 1024 } });
  url = cluster.urlOf('n1');
});
afterAll(() => cluster[Symbol.asyncDispose]());

interface RawAnswer {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
}

/** A request exactly as given: `fetch` would repair the headers and paths that these tests are about. */
function raw(options: {
  method?: string;
  path?: string;
  headers?: Record<string, string | string[]>;
  body?: Iterable<Buffer>;
}): Promise<RawAnswer> {
  const { port } = new URL(url);
  const authorization = `Bearer ${cluster.clientToken}`;
  const { method = 'GET', path = '/v1/status', headers = {}, body } = options;
  return new Promise((resolve, reject) => {
    const call = request(
      { host: '127.0.0.1', port, method, path, headers: { authorization, ...headers } },
      answer => {
        let text = '';
        answer.setEncoding('utf8').on('data', chunk => (text += chunk));
        answer.on('end', () => {
          const json = text.startsWith('{') ? JSON.parse(text) : {};
          resolve({ status: answer.statusCode ?? 0, code: json.code, detail: json.detail });
        });
      },
    );
    call.on('error', reject);
    for (const chunk of body ?? []) call.write(chunk);
    call.end();
  });
}

describe('who is let in', () => {
  test.each(['evil.example', 'evil.example:80', '127.0.0.1', '127.0.0.1:1', '169.254.169.254'])(
    'Host %j is misdirected',
    async host => {
      expect(await raw({ headers: { host } })).toMatchObject({ status: 421, code: 'MISDIRECTED' });
    },
  );

  test.each([
    ['Host: \r\n', /^HTTP\/1.1 421/],
    ['Host: evil.example\r\nHost: HERE\r\n', /^HTTP\/1.1 4(00|21)/],
    ['Host: HERE\r\nHost: evil.example\r\n', /^HTTP\/1.1 4(00|21)/],
    ['', /^HTTP\/1.1 400/],
  ])('head %j is refused', async (head, expected) => {
    const { host, port } = new URL(url);
    const socket = connect(Number(port), '127.0.0.1');
    const token = `Authorization: Bearer ${cluster.clientToken}\r\n`;
    socket.write(`GET /v1/status HTTP/1.1\r\n${token}${head.replace('HERE', host)}\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(expected);
    socket.destroy();
  });

  test('localhost is the same server', async () => {
    expect(await raw({ headers: { host: `localhost:${new URL(url).port}` } })).toMatchObject({ status: 200 });
  });

  test.each([
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'http://127.0.0.1:1' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ])('a write of a page with %j is refused', async headers => {
    const answer = await raw({ method: 'PUT', path: '/v1/kv/forged', headers, body: [Buffer.from('x')] });
    expect(answer).toMatchObject({ status: 403, code: 'FOREIGN_ORIGIN' });
    expect((await cluster.get('n1', 'forged')).status).toBe(404);
  });

  test('a write of its own page is let in', async () => {
    const headers = { origin: url, 'sec-fetch-site': 'same-origin' };
    expect(await raw({ method: 'PUT', path: '/v1/kv/own', headers, body: [Buffer.from('x')] })).toMatchObject(
      { status: 200 },
    );
  });

  test.each(['', 'Bearer', 'Bearer ', 'Bearer wrong', 'Basic eDp5'])(
    'token %j is refused',
    async authorization => {
      for (const path of ['/v1/status', '/v1/kv/a', '/v1/ring', '/v1/peer/view', '/nothing']) {
        expect(await raw({ path, headers: { authorization } })).toMatchObject({
          status: 401,
          code: 'UNAUTHORIZED',
        });
      }
    },
  );

  test('a client cannot do what only nodes may', async () => {
    const body = [
      Buffer.from(JSON.stringify({ ...cluster.view, epoch: 9, members: cluster.members.slice(1) })),
    ];
    for (const path of ['/v1/peer/view', '/v1/peer/settle', '/v1/peer/operations', '/v1/peer/handover']) {
      const headers = { 'content-type': 'application/json' };
      expect(await raw({ method: 'POST', path, headers, body })).toMatchObject({ status: 401 });
    }
    expect(cluster.nodes.get('n1')?.partition.epoch).toBe(1);
  });

  test('answers allow no other page to read, frame or run them', async () => {
    const answer = await fetch(`${url}/v1/kv/own`, {
      headers: { authorization: `Bearer ${cluster.clientToken}`, origin: 'https://evil.example' },
    });
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    expect(answer.headers.get('content-security-policy')).toContain(
      "default-src 'none'; frame-ancestors 'none'",
    );
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    const preflight = await fetch(`${url}/v1/kv/own`, {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example' },
    });
    expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([401, null]);
  });
});

describe('keys and paths', () => {
  test.each(['%', '%f', '%zz', '%ff', '%c3', '%ed%a0%80', '%c0%af', 'a%'])(
    '/v1/kv/%s is not UTF-8',
    async path => {
      expect(await raw({ path: `/v1/kv/${path}` })).toMatchObject({ status: 400, code: 'BAD_KEY' });
      expect(await raw({ path: `/v1/ring/locate?key=${path}` })).toMatchObject({
        status: 400,
        code: 'BAD_KEY',
      });
    },
  );

  test.each([
    '/v1/kv',
    '/v1/kv/',
    '/v1/kv?',
    '/v1/kv?key=',
    '/v1/kv?key=a&key=b',
    '/v1/ring/locate',
    '/v1/x/../kv/a',
  ])('%s names no key', async path => {
    expect(await raw({ path })).toMatchObject({ status: 400, code: 'BAD_KEY' });
  });

  test('a target that is a whole URL is refused', async () => {
    expect(await raw({ path: `http://evil.example/v1/status` })).toMatchObject({
      status: 400,
      code: 'BAD_TARGET',
    });
  });

  test('the longest key fits, one byte more is refused with both numbers', async () => {
    const longest = 'é'.repeat(defaultLimits.keyBytesMax / 2);
    expect((await cluster.put('n1', longest, 'x')).status).toBe(200);
    const answer = await cluster.put('n1', `${longest}a`, 'x');
    expect(answer.json).toMatchObject({ code: 'KEY_TOO_LONG', status: 400 });
    expect(answer.json['detail']).toBe('A key may have at most 1024 bytes of UTF-8: received 1025');
  });
});

describe('bodies', () => {
  const put = (body: Iterable<Buffer>, headers: Record<string, string> = {}): Promise<RawAnswer> =>
    raw({ method: 'PUT', path: '/v1/kv/big', headers, body });

  test('the largest value fits, one byte more is refused with both numbers', async () => {
    expect(await put([Buffer.alloc(defaultLimits.valueBytesMax)])).toMatchObject({ status: 200 });
    const answer = await put([Buffer.alloc(defaultLimits.valueBytesMax + 1)]);
    expect(answer).toMatchObject({ status: 413, code: 'VALUE_TOO_LARGE' });
    expect(answer.detail).toContain('at most 524288 bytes: received 524289');
  });

  test('a declared length above the limit is refused before the body is sent', async () => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const length = 10 ** 12;
    socket.write(
      `PUT /v1/kv/big HTTP/1.1\r\nHost: ${new URL(url).host}\r\nAuthorization: Bearer ${cluster.clientToken}\r\nContent-Length: ${length}\r\n\r\n`,
    );
    const [head] = (await once(socket, 'data')) as [Buffer];
    expect(head.toString()).toMatch(/^HTTP\/1.1 413 [\s\S]*BODY_TOO_LARGE[\s\S]*received 1000000000000/);
    socket.destroy();
  });

  test('a chunked body is counted while it streams in', async () => {
    const chunks = function* (): Iterable<Buffer> {
      for (let index = 0; index < 20; index++) yield Buffer.alloc(64 * 1024, 1);
    };
    const answer = await put(chunks(), { 'transfer-encoding': 'chunked' });
    expect(answer).toMatchObject({ status: 413, code: 'BODY_TOO_LARGE' });
    expect(answer.detail).toContain('at most 1048576 bytes');
  });

  test('a body that is cut off stores nothing', async () => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write(
      `PUT /v1/kv/torn HTTP/1.1\r\nHost: ${new URL(url).host}\r\nAuthorization: Bearer ${cluster.clientToken}\r\nContent-Length: 100\r\n\r\nhalf`,
    );
    socket.end();
    socket.resume();
    await once(socket, 'close');
    expect((await cluster.get('n1', 'torn')).status).toBe(404);
  });

  const json = (text: string, type = 'application/json'): Promise<RawAnswer> =>
    raw({ method: 'POST', path: '/v1/batch', headers: { 'content-type': type }, body: [Buffer.from(text)] });

  test.each([
    ['{"operations":', 'BAD_JSON'],
    ['\u0000', 'BAD_JSON'],
    ['[]', 'BAD_REQUEST'],
    ['null', 'BAD_REQUEST'],
    ['{}', 'BAD_REQUEST'],
    ['{"operations":{}}', 'BAD_REQUEST'],
    ['['.repeat(500_000), 'JSON_TOO_DEEP'],
    [`{"operations":[${'{"a":'.repeat(40)}1`, 'JSON_TOO_DEEP'],
  ])('JSON %.20s is %s', async (text, code) => {
    expect(await json(text)).toMatchObject({ status: 400, code });
  });

  test('brackets within strings are not nesting', async () => {
    const key = '[{"\\'.repeat(40);
    const answer = await json(JSON.stringify({ operations: [{ op: 'get', key }] }));
    expect(answer.status).toBe(200);
  });

  test('a body that is not said to be JSON is refused', async () => {
    expect(await json('{}', 'text/plain')).toMatchObject({ status: 415, code: 'NOT_JSON' });
  });

  test('too many operations are refused with both numbers', async () => {
    const operations = Array.from({ length: 1001 }, () => ({ op: 'get', key: 'a' }));
    const answer = await json(JSON.stringify({ operations }));
    expect(answer).toMatchObject({ status: 413, code: 'BATCH_TOO_LARGE' });
    expect(answer.detail).toContain('at most 1000 operations: received 1001');
  });

  test('an answer is not larger than its limit, however often a batch names one value', async () => {
    const { valueBytesMax, answerBytesMax } = defaultLimits;
    await cluster.call('n1', 'PUT', '/v1/kv/large', new Uint8Array(valueBytesMax));
    const fitting = answerBytesMax / valueBytesMax;
    const operations = Array.from({ length: fitting + 2 }, () => ({ op: 'get', key: 'large' }));
    for (const id of ['n1', 'n2']) {
      const answer = await cluster.call(id, 'POST', '/v1/batch', JSON.stringify({ operations }));
      const results = answer.json['results'] as { status: number; problem?: { code: string } }[];
      expect(results.slice(0, fitting).every(({ status }) => status === 200)).toBe(true);
      const refused = { status: 413, problem: { code: 'ANSWER_TOO_LARGE', outcome: 'not-applied' } };
      expect(results.slice(fitting)).toMatchObject([refused, refused]);
    }
    await cluster.delete('n1', 'large');
  });

  test('a full node says so, and deleting makes room', async () => {
    const value = 'x'.repeat(500_000);
    const answers = [];
    for (let index = 0; index < 12; index++) answers.push(await cluster.put('n1', `fill-${index}`, value));
    const full = answers.filter(answer => answer.status !== 200);
    expect(full.length).toBeGreaterThan(0);
    expect(full[0]?.json).toMatchObject({ status: 507, code: 'STORE_FULL', outcome: 'not-applied' });
    for (let index = 0; index < 12; index++) await cluster.delete('n1', `fill-${index}`);
    expect((await cluster.put('n1', 'fill-0', value)).status).toBe(200);
  });
});

describe('starting', () => {
  const options = { id: 'n9', clientToken: createToken(), peerToken: createToken() };

  test.each(['0.0.0.0', '::', '192.168.1.5', 'example.com'])(
    'refuses to listen on %s, and says what to do',
    async host => {
      await expect(startClusterNode({ ...options, host })).rejects.toThrow(
        /is refused.*Bind 127\.0\.0\.1.*SSH tunnel/,
      );
    },
  );

  test('names a port that is taken', async () => {
    const port = Number(new URL(url).port);
    await expect(startClusterNode({ ...options, port })).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: expect.stringContaining(`Port ${port} of 127.0.0.1 is taken`),
    });
  });

  test.each([
    [{ port: -1 }, 'Port must be an integer from 0 to 65535: received -1'],
    [{ id: '' }, 'Node id must not be empty'],
    [{ clientToken: 'short' }, 'Token must have at least 16 characters: received 5'],
  ])('refuses %j', async (wrong, message) => {
    await expect(startClusterNode({ ...options, ...wrong })).rejects.toThrow(message);
  });
});

/** Node's own limit is over a minute and a half: within this time only the limit that was set ends it. */
test('a head that never ends is answered by the server, which ends the connection', {
  timeout: 60_000,
}, async () => {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let answer = '';
  socket.setEncoding('utf8').on('data', text => (answer += text));
  socket.write('GET /healthz HTTP/1.1\r\nHost: ');
  await once(socket, 'close');
  expect(answer).toMatch(/^HTTP\/1\.1 408 /);
});
