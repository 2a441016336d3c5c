import { seededRandom, systemClock } from '@quorate/core';
import { afterEach, expect, test, vi } from 'vitest';
import { judge } from '../../src/replication/judge.ts';
import { isComplete, readBack } from '../../src/replication/read-back.ts';
import type { GroupWait } from '../../src/replication/majority-watch.ts';
import { isLeader } from '../../src/replication/replica-group.ts';
import { type GroupChange, ReplicatedClient } from '../../src/replication/replicated-client.ts';
import { LocalGroup } from './local-group.ts';

afterEach(() => vi.restoreAllMocks());

/** As it is, whatever stands in its place in a test. */
const reconfigure = Reflect.get(ReplicatedClient.prototype, 'reconfigure') as ReplicatedClient['reconfigure'];

test('a node takes the place of the leader while clients write: nothing is lost, and as many vote as before', async () => {
  await using local = await LocalGroup.start();
  const before = await local.group.leader();
  const heir = await local.host('n4');
  const streaming = local.stream(300);
  await local.replacement.replace(before.id, heir);
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
  await expect(local.replacement.replace(id, { ...heir, join })).rejects.toThrow('No room today');
  expect(local.group.has('n4')).toBe(false);
  expect(local.group.isRunning('n4')).toBe(false);
  const { members } = await local.group.leader();
  expect(members.map(member => member.id).toSorted((one, other) => (one < other ? -1 : 1))).toEqual([
    'n1',
    'n2',
    'n3',
  ]);
  // Another try is as good as the first.
  await local.replacement.replace(id, heir);
  expect(local.group.has('n4')).toBe(true);
}, 120_000);

test('a change of which nobody knows whether it was made is looked for, and not undone', async () => {
  await using local = await LocalGroup.start();
  const [id = ''] = local.group.ids;
  const heir = await local.host('n4');
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
  await local.replacement.replace(id, heir);
  const { voters } = await local.group.leader();
  expect(new Set(voters)).toEqual(new Set(local.group.ids));
  expect(local.group.has('n4')).toBe(true);
}, 120_000);

/** A group without a majority, of which a change was given up. */
async function stuck(
  local: LocalGroup,
  giveUp: GroupWait,
): Promise<{ id: string; others: string[]; why: unknown }> {
  const [id = '', ...others] = local.group.ids;
  for (const other of others) await local.stop(other);
  const heir = await local.host('n4');
  const why = await local.replacement.replace(id, heir, giveUp).then(
    () => 'replaced',
    (error: unknown) => error,
  );
  return { id, others, why };
}

/** Waits until it is known what became of the change. */
async function settledLate(local: LocalGroup, back: readonly string[]): Promise<void> {
  for (const id of back) await local.group.rejoin(await local.host(id));
  await vi.waitUntil(() => local.late.length > 0, { timeout: 60_000, interval: 20 });
}

test('without a majority a change is given up, and says who does not answer; it is undone when they are back, and can be made then', async () => {
  await using local = await LocalGroup.start();
  const { id, others, why } = await stuck(local, { withoutMajorityMs: 300 });
  expect(why).toMatchObject({
    code: 'NO_MAJORITY',
    retryable: true,
    message: 'No majority: n2 and n3 do not answer, and 2 of 3 replicas must',
  });
  expect(local.group.ids).toEqual([id, ...others]);
  // Another try is told the same, as long as it is so.
  await expect(local.replacement.settle(0)).rejects.toMatchObject({ code: 'NO_MAJORITY' });
  await settledLate(local, others);
  expect(local.late).toEqual([`n4 for ${id}: undone`]);
  expect(local.group.ids).toEqual([id, ...others]);
  const { members } = await local.group.leader();
  expect(members.map(member => member.id)).not.toContain('n4');
  await local.replacement.settle();
  await local.replacement.replace(id, await local.host('n5'), { withoutMajorityMs: 5000 });
  expect(local.group.ids).toEqual(['n5', ...others]);
}, 120_000);

