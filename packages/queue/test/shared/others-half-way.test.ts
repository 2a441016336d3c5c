/** Another thread has stopped, for a while or for ever, between two of its steps: what it has done by then is done by hand. */
import { type MemberId, type Team, createTeam } from '@quorate/threads';
import { expect, test, vi } from 'vitest';

import { ThreadQueue } from '../../src/shared/index.ts';
import { findQueue } from '../../src/shared/queue-place.ts';
import { claimedBy, leasedBy } from '../../src/shared/slot-word.ts';
import { turn } from './queue-stage.ts';

// Who is not woken waits for ever.
vi.setConfig({ testTimeout: 20_000 });

const size = { capacity: 4, messageBytes: 8 };
const bytes = (...values: number[]): Uint8Array => Uint8Array.of(...values);

interface Scene {
  readonly queue: ThreadQueue;
  readonly words: Int32Array;
  /** The words that say what slots are. */
  readonly slots: readonly number[];
  readonly dead: MemberId;
  readonly team: Team;
}

function scene(): Scene {
  const team = createTeam({ capacity: 4 });
  // Before anybody watches: else all are woken by the death.
  const dead = team.join();
  team.leave(dead);
  const queue = ThreadQueue.create({ team, member: team.join(), ...size });
  const { words, firstWord, strideWords } = findQueue(queue.place);
  return { queue, words, slots: [0, 1, 2, 3].map(slot => firstWord + slot * strideWords), dead, team };
}

test('a slot in which a producer dies in lap after lap, before it has said in which, is passed each time', () => {
  const { queue, words, slots, dead } = scene();
  for (let lap = 0; lap < 5; lap++) {
    for (const value of [1, 2, 3]) expect(queue.tryPush(bytes(value))).toBe(true);
    expect(words[slots[3] as number]).toBe(lap);
    words[slots[3] as number] = claimedBy(dead, lap);
    expect(queue.tryRead(() => {}, 9)).toBe(3);
    expect(queue.describe()).toMatchObject({ ready: 0, claimed: 0, voided: lap + 1 });
  }
});

test('a slot is passed in the lap that it is in, though the ring went round while its word was looked at', () => {
  const { queue: first, words, slots, dead, team } = scene();
  const [slot = 0, ...others] = slots;
  words[slot] = claimedBy(dead, 0);
  // Whoever looked at lap 0 stands still until the same producer has claimed the slot again, two laps later, and died.
  const isAlive = (member: MemberId): boolean => {
    if (member === dead && words[slot + 1] === -1) {
      words[slot + 1] = 2;
      for (const other of others) words[other] = 2;
    }
    return team.isAlive(member);
  };
  const watch = (): Disposable => ({ [Symbol.dispose]() {} });
  const queue = ThreadQueue.attach(first.place, { team: { isAlive, watch }, member: team.join() });
  expect(queue.tryTake()).toBeUndefined();
  expect(slots.map(each => words[each])).toEqual([3, 2, 2, 2]);
});

test('who passes the claim of the dead wakes a producer that waits for its slot', async () => {
  const { queue, words, slots, dead } = scene();
  words[slots[0] as number] = claimedBy(dead, 0);
  for (const value of [1, 2, 3]) expect(queue.tryPush(bytes(value))).toBe(true);
  const waits = queue.pushAsync(bytes(4));
  await turn();
  const lease = queue.tryTake();
  expect(lease?.bytes[0]).toBe(1);
  await waits;
  expect(queue.describe()).toMatchObject({ ready: 3, leased: 1, voided: 1 });
});

test('what a dead consumer had is taken once, by whoever comes first', () => {
  const { queue, words, slots, dead, team } = scene();
  queue.tryPush(bytes(1));
  queue.tryPush(bytes(2));
  words[slots[0] as number] = leasedBy(dead, 0);
  const other = ThreadQueue.attach(queue.place, { team, member: team.join() });
  expect([queue.tryTake()?.bytes[0], other.tryTake()?.bytes[0], queue.tryTake()]).toEqual([1, 2, undefined]);
  expect(queue.describe()).toMatchObject({ ready: 0, leased: 2, redelivered: 1 });
});

test('somebody rings for one while another is about to ring: who is woken wakes the next', async () => {
  const { queue } = scene();
  const { messages, spaces } = findQueue(queue.place).control;
  /** Has said that nobody sleeps, and has not woken anybody yet. */
  const begin = (bell: Int32Array): void => void Atomics.store(bell, 0, 0);
  const finish = (bell: Int32Array): void => {
    Atomics.add(bell, 1, 1);
    Atomics.notify(bell, 1, 1);
  };
  const taking = [1, 2].map(() => queue.takeAsync());
  await turn();
  begin(messages);
  for (const value of [1, 2]) queue.tryPush(bytes(value));
  finish(messages);
  const leases = await Promise.all(taking);
  for (const value of [3, 4]) queue.tryPush(bytes(value));
  const pushing = [5, 6].map(value => queue.pushAsync(bytes(value)));
  await turn();
  begin(spaces);
  for (const lease of leases) lease?.done();
  finish(spaces);
  await Promise.all(pushing);
  expect(queue.describe()).toMatchObject({ ready: 4 });
});

test('two messages wake two that sleep, whoever is slow to wake up', async () => {
  const { queue } = scene();
  const waiting = [queue.takeAsync(), queue.takeAsync()];
  await turn();
  const notify = vi.spyOn(Atomics, 'notify');
  try {
    for (const value of [1, 2, 3]) queue.tryPush(bytes(value));
    expect(notify.mock.results.map(({ value }) => value as number)).toEqual([1, 1, 0]);
  } finally {
    notify.mockRestore();
  }
  expect((await Promise.all(waiting)).map(lease => lease?.bytes[0])).toEqual([1, 2]);
});
