import { seededRandom, systemClock } from '@quorate/core';
import { afterEach, expect, test, vi } from 'vitest';
import { judge } from '../../src/replication/judge.ts';
import { isComplete, readBack } from '../../src/replication/read-back.ts';
import { isLeader } from '../../src/replication/replica-group.ts';
import { ReplicatedClient } from '../../src/replication/replicated-client.ts';
import { LocalGroup } from './local-group.ts';

afterEach(() => vi.restoreAllMocks());

test('a node takes the place of the leader while clients write: nothing is lost, and as many vote as before', async () => {
  await using local = await LocalGroup.start();
  const before = await local.group.leader();
  const heir = await local.host('n4');
  const streaming = local.stream(300);
  await local.group.replace(before.id, heir);
  await streaming;
  const others = ['n1', 'n2', 'n3'].filter(id => id !== before.id);
  expect(new Set(local.group.ids)).toEqual(new Set([...others, 'n4']));
  expect(local.group.isRunning(before.id)).toBe(false);
  const leader = await local.group.until('a leader without the one that has gone', reports =>
    reports.find(each => isLeader(each) && each.members.every(({ id }) => id !== before.id)),
  );
  expect(new Set(leader.voters)).toEqual(new Set(local.group.ids));
  const report = await readBack(local.seams, seededRandom(2), 'reader');
  expect(report.acknowledged).toBeGreaterThanOrEqual(300);
  expect(isComplete(report)).toBe(true);
  expect(await judge(local.history, systemClock)).toMatchObject({ verdict: 'ok', detail: null });
}, 120_000);

test('a node that cannot take the place leaves the group as it was', async () => {
  await using local = await LocalGroup.start();
  const [id = ''] = local.group.ids;
  const heir = await local.host('n4');
  const join = async (): Promise<never> => {
    throw new Error('No room today');
  };
  await expect(local.group.replace(id, { ...heir, join })).rejects.toThrow('No room today');
  expect(local.group.has('n4')).toBe(false);
  expect(local.group.isRunning('n4')).toBe(false);
  const { members } = await local.group.leader();
  expect(members.map(member => member.id).toSorted((one, other) => (one < other ? -1 : 1))).toEqual([
    'n1',
    'n2',
    'n3',
  ]);
  // Another try is as good as the first.
  await local.group.replace(id, heir);
  expect(local.group.has('n4')).toBe(true);
}, 120_000);

test('a change of which nobody knows whether it was made is looked for, and not undone', async () => {
  await using local = await LocalGroup.start();
  const [id = ''] = local.group.ids;
  const heir = await local.host('n4');
  const reconfigure = Reflect.get(
    ReplicatedClient.prototype,
    'reconfigure',
  ) as ReplicatedClient['reconfigure'];
  vi.spyOn(ReplicatedClient.prototype, 'reconfigure').mockImplementation(async function (
    this: ReplicatedClient,
    url,
    change,
  ) {
    const refused = await reconfigure.call(this, url, change);
    if (change.voters === undefined || refused !== undefined) return refused;
    const done = false as const;
    return { done, code: 'REPLICA_FAILED', outcome: 'unknown', retryable: false, leaderUrl: undefined };
  });
  await local.group.replace(id, heir);
  const { voters } = await local.group.leader();
  expect(new Set(voters)).toEqual(new Set(local.group.ids));
  expect(local.group.has('n4')).toBe(true);
}, 120_000);
