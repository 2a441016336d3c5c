import type { View } from '@quorate/node';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestCluster } from './test-cluster.ts';

let cluster: TestCluster;

beforeEach(async () => {
  cluster = await TestCluster.start(['n1', 'n2', 'n3']);
});
afterEach(() => cluster[Symbol.asyncDispose]());

/** A key that `owner` owns in the view of `id`. */
function keyOf(owner: string, id = 'n1'): string {
  const view = cluster.nodes.get(id)?.partition.view;
  for (let index = 0; index < 1e5; index++) if (view?.owner(`key-${index}`) === owner) return `key-${index}`;
  throw new Error(`No key of ${owner}`);
}

/** A key that `from` owns in one view and `to` in the other. */
function movingKey(before: View, after: View, from: string, to: string): string {
  for (let index = 0; index < 1e5; index++) {
    const key = `moving-${index}`;
    if (before.owner(key) === from && after.owner(key) === to) return key;
  }
  throw new Error(`No key moves from ${from} to ${to}`);
}

function viewOf(id: string): View {
  const node = cluster.nodes.get(id);
  if (node === undefined) throw new Error(`No node ${id}`);
  return node.partition.view;
}

test('every node serves every key, and the key is held once, by its owner', async () => {
  for (const owner of ['n1', 'n2', 'n3']) {
    const key = keyOf(owner);
    const stored = await cluster.put('n1', key, owner);
    expect(stored.headers.get('quorate-owner')).toBe(owner);
    for (const id of ['n1', 'n2', 'n3']) expect((await cluster.get(id, key)).text).toBe(owner);
  }
  const counts = [...cluster.nodes.values()].map(node => node.partition.keyCount);
  expect(counts).toEqual([1, 1, 1]);
});

test('a forwarded operation is never forwarded again: a node that does not own it says so', async () => {
  const key = keyOf('n2');
  const forwarded = { epoch: 1, from: 'n1', deadlineMs: 10_000, operations: [['put', key, 'eA==']] };
  const answer = await cluster.peer('n3', '/v1/peer/operations', forwarded);
  expect(answer.json).toMatchObject({ epoch: 1, replies: [['moved', 1]] });
  expect((await cluster.get('n1', key)).status).toBe(404);
  const status = await cluster.call('n3', 'GET', '/v1/status');
  expect(status.json['forwarded']).toBe(0);
});

test('a node that is behind refuses what was routed by a newer view, and has done nothing', async () => {
  const key = keyOf('n2');
  const forwarded = { epoch: 2, from: 'n1', deadlineMs: 10_000, operations: [['put', key, 'eA==']] };
  const answer = await cluster.peer('n2', '/v1/peer/operations', forwarded);
  expect(answer.json).toMatchObject({
    status: 409,
    code: 'VIEW_BEHIND',
    outcome: 'not-applied',
    retryable: true,
  });
  expect((await cluster.get('n2', key)).status).toBe(404);
});

test('a node that is ahead does what it owns, answers moved for the rest, and sends its view along', async () => {
  cluster.change(cluster.members.filter(({ id }) => id !== 'n3'));
  await cluster.sendView('n1');
  const [own, other] = [keyOf('n1'), keyOf('n2')];
  const operations = [
    ['put', own, 'eA=='],
    ['put', other, 'eA=='],
  ];
  const answer = await cluster.peer('n1', '/v1/peer/operations', {
    epoch: 1,
    from: 'n2',
    deadlineMs: 10_000,
    operations,
  });
  const [first, second] = answer.json['replies'] as unknown[][];
  expect(first?.[0]).toBe('stored');
  expect(second).toEqual(['moved', 2]);
  expect(answer.json['view']).toEqual(cluster.view);
});

test('an entry node that is behind learns the newer view from the old owner, and the client notices nothing', async () => {
  const before = viewOf('n1');
  cluster.change(cluster.members.filter(({ id }) => id !== 'n3'));
  await cluster.sendView('n3');
  expect(viewOf('n1').epoch).toBe(1);
  const key = movingKey(before, viewOf('n3'), 'n3', 'n2');
  const stored = await cluster.put('n1', key, 'moved');
  expect([stored.status, stored.headers.get('quorate-owner')]).toEqual([200, 'n2']);
  expect([viewOf('n1').epoch, viewOf('n2').epoch]).toEqual([2, 2]);
  expect((await cluster.get('n3', key)).text).toBe('moved');
});

