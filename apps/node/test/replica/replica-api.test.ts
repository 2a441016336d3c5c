import { createToken, startClusterNode } from '@quorate/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestGroup } from './replica-group.ts';

let group: TestGroup;
const ids = ['n1', 'n2', 'n3'];

beforeAll(async () => {
  group = await TestGroup.start();
  await group.leader();
}, 30_000);
afterAll(() => group[Symbol.asyncDispose]());

describe('the replicated map', () => {
  test('is written through its leader and read through every replica', async () => {
    const leader = await group.leader();
    const stored = await group.call(leader, 'PUT', 'colour', { value: 'blue' });
    expect(stored.json).toMatchObject({ created: true, durability: 'fsync', index: stored.json['version'] });
    expect(Number(stored.json['replicas'])).toBeGreaterThanOrEqual(2);
    for (const id of ids) {
      const found = await group.call(id, 'GET', 'colour', { headers: { 'quorate-read': 'follower' } });
      expect([found.status, found.text]).toEqual([200, 'blue']);
      expect(found.headers.get('quorate-version')).toBe(String(stored.json['version']));
      expect(found.headers.get('quorate-replica')).toBe(id);
    }
    const again = await group.call(leader, 'PUT', 'colour', { value: 'green' });
    expect(again.json['created']).toBe(false);
    expect(Number(again.json['version'])).toBeGreaterThan(Number(stored.json['version']));
    expect((await group.call(leader, 'GET', 'colour')).text).toBe('green');
    expect((await group.call(leader, 'DELETE', 'colour')).json['existed']).toBe(true);
    expect((await group.call(leader, 'GET', 'colour')).json).toMatchObject({
      code: 'KEY_NOT_FOUND',
      status: 404,
    });
    expect((await group.call(leader, 'DELETE', 'colour')).json['existed']).toBe(false);
  });

  test.each(['__proto__', '..', 'a/b', '😀', '\u0000'])('takes the key %j', async key => {
    const leader = await group.leader();
    await group.call(leader, 'PUT', key, { value: `value of ${key}` });
    expect((await group.call(leader, 'GET', key)).text).toBe(`value of ${key}`);
  });

  test('sends whoever asks the wrong replica to the leader', async () => {
    const leader = await group.leader();
    const other = ids.find(id => id !== leader) ?? '';
    for (const method of ['PUT', 'GET', 'DELETE']) {
      const value = method === 'PUT' ? { value: 'x' } : {};
      const answer = await group.call(other, method, 'colour', value);
      expect(answer.json).toMatchObject({
        code: 'NOT_LEADER',
        status: 409,
        outcome: 'not-applied',
        retryable: true,
        leader: { id: leader, url: group.cluster.urlOf(leader) },
      });
    }
  });

  test('applies an operation of a session once, however often it comes', async () => {
    const leader = await group.leader();
    const opened = await group.cluster.call(leader, 'POST', '/v1/replica/sessions');
    const session = String(opened.json['session']);
    const headers = { 'quorate-session': session, 'quorate-sequence': '1' };
    const first = await group.call(leader, 'PUT', 'once', { value: 'a', headers });
    await group.call(leader, 'PUT', 'once', { value: 'b' });
    const retry = await group.call(leader, 'PUT', 'once', { value: 'a', headers });
    expect(retry.json).toMatchObject({ version: first.json['version'], created: true });
    expect((await group.call(leader, 'GET', 'once')).text).toBe('b');
    const gap = { 'quorate-session': session, 'quorate-sequence': '5' };
    expect((await group.call(leader, 'PUT', 'once', { value: 'c', headers: gap })).json).toMatchObject({
      code: 'SEQUENCE_GAP',
      status: 409,
      outcome: 'not-applied',
    });
    const unknown = { 'quorate-session': '999999', 'quorate-sequence': '1' };
    expect((await group.call(leader, 'PUT', 'once', { value: 'c', headers: unknown })).json).toMatchObject({
      code: 'SESSION_EXPIRED',
      outcome: 'unknown',
    });
  });

  test.each([
    [{ 'quorate-session': '1' }, 'BAD_SESSION'],
    [{ 'quorate-sequence': '1' }, 'BAD_SESSION'],
    [{ 'quorate-session': '1', 'quorate-sequence': '0' }, 'BAD_SESSION'],
    [{ 'quorate-session': '1', 'quorate-sequence': '-1' }, 'BAD_SESSION'],
    [{ 'quorate-session': '1', 'quorate-sequence': '2', 'quorate-settled': '2' }, 'BAD_SESSION'],
    [{ 'quorate-session': '1', 'quorate-sequence': '2000', 'quorate-settled': '0' }, 'BAD_SESSION'],
    [{ 'deadline-ms': 'soon' }, 'BAD_DEADLINE'],
  ])('refuses a write with %j as %s', async (headers, code) => {
    const leader = await group.leader();
    const answer = await group.call(leader, 'PUT', 'refused', { value: 'x', headers });
    expect(answer.json).toMatchObject({ code, status: 400, outcome: 'not-applied' });
    expect((await group.call(leader, 'GET', 'refused')).status).toBe(404);
  });

  test('refuses keys and values beyond the limits, and takes the largest that fit', async () => {
    const leader = await group.leader();
    const long = await group.call(leader, 'PUT', 'x'.repeat(1025), { value: 'x' });
    expect(long.json).toMatchObject({ code: 'KEY_TOO_LONG', status: 400 });
    expect((await group.call(leader, 'PUT', '', { value: 'x' })).json).toMatchObject({ code: 'BAD_KEY' });
    const large = await group.call(leader, 'PUT', 'large', { value: 'x'.repeat(512 * 1024 + 1) });
    expect(large.json).toMatchObject({ code: 'VALUE_TOO_LARGE', status: 413, outcome: 'not-applied' });
    const body = await group.call(leader, 'PUT', 'large', { value: 'x'.repeat(1024 * 1024 + 1) });
    expect(body.json).toMatchObject({ code: 'BODY_TOO_LARGE', status: 413 });
    const fits = await group.call(leader, 'PUT', 'x'.repeat(1024), { value: 'y'.repeat(512 * 1024) });
    expect(fits.status).toBe(200);
    expect((await group.call(leader, 'GET', 'x'.repeat(1024))).text).toHaveLength(512 * 1024);
  });

  test('refuses a read of no known kind, and whoever has no token', async () => {
    const leader = await group.leader();
    const answer = await group.call(leader, 'GET', 'a', { headers: { 'quorate-read': 'stale' } });
    expect(answer.json).toMatchObject({ code: 'BAD_READ_MODE', status: 400 });
    const url = group.cluster.urlOf(leader);
    for (const [method, path] of [
      ['GET', '/v1/replicated/a'],
      ['GET', '/v1/replica'],
      ['POST', '/v1/replica/sessions'],
      ['POST', '/v1/peer/replica/transfer'],
      ['POST', '/v1/peer/replica/reconfigure'],
    ]) {
      expect((await fetch(url + path, { method: method ?? '' })).status).toBe(401);
    }
    const transfer = await group.cluster.call(leader, 'POST', '/v1/peer/replica/transfer');
    expect(transfer.status).toBe(401);
  });
});

