import { ManualClock, nodeId, type QuorateError } from '@quorate/core';
import { expect, test } from 'vitest';
import { DeadlineBook } from '../../src/replica/deadline-book.ts';
import type { TraceEvent } from '../../src/raft/trace-event.ts';
import { limitWait } from '../../src/replica/call-limits.ts';
import type { Replica } from '../../src/replica/replica.ts';
import { Wait } from '../../src/replica/wait.ts';
import { Group, settle } from './group.ts';
import { bytes } from './tally-machine.ts';

const told = ({ code, outcome }: QuorateError): string => `${code} ${outcome}`;

test('a wait that has settled takes on nothing that would be left behind', () => {
  const clock = new ManualClock();
  const book = new DeadlineBook(clock);
  const wait = new Wait<number>(
    () => {},
    () => {},
  );
  wait.resolve(1);
  wait.limit(book, 100, () => {});
  expect(clock.timerCount).toBe(0);
  let released = 0;
  wait.onSettled(() => released++);
  expect(released).toBe(1);
});

test('a signal that has aborted by the time that a wait begins ends it', () => {
  const clock = new ManualClock();
  const ends: string[] = [];
  const wait = new Wait<number>(
    () => {},
    error => ends.push(told(error)),
  );
  limitWait(wait, { signal: AbortSignal.abort(), deadlineMs: 10 }, 'unknown', clock, new DeadlineBook(clock));
  expect(ends).toEqual(['ABORTED unknown']);
  expect(clock.timerCount).toBe(0);
});

/** Enters a joint configuration that is not left while the others' disks hang. */
async function jointly(group: Group, options: { readonly deadlineMs?: number } = {}) {
  const leader = await group.leader();
  const followers = await group.followers();
  let isJoint = false;
  leader.replica.subscribe(event => {
    if (event.type !== 'membership' || event.membership.votersOutgoing.length === 0) return;
    isJoint = true;
    for (const { journal } of followers) journal.hang();
  });
  const change = leader.replica.reconfigure(
    { voters: [nodeId('d')], remove: [followers[0]!.id] },
    { transition: 'joint', ...options },
  );
  const startedMs = leader.clock.monotonicMs();
  const end = change.then(() => 'done', told);
  return { leader, followers, startedMs, end, joint: () => isJoint };
}

test('a change of membership is over at its deadline, however many steps it takes', async () => {
  await using group = await Group.start();
  await group.start('d');
  const { leader, followers, startedMs, end, joint } = await jointly(group, { deadlineMs: 60 });
  for (const { journal } of followers) journal.hang();
  await group.pass(40);
  expect(joint()).toBe(false);
  for (const { journal } of followers) journal.resume();
  expect(await group.settled(end)).toBe('DEADLINE_EXCEEDED unknown');
  expect(joint()).toBe(true);
  expect(leader.clock.monotonicMs() - startedMs).toBeLessThan(70);
  for (const { journal } of followers) journal.resume();
});

test('a change of membership whose replica ends between its steps ends', async () => {
  await using group = await Group.start();
  await group.start('d');
  const { leader, followers, end, joint } = await jointly(group);
  await group.until(joint);
  await group.pass(5);
  for (const { journal } of followers) journal.resume();
  await leader.replica[Symbol.asyncDispose]();
  expect(await group.settled(end)).toMatch(/^(CLOSED unknown|done)$/);
});

test('what waits when a replica is disposed of settles, and no timer is left', async () => {
  await using group = await Group.start();
  const leader = await group.leader();
  const followers = await group.followers();
  await group.settled(leader.replica.write(bytes('add x 1')));
  for (const { journal } of followers) journal.hang();
  const limits = { deadlineMs: 5000, signal: new AbortController().signal };
  const { replica, clock } = leader;
  const calls: Promise<unknown>[] = [
    replica.write(bytes('add x 1'), limits),
    replica.write(bytes('add x 1'), { ack: { semiSync: 2, timeoutMs: 3000 }, ...limits }),
    replica.write(bytes('add x 1'), { ack: 'all', ...limits }),
    replica.openSession(limits),
    replica.keepSession(7, limits),
    replica.closeSession(7, limits),
    replica.reconfigure({ learners: [nodeId('d')] }, limits),
    replica.transferLeadership(followers[0]!.id, limits),
  ];
  await settle();
  await replica[Symbol.asyncDispose]();
  const ends = await Promise.all(calls.map(call => call.then(() => 'done', told)));
  for (const end of ends) expect(end).toMatch(/^(CLOSED unknown|TRANSFERRING not-applied)$/);
  expect(clock.timerCount).toBe(0);
  const late: readonly Promise<unknown>[] = [
    replica.write(bytes('add x 1')),
    replica.read(bytes('x')),
    replica.waitForLeader(),
    replica.transferLeadership(),
    replica.reconfigure({}),
    replica.snapshot(),
  ];
  for (const call of late) expect(await call.then(() => 'done', told)).toBe('CLOSED not-applied');
  expect(clock.timerCount).toBe(0);
});