test('a change can be cancelled while there is no majority, however long that lasts', async () => {
  await using local = await LocalGroup.start();
  const cancelling = new AbortController();
  const asked = vi.spyOn(ReplicatedClient.prototype, 'report');
  const reports = asked.mock.calls.length;
  const change = stuck(local, { signal: cancelling.signal });
  await vi.waitUntil(() => asked.mock.calls.length > reports, { timeout: 60_000, interval: 5 });
  cancelling.abort();
  const { id, others, why } = await change;
  expect(why).toMatchObject({ code: 'ABORTED' });
  expect(local.group.ids).toEqual([id, ...others]);
  await settledLate(local, others);
  expect(local.late).toEqual([`n4 for ${id}: undone`]);
}, 120_000);

test('a change that was made although nobody could tell is known as made when the others are back', async () => {
  await using local = await LocalGroup.start();
  const [id = '', ...others] = local.group.ids;
  const heir = await local.host('n4');
  vi.spyOn(ReplicatedClient.prototype, 'reconfigure').mockImplementation(async function (
    this: ReplicatedClient,
    url,
    change,
  ) {
    const refused = await reconfigure.call(this, url, change);
    if (change.voters === undefined || refused !== undefined) return refused;
    for (const other of others) await local.stop(other);
    const done = false as const;
    return { done, code: 'UNANSWERED', outcome: 'unknown', retryable: true, leaderUrl: undefined };
  });
  await expect(local.replacement.replace(id, heir, { withoutMajorityMs: 300 })).rejects.toMatchObject({
    code: 'NO_MAJORITY',
  });
  expect(local.group.ids).toEqual([id, ...others]);
  await settledLate(local, others);
  expect(local.late).toEqual([`n4 for ${id}: made`]);
  expect(local.group.ids).toEqual(['n4', ...others]);
  const { voters } = await local.group.leader();
  expect(new Set(voters)).toEqual(new Set(local.group.ids));
}, 120_000);

test('a change that comes through while it is being undone is not undone any more', async () => {
  await using local = await LocalGroup.start();
  const [id = '', ...others] = local.group.ids;
  const heir = await local.host('n4');
  const cancelling = new AbortController();
  let late: GroupChange | undefined;
  vi.spyOn(ReplicatedClient.prototype, 'reconfigure').mockImplementation(async function (
    this: ReplicatedClient,
    url,
    change,
  ) {
    const lost = { done: false as const, outcome: 'unknown' as const, retryable: true, leaderUrl: undefined };
    if (change.voters !== undefined) {
      late = change;
      cancelling.abort();
      return { ...lost, code: 'UNANSWERED' };
    }
    if (change.remove === undefined || late === undefined) return reconfigure.call(this, url, change);
    // It was with the leader all the time, which has stood still.
    await reconfigure.call(this, url, late);
    late = undefined;
    return { ...lost, code: 'MEMBERSHIP_REFUSED', outcome: 'not-applied' };
  });
  const why = local.replacement.replace(id, heir, { signal: cancelling.signal });
  await expect(why).rejects.toMatchObject({ code: 'ABORTED' });
  await vi.waitUntil(() => local.late.length > 0, { timeout: 60_000, interval: 20 });
  expect(local.late).toEqual([`n4 for ${id}: made`]);
  const { voters } = await local.group.leader();
  expect(new Set(voters)).toEqual(new Set(['n4', ...others]));
  expect(new Set(local.group.ids)).toEqual(new Set(voters));
}, 120_000);

test('a change that is cancelled before it begins asks nobody for anything', async () => {
  await using local = await LocalGroup.start();
  const [id = ''] = local.group.ids;
  const heir = await local.host('n4');
  const asked = vi.spyOn(ReplicatedClient.prototype, 'reconfigure');
  const why = local.replacement.replace(id, heir, { signal: AbortSignal.abort() });
  await expect(why).rejects.toMatchObject({ code: 'ABORTED' });
  expect(asked).not.toHaveBeenCalled();
  await local.replacement.settle();
  expect(local.group.isRunning('n4')).toBe(false);
}, 120_000);

test('a host that ends on the way is not waited for', async () => {
  await using local = await LocalGroup.start();
  const [id = ''] = local.group.ids;
  const heir = await local.host('n4');
  const join: typeof heir.join = async members => {
    const last = await heir.join(members);
    await local.stop('n4');
    return last;
  };
  await expect(
    local.replacement.replace(id, { ...heir, join }, { withoutMajorityMs: 300 }),
  ).rejects.toMatchObject({ code: 'NODE_SILENT', message: 'n4 does not answer' });
  expect(local.group.has('n4')).toBe(false);
}, 120_000);
