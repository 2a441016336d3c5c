import { groupId, type LogIndex, ManualClock, nodeId } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { CatchUp } from '../../src/replica/catch-up.ts';
import { CatchUpPace } from '../../src/replica/catch-up-pace.ts';
import type { Raft } from '../../src/raft/raft.ts';
import { Group, type Member } from './group.ts';
import { MemoryJournal } from './memory-journal.ts';

const mebi = 1024 * 1024;
const padding = 'x'.repeat(5000);
const encoder = new TextEncoder();

function add(key: string, rest = ''): Uint8Array {
  return encoder.encode(`add ${key} 1 ${rest}`);
}

/** Whose answer nobody waits for: the test may be over before. */
function writeTo({ replica }: Member): void {
  replica.write(add('x')).catch(() => {});
}

test('a turn in the log and a piece of a snapshot that wait for one follower both get their time', () => {
  const clock = new ManualClock();
  const turned: string[] = [];
  const raft = { catchUp: (peer: string) => turned.push(peer), isSpared: () => true } as unknown as Raft;
  const host = {
    options: { clock, journal: new MemoryJournal(), group: groupId(0), heartbeatTicks: 1, tickMs: 1000 },
    raft,
    guarded: <Result>(act: () => Result): Result => act(),
    schedule: () => {},
  };
  using catchUp = new CatchUp(host);
  const peer = nodeId('a');
  const turn = { peer, last: 10 as LogIndex, sentCount: 10, sentBytes: mebi };
  const piece = (): boolean => catchUp.mayLeave(peer, 1000, () => turned.push('piece'));
  catchUp.called();
  catchUp.turn(turn);
  expect(piece()).toBe(false);
  clock.advance(999);
  expect(turned.sort()).toEqual(['a', 'piece']);
  catchUp.called();
  catchUp.turn(turn);
  expect(piece()).toBe(false);
  catchUp.turn(turn);
  clock.advance(999);
  expect(turned.sort()).toEqual(['a', 'a', 'piece', 'piece']);
});

describe('a pace', () => {
  test('grows with each turn in time, shrinks with one that is late, and never below the least', () => {
    const clock = new ManualClock();
    const pace = new CatchUpPace(clock);
    const first = pace.speed;
    for (let turn = 0; turn < 10; turn++) pace.fired(1);
    const grown = pace.speed;
    expect(grown).toBeGreaterThan(first);
    pace.fired(50);
    expect(pace.speed).toBeLessThan(0.8 * grown);
    for (let turn = 0; turn < 100; turn++) pace.fired(50);
    expect(pace.speed).toBe(1.5 * mebi);
  });

  test('lets the next wait for as long as the one before takes at that speed', () => {
    const clock = new ManualClock();
    const pace = new CatchUpPace(clock);
    expect(pace.waitMs).toBe(0);
    pace.paid(pace.speed / 10);
    expect(pace.waitMs).toBeCloseTo(100);
    clock.advance(60);
    pace.paid(pace.speed / 10);
    expect(pace.waitMs).toBeCloseTo(140, 0);
    clock.advance(150);
    // What was not used is not saved up.
    pace.paid(pace.speed / 10);
    expect(pace.waitMs).toBeCloseTo(100, 0);
  });

  test('ends, whatever the turns are like: the least doubles until nothing is held back', () => {
    const clock = new ManualClock();
    const pace = new CatchUpPace(clock);
    let left = 10 * 1024 * mebi;
    for (; left > 0 && clock.monotonicMs() < 300_000; left -= 0x1_0000) {
      pace.fired(1000);
      pace.paid(0x1_0000);
      clock.advance(pace.waitMs);
    }
    expect(left).toBeLessThanOrEqual(0);
  });

  test('is faster than the log grows', () => {
    const clock = new ManualClock();
    const pace = new CatchUpPace(clock);
    for (let second = 0; second < 3; second++) {
      pace.fired(1000);
      pace.grown(second * 100_000, 1, 100);
      pace.paid(1);
      clock.advance(1000);
    }
    expect(pace.speed).toBeGreaterThanOrEqual(100 * 100_000 + mebi);
  });

  test('begins anew for who was not heard of for a while', () => {
    const clock = new ManualClock();
    const pace = new CatchUpPace(clock);
    for (let turn = 0; turn < 10; turn++) pace.fired(1000);
    clock.advance(60_000);
    expect(pace.speed).toBeGreaterThanOrEqual(4 * mebi);
    pace.paid(1);
    expect(pace.speed).toBeLessThan(4 * mebi);
  });
});