test('leadership that is gone before it is handed over is not', async () => {
  await using group = await Group.start();
  const { clock, replica } = await group.leader();
  const readMs = clock.monotonicMs.bind(clock);
  clock.monotonicMs = () => readMs() + 1000;
  // It stood still and steps down; that is told with the flush of this turn, which the hand-over does not wait for.
  clock.advance(10);
  const end = replica.transferLeadership().then(() => 'done', told);
  expect(await group.settled(end)).toBe('NOT_LEADER not-applied');
});

/** What nobody caught in the meantime. */
async function uncaughtIn(run: () => Promise<void>): Promise<readonly unknown[]> {
  const thrown: unknown[] = [];
  const onThrown = (error: unknown): void => void thrown.push(error);
  // Their listeners differ in what more they are told.
  const kinds = ['unhandledRejection', 'uncaughtException'] as 'uncaughtException'[];
  const before = kinds.map(kind => process.listeners(kind));
  for (const kind of kinds) {
    process.removeAllListeners(kind);
    process.on(kind, onThrown);
  }
  try {
    await run();
  } finally {
    for (const [at, kind] of kinds.entries()) {
      process.removeAllListeners(kind);
      for (const listener of before[at] ?? []) process.on(kind, listener);
    }
  }
  return thrown;
}

test.each([
  ['it does what is to be done', 'a', 'Replicate'],
  ['the disk has answered', 'a', 'Commit'],
  ['a message comes', 'abc', 'Receive'],
] as const)(
  'a replica whose core breaks when %s has ended, and does not try again',
  async (_, names, step) => {
    let breaking: string | undefined;
    await using group = await Group.start(names.split(''), {
      trace: event => {
        if (event.node === breaking && event.step === step) throw new Error('The trace is broken');
      },
    });
    const thrown = await uncaughtIn(async () => {
      const leader = await group.leader();
      const [broken = leader] = await group.followers();
      breaking = broken.id;
      const end = leader.replica.write(bytes('add x 1')).then(() => 'done', told);
      expect(await group.settled(end)).toMatch(broken === leader ? /^REPLICA_FAILED/ : /^done/);
      await group.pass(1);
      expect(broken.replica.status().state).toBe('failed');
      expect(broken.events.at(-1)).toMatchObject({ type: 'failed' });
    });
    expect(thrown).toMatchObject([{ message: 'The trace is broken' }]);
  },
);

test('a replica whose core breaks at a tick has ended', async () => {
  let isBroken = false;
  await using group = await Group.start(['a', 'b'], {
    trace: () => {
      if (isBroken) throw new Error('The trace is broken');
    },
  });
  const { clock, replica, events } = await group.leader();
  isBroken = true;
  expect(() => clock.advance(50)).toThrow('The trace is broken');
  isBroken = false;
  expect(replica.status().state).toBe('failed');
  expect(events.at(-1)).toMatchObject({ type: 'failed' });
});

test.each<[string, (event: TraceEvent) => boolean, (replica: Replica) => Promise<unknown>]>([
  [
    'its members are changed',
    ({ step }) => step === 'ChangeConf',
    replica => replica.reconfigure({ learners: [nodeId('c')] }),
  ],
  [
    'it hands leadership over',
    ({ step, message }) => step === 'Send' && message?.type === 'timeout-now',
    replica => replica.transferLeadership(),
  ],
])('a replica whose core breaks when %s has ended', async (_, breaks, call) => {
  await using group = await Group.start(['a', 'b'], {
    trace: event => {
      if (breaks(event)) throw new Error('The trace is broken');
    },
  });
  const { replica, events } = await group.leader();
  await group.settled(replica.write(bytes('add x 1')));
  await expect(group.settled(call(replica))).rejects.toThrow('The trace is broken');
  expect(replica.status().state).toBe('failed');
  expect(events.at(-1)).toMatchObject({ type: 'failed' });
});

test('a replica whose core breaks when it steps down has ended', async () => {
  let isBroken = false;
  await using group = await Group.start(['a', 'b'], {
    trace: ({ step, role }) => {
      if (isBroken && step === 'BecomeFollower' && role === 'follower')
        throw new Error('The trace is broken');
    },
  });
  const { clock, replica } = await group.leader();
  isBroken = true;
  const monotonicMs = clock.monotonicMs.bind(clock);
  clock.monotonicMs = () => monotonicMs() + 150;
  expect(() => clock.advance(50)).toThrow('The trace is broken');
  isBroken = false;
  expect(replica.status().state).toBe('failed');
});

test('a leader that ends while it reads for a follower that is far behind leaves no timer', async () => {
  await using group = await Group.start(['a', 'b', 'c'], { tailBytes: 0 });
  const { clock, replica } = await group.leader();
  const [behind] = await group.followers();
  group.isolate(behind!.id);
  for (let count = 0; count < 20; count++) await group.settled(replica.write(bytes('add x 1')));
  const setTimer = clock.setTimer.bind(clock);
  let reads = false;
  clock.setTimer = (delayMs, onTimer) => {
    reads ||= delayMs === 0;
    return setTimer(delayMs, onTimer);
  };
  group.rejoin(behind!.id);
  await group.until(() => reads);
  await replica[Symbol.asyncDispose]();
  expect(clock.timerCount).toBe(0);
});
