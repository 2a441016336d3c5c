import {
  type GroupId,
  ManualClock,
  nodeId,
  type LogEntry,
  type LogIndex,
  type QuorateError,
  type Term,
} from '@quorate/core';
import { expect, test } from 'vitest';
import { entryKind } from '../../src/raft/entry-kind.ts';
import { emptyMembership } from '../../src/raft/membership.ts';
import { Applier, type ApplierContext } from '../../src/replica/applier.ts';
import { EarlyAcks } from '../../src/replica/early-acks.ts';
import { PendingWrite } from '../../src/replica/pending-write.ts';
import { WriteBook } from '../../src/replica/write-book.ts';
import { emptySessions } from '../../src/sessions/session-table.ts';
import { PayloadWriter } from '../../src/wire/entry-payload.ts';
import { Group, settle } from './group.ts';
import { MemoryJournal } from './memory-journal.ts';
import { bytes, TallyMachine } from './tally-machine.ts';

const id = nodeId('a');

/** An applier with a log of so many commands, all of them durable. */
function applying(count: number, overrides: Partial<ApplierContext> = {}) {
  const payloads = new PayloadWriter(id);
  const journal = new MemoryJournal();
  journal.state.entries = Array.from({ length: count }, (_, at) => ({
    index: (at + 1) as LogIndex,
    term: 1 as Term,
    kind: entryKind.command,
    payload: payloads.command({ timeMs: 1, elapsedMs: 1 }, bytes('add x 1'), undefined, false),
  }));
  const early = new EarlyAcks();
  const writes = new WriteBook(id, 'fsync', early);
  const machine = new TallyMachine();
  const clock = new ManualClock();
  const failures: QuorateError[] = [];
  const applier = new Applier(
    {
      group: 0 as GroupId,
      journal,
      machine,
      writes,
      early,
      clock,
      turnMs: 10,
      matches: { countAt: () => 1, othersAt: () => 0, allVoters: () => 0 },
      applyMembership: () => emptyMembership,
      onApplied: () => {},
      onLost: () => {},
      onFailed: error => failures.push(error),
      ...overrides,
    },
    {
      index: 0 as LogIndex,
      machineApplied: 0 as LogIndex,
      membership: emptyMembership,
      sessions: emptySessions,
    },
  );
  return { applier, journal, machine, writes, clock, failures, entries: journal.state.entries };
}

function range(entries: readonly LogEntry[] | undefined, from: number, to: number) {
  return { from: from as LogIndex, to: to as LogIndex, entries: entries?.slice(from - 1, to) };
}

test.each(['in memory', 'on disk'])('what waits to be applied %s leaves turns to others', async where => {
  const count = 20_000;
  const { applier, machine, clock, entries } = applying(count);
  applier.push(range(where === 'in memory' ? entries : undefined, 1, count));
  let before: number = applier.index;
  expect(before).toBeLessThan(5000);
  for (let turns = 0; applier.index < count; turns++) {
    expect(turns).toBeLessThan(1000);
    clock.advance(1);
    await settle();
    expect(applier.index - before).toBeLessThan(5000);
    before = applier.index;
  }
  expect(machine.totals.get('x')).toBe(count);
  expect(clock.timerCount).toBe(0);
});

test('a state machine that takes its time is given less at once', async () => {
  const { applier, machine, clock, entries } = applying(2000);
  const apply = machine.apply.bind(machine);
  let turnMs = 0;
  machine.apply = commands => {
    turnMs += 20;
    Object.assign(clock, {
      monotonicMs: (
        (read, byMs) => () =>
          read() + byMs
      )(clock.monotonicMs.bind(clock), 20),
    });
    return apply(commands);
  };
  applier.push(range(entries, 1, 2000));
  expect(turnMs).toBe(20);
  expect(applier.index).toBeLessThan(1000);
  while (applier.index < 2000) {
    turnMs = 0;
    clock.advance(1);
    await settle();
    expect(turnMs).toBeLessThanOrEqual(20);
  }
});

test('what is committed while others are behind is applied in its turn', async () => {
  const { applier, machine, clock, entries } = applying(9000);
  applier.push(range(undefined, 1, 5000));
  for (let at = 5001; at < 9000; at++) applier.push(range(entries, at, at));
  expect(applier.index).toBe(0);
  while (applier.index < 8999) {
    clock.advance(1);
    await settle();
  }
  applier.push(range(entries, 9000, 9000));
  expect(machine.totals.get('x')).toBe(9000);
});

test('what waits is counted, however much is read back from the journal before it', async () => {
  const { applier, clock, entries } = applying(9000);
  applier.push(range(undefined, 1, 5000));
  expect(applier.waitingBytes).toBe(0);
  applier.push(range(entries, 5001, 9000));
  const { waitingBytes } = applier;
  expect(waitingBytes).toBeGreaterThan(4000 * 48);
  while (applier.index < 4000) {
    clock.advance(1);
    await settle();
  }
  expect(applier.index).toBeLessThan(5000);
  expect(applier.waitingBytes).toBe(waitingBytes);
  while (applier.index < 9000) {
    clock.advance(1);
    await settle();
  }
  expect(applier.waitingBytes).toBe(0);
});