/** A group in which one misses 8 MB and starts again. */
async function withOneBehind(entries = 1600): Promise<{ group: Group; leader: Member; behind: Member }> {
  const group = await Group.start(['a', 'b', 'c'], { snapshotBytes: 1e9 });
  const leader = await group.leader();
  const [one] = await group.followers();
  await group.crash(one!.id);
  for (let number = 0; number < entries; number++) void leader.replica.write(add('key', padding));
  await group.settled(leader.replica.write(add('key')));
  return { group, leader, behind: await group.start(one!.id) };
}

/** Lets time pass until it has what it missed. Returns how long that took. */
async function inStep(
  group: Group,
  { machine }: Member,
  each: () => void = () => {},
  entries = 1600,
): Promise<number> {
  let tookMs = 0;
  await group.until(() => {
    each();
    tookMs++;
    return machine.totals.get('key') === entries + 1;
  }, 20_000);
  return tookMs;
}

describe('a follower that is far behind', () => {
  test('takes its time while others write, and is in step in the end', async () => {
    const { group, leader, behind } = await withOneBehind();
    await using _ = group;
    const tookMs = await inStep(group, behind, () => writeTo(leader));
    // At the first speed it would be 2.5 seconds; turns in time make it faster.
    expect(tookMs).toBeGreaterThan(1000);
    await group.settled(leader.replica.write(add('x'), { ack: 'all' }));
  });

  test('does so, too, while others read', async () => {
    const { group, leader, behind } = await withOneBehind();
    await using _ = group;
    const query = encoder.encode('key');
    const tookMs = await inStep(group, behind, () => void leader.replica.read(query).catch(() => {}));
    expect(tookMs).toBeGreaterThan(1000);
  });

  test('is in step at once where nobody writes', async () => {
    const { group, behind } = await withOneBehind();
    await using _ = group;
    expect(await inStep(group, behind)).toBeLessThan(700);
  });

  test('is in step at once where writes wait for it: the third is gone', async () => {
    const { group, leader, behind } = await withOneBehind();
    await using _ = group;
    const third = group.running.find(member => member !== leader && member !== behind);
    await group.crash(third!.id);
    const write = leader.replica.write(add('x'));
    const tookMs = await inStep(group, behind, () => writeTo(leader));
    expect(tookMs).toBeLessThan(1000);
    await group.settled(write);
  });

  test('that is a learner becomes a voter while others write', async () => {
    const group = await Group.start(['a', 'b', 'c'], { snapshotBytes: 1e9 });
    await using _ = group;
    const leader = await group.leader();
    for (let number = 0; number < 1600; number++) void leader.replica.write(add('key', padding));
    await group.settled(leader.replica.write(add('key')));
    const learner = await group.start('d');
    await group.settled(leader.replica.reconfigure({ learners: [learner.id] }));
    const tookMs = await inStep(group, learner, () => writeTo(leader));
    expect(tookMs).toBeGreaterThan(1000);
    await group.settled(leader.replica.reconfigure({ voters: [learner.id] }));
    expect(leader.replica.status().membership.voters).toContain(learner.id);
  });
});

describe('a follower behind a snapshot', () => {
  const keys = 1000;

  async function withOneBehindIt(): Promise<{ group: Group; leader: Member; behind: Member }> {
    const limits = { trailingBytes: 0, catchUpBytes: 0, tailBytes: 0 };
    const group = await Group.start(['a', 'b', 'c'], limits);
    const leader = await group.leader();
    const [one] = await group.followers();
    await group.crash(one!.id);
    const name = padding.slice(0, 3000);
    for (let number = 1; number < keys; number++) void leader.replica.write(add(`${number}${name}`));
    await group.settled(leader.replica.write(add('key')));
    await group.settled(leader.replica.snapshot());
    return { group, leader, behind: await group.start(one!.id) };
  }

  test.each([
    ['takes its time while others write', true],
    ['is in step at once where nobody writes', false],
  ])('%s', async (_says, writes) => {
    const { group, leader, behind } = await withOneBehindIt();
    await using _ = group;
    const each = (): void => void (writes && writeTo(leader));
    const tookMs = await inStep(group, behind, each, 0);
    expect(behind.events).toContainEqual(expect.objectContaining({ type: 'snapshot', how: 'installed' }));
    if (writes) expect(tookMs).toBeGreaterThan(700);
    else expect(tookMs).toBeLessThan(500);
  });
});