describe('a replica', () => {
  test('tells its role, its log, and as the leader how far behind each member is', async () => {
    const leader = await group.leader();
    const other = ids.find(id => id !== leader) ?? '';
    const [first, second] = await group.until(reports => {
      const [mine, its] = [leader, other].map(each => reports.find(({ id }) => id === each));
      if (mine === undefined || its === undefined) return undefined;
      const isStill = mine.members.every(({ lag }) => lag === 0) && mine.log.applied === mine.log.last;
      return isStill && its.log.applied === mine.log.applied ? [mine, its] : undefined;
    });
    expect(first).toMatchObject({
      id: leader,
      role: 'leader',
      voters: ids,
      state: 'running',
      durability: 'fsync',
    });
    expect(first.members.map(({ id }) => id)).toEqual(ids);
    expect(first.members.every(({ lag, url }) => lag === 0 && url !== null)).toBe(true);
    expect(second).toMatchObject({ id: other, role: 'follower', term: first.term, members: [] });
    expect(second.leader).toEqual({ id: leader, url: group.cluster.urlOf(leader) });
    expect(second.keys).toBe(first.keys);
  });

  test('hands leadership over when the supervisor asks', async () => {
    const leader = await group.leader();
    const { term } = await group.report(leader);
    const answer = await group.cluster.peer(leader, '/v1/peer/replica/transfer', {});
    expect(ids.filter(id => id !== leader)).toContain(answer.json['leader']);
    expect(await group.leader(term)).toBe(answer.json['leader']);
  });

  test.each([{ voters: 'n4' }, { learners: [''] }, { remove: [7] }, { voters: ['n1'], remove: ['n1'] }])(
    'does not change its members by %j',
    async body => {
      const leader = await group.leader();
      const answer = await group.cluster.peer(leader, '/v1/peer/replica/reconfigure', body);
      expect(answer.json).toMatchObject({ code: 'BAD_REQUEST', status: 400, outcome: 'not-applied' });
      expect((await group.report(leader)).voters).toEqual(ids);
    },
  );

  test('is not there on a node that hosts none', async () => {
    const clientToken = createToken();
    await using node = await startClusterNode({ id: 'n9', clientToken, peerToken: createToken() });
    const headers = { authorization: `Bearer ${clientToken}` };
    for (const path of ['/v1/replica', '/v1/replicated/a']) {
      const answer = await fetch(node.url + path, { headers });
      expect(await answer.json()).toMatchObject({ code: 'NO_REPLICA', status: 409, outcome: 'not-applied' });
    }
  });

  test('goes on without a member, which comes back on its journal and has what it missed', async () => {
    const leader = await group.leader();
    const { term } = await group.report(leader);
    await group.call(leader, 'PUT', 'before', { value: '1' });
    await group.crash(leader);
    const next = await group.leader(term);
    expect(next).not.toBe(leader);
    expect((await group.call(next, 'GET', 'before')).text).toBe('1');
    for (let count = 0; count < 20; count++) await group.call(next, 'PUT', 'after', { value: String(count) });
    expect(await group.restart(leader)).toBeGreaterThan(0);
    await group.until(reports => {
      const lags = reports.find(({ role }) => role === 'leader')?.members.map(({ lag }) => lag);
      return lags?.length === 3 && lags.every(lag => lag === 0) ? true : undefined;
    });
    const headers = { 'quorate-read': 'follower' };
    expect((await group.call(leader, 'GET', 'after', { headers })).text).toBe('19');
  });
});