test('a defect that shows while it catches up ends the replica', async () => {
  const applyMembership = (): never => {
    throw new Error('It cannot be');
  };
  const { applier, clock, entries, failures } = applying(6000, { applyMembership });
  entries[5500] = { ...entries[5500]!, kind: entryKind.membership };
  applier.push(range(undefined, 1, 6000));
  for (let turns = 0; turns < 10; turns++) {
    clock.advance(1);
    await settle();
  }
  expect(failures).toMatchObject([{ code: 'REPLICA_FAILED', cause: { message: 'It cannot be' } }]);
});

test('an applier that ends leaves no timer, and what it has begun settles', async () => {
  const { applier, clock } = applying(9000);
  applier.push(range(undefined, 1, 9000));
  clock.advance(1);
  await settle();
  applier.end({ outcome: 'unknown' } as QuorateError);
  expect(clock.timerCount).toBe(0);
});

test('an entry of another version ends the replica, and whoever waits before it is told', async () => {
  const { applier, writes, failures, entries } = applying(3);
  const ends: string[] = [];
  for (const index of [1, 2, 3] as LogIndex[]) {
    const end = ({ code }: QuorateError) => void ends.push(`${index} ${code}`);
    writes.add(new PendingWrite('quorum', 0, () => ends.push(`${index} done`), end), index, 1 as Term);
  }
  entries[2] = { ...entries[2]!, payload: new Uint8Array(20).fill(0x7f) };
  applier.push(range(entries, 1, 3));
  expect(failures).toMatchObject([{ code: 'MACHINE_FAILED' }]);
  expect(ends.sort()).toEqual(['1 MACHINE_FAILED', '2 MACHINE_FAILED', '3 MACHINE_FAILED']);
});

/** Has a write and a change of membership committed together, so that they are applied in one go. */
async function together(group: Group, onMembership: (replica: Group['running'][number]) => void) {
  const leader = await group.leader();
  const followers = await group.followers();
  for (const { journal } of followers) journal.hang();
  const write = leader.replica.write(bytes('add x 1'));
  await settle();
  const change = leader.replica.reconfigure({ learners: [nodeId('d')] });
  await group.pass(5);
  leader.replica.subscribe(({ type }) => {
    if (type === 'membership') onMembership(leader);
  });
  for (const { journal } of followers) journal.resume();
  const told = ({ code, outcome }: QuorateError) => `${code} ${outcome}`;
  return { leader, ends: [write.then(() => 'done', told), change.then(() => 'done', told)] };
}

test('who disposes within an event leaves no call that waits', async () => {
  await using group = await Group.start();
  const { ends } = await together(group, ({ replica }) => void replica[Symbol.asyncDispose]());
  const [write, change] = await group.settled(Promise.all(ends));
  expect(['done', 'CLOSED unknown']).toContain(write);
  expect(change).toBe('CLOSED unknown');
});

test('a snapshot that is taken within an event has what is applied by then', async () => {
  await using group = await Group.start(['a', 'b', 'c'], { trailingBytes: 0, tailBytes: 0 });
  let taken: Promise<LogIndex> | undefined;
  const { leader, ends } = await together(group, ({ replica }) => void (taken ??= replica.snapshot()));
  await group.settled(Promise.all(ends));
  expect(await group.settled(taken!)).toBeGreaterThan(0);
  await group.crash(leader.id);
  const again = await group.start(leader.id);
  await group.settled((await group.leader()).replica.write(bytes('add y 1')));
  await group.until(() => again.machine.totals.get('y') === 1);
  expect(again.machine.totals.get('x')).toBe(1);
});

test('writes are refused while too much of what is committed waits to be applied', async () => {
  await using group = await Group.start(['a'], { pendingBytesMax: 4096 });
  const { journal, machine, replica } = await group.leader();
  const read = journal.read.bind(journal);
  const goOn: (() => void)[] = [];
  journal.read = async (...call: Parameters<typeof read>) => {
    await new Promise<void>(resolve => void goOn.push(resolve));
    return await read(...call);
  };
  const count = 6000;
  const writes = Array.from({ length: count }, () => replica.write(bytes('add x 1')));
  await group.until(() => goOn.length > 0);
  const refused = { code: 'OVERLOADED', outcome: 'not-applied', retryable: true };
  await expect(group.settled(replica.write(bytes('add x 1')), 10)).rejects.toMatchObject(refused);
  journal.read = read;
  for (const go of goOn) go();
  await group.settled(Promise.all(writes));
  await group.settled(replica.write(bytes('add x 1')));
  expect(machine.totals.get('x')).toBe(count + 1);
});