test('an entry node that is ahead brings the owner up to date, and the client notices nothing', async () => {
  const before = viewOf('n2');
  cluster.change(cluster.members.filter(({ id }) => id !== 'n3'));
  await cluster.sendView('n3');
  expect(viewOf('n2').epoch).toBe(1);
  const key = movingKey(before, viewOf('n3'), 'n3', 'n2');
  const stored = await cluster.put('n3', key, 'to the new owner');
  expect([stored.status, stored.headers.get('quorate-owner')]).toEqual([200, 'n2']);
  expect(viewOf('n2').epoch).toBe(2);
});

test('a new owner that is told first makes the old one cut over before it answers', async () => {
  const before = viewOf('n1');
  await cluster.put('n1', 'anything', 'x');
  cluster.change([...cluster.members, await cluster.startNode('n4')]);
  await cluster.sendView('n4');
  const key = movingKey(before, viewOf('n4'), 'n2', 'n4');
  expect((await cluster.put('n4', key, 'new')).status).toBe(200);
  expect(viewOf('n2').epoch).toBe(2);
  expect((await cluster.get('n2', key)).text).toBe('new');
});

test('an owner out of reach is a 503 that says whether the write can have happened', async () => {
  const key = keyOf('n3');
  await cluster.nodes.get('n3')?.stop(0);
  cluster.nodes.delete('n3');
  const write = await cluster.put('n1', key, 'x');
  expect(write.json).toMatchObject({ status: 503, code: 'OWNER_UNREACHABLE', retryable: true });
  expect(write.json['detail']).toContain('The owner of the key, n3, is out of reach');
  expect((await cluster.get('n1', key)).json).toMatchObject({
    code: 'OWNER_UNREACHABLE',
    outcome: 'not-applied',
  });
  expect((await cluster.get('n1', keyOf('n2'))).status).toBe(404);
});

test('in a batch, one owner out of reach fails its own keys only', async () => {
  await cluster.nodes.get('n3')?.stop(0);
  cluster.nodes.delete('n3');
  const operations = ['n1', 'n2', 'n3'].map(owner => ({ op: 'put', key: keyOf(owner), value: owner }));
  const answer = await cluster.call('n1', 'POST', '/v1/batch', JSON.stringify({ operations }));
  const results = answer.json['results'] as { status: number }[];
  expect(results.map(result => result.status)).toEqual([200, 200, 503]);
});

test('a client that gives no time gets a timeout, not an answer', async () => {
  const key = keyOf('n2');
  const response = await fetch(`${cluster.urlOf('n1')}/v1/kv/${key}`, {
    headers: { authorization: `Bearer ${cluster.clientToken}`, 'deadline-ms': '0' },
  });
  expect(response.status).toBe(504);
  expect(await response.json()).toMatchObject({
    code: 'OWNER_UNREACHABLE',
    outcome: 'not-applied',
    retryable: true,
  });
  const wrong = await fetch(`${cluster.urlOf('n1')}/v1/kv/${key}`, {
    headers: { authorization: `Bearer ${cluster.clientToken}`, 'deadline-ms': 'soon' },
  });
  expect(await wrong.json()).toMatchObject({ code: 'BAD_DEADLINE', status: 400 });
});

test('views that make no sense are refused', async () => {
  const { members } = cluster;
  const send = (view: unknown): Promise<{ json: Record<string, unknown> }> =>
    cluster.peer('n1', '/v1/peer/view', view);
  const good = { epoch: 2, members, base: members, lost: [] };
  for (const bad of [
    { ...good, epoch: 0 },
    { ...good, epoch: 2 ** 40 },
    { ...good, members: [] },
    { ...good, members: [...members, members[0]] },
    { ...good, base: [{ id: 'n9', url: 'http://169.254.169.254:80' }] },
    { ...good, base: [{ id: '', url: 'http://127.0.0.1:80' }] },
    { ...good, lost: [1] },
  ]) {
    expect((await send(bad)).json).toMatchObject({ code: 'BAD_VIEW', status: 400 });
  }
  expect((await send({ ...good, epoch: 3 })).json).toMatchObject({ code: 'VIEW_GAP', retryable: true });
  expect((await send({ ...good, epoch: 1 })).json).toEqual({ epoch: 1 });
});
