import { type Journal, type LogIndex, nodeId, QuorateError } from '@quorate/core';
import { expect, test } from 'vitest';
import { Group } from './group.ts';
import { bytes, text } from './tally-machine.ts';

const keepNoLog = { trailingBytes: 0, tailBytes: 0, catchUpBytes: 0 };

test('no snapshot is taken of a state machine that is ahead of what is applied again after a restart', async () => {
  await using group = await Group.start(['a']);
  const { machine, replica } = await group.leader();
  const count = 6000;
  const writes = Array.from({ length: count }, () => replica.write(bytes('add x 1')));
  await group.settled(Promise.all(writes));
  await group.crash('a');
  // The state machine has kept its state, as one on disk does; sessions and membership are made again from the log.
  const again = await group.start('a', { machine });
  await group.until(() => again.replica.status().applied > 0);
  expect(again.replica.status().applied).toBeLessThan(count);
  await group.settled(again.replica.snapshot());
  await group.crash('a');
  const anew = await group.start('a');
  await group.until(() => anew.replica.status().applied >= count);
  expect(anew.machine.totals.get('x')).toBe(count);
});

test('a follower that starts with a snapshot and nothing after it answers reads', async () => {
  await using group = await Group.start(['a', 'b', 'c'], keepNoLog);
  const leader = await group.leader();
  const [follower] = await group.followers();
  await group.settled(leader.replica.write(bytes('add x 4')));
  await group.until(() => follower!.machine.totals.get('x') === 4);
  await group.settled(follower!.replica.snapshot());
  await group.crash(follower!.id);
  const again = await group.start(follower!.id);
  const read = again.replica.read(bytes('x'), { mode: 'follower' });
  expect(text(await group.settled(read, 2000))).toBe('4');
});

test('a snapshot that cannot be stored lets its state go', async () => {
  await using group = await Group.start(['a']);
  const { journal, machine, replica } = await group.leader();
  await group.settled(replica.write(bytes('add x 1')));
  const take = machine.snapshot.bind(machine);
  let held = 0;
  machine.snapshot = () => {
    held++;
    const state = take();
    return {
      index: state.index,
      chunks: () => state.chunks(),
      async [Symbol.asyncDispose]() {
        held--;
      },
    };
  };
  await group.settled(replica.snapshot());
  expect(held).toBe(0);
  await group.settled(replica.write(bytes('add x 1')));
  // It refuses before it asks for the first chunk.
  const full = new QuorateError('STORAGE_FULL', 'No room', { outcome: 'not-applied', retryable: true });
  journal.saveSnapshot = () => Promise.reject(full);
  await expect(replica.snapshot()).rejects.toMatchObject({ code: 'STORAGE_FULL' });
  expect(held).toBe(0);
});

test('a snapshot that fails is told of, and tried again', async () => {
  await using group = await Group.start(['a'], { snapshotEntries: 10, ...keepNoLog });
  const { events, machine, replica } = await group.leader();
  const take = machine.snapshot.bind(machine);
  machine.snapshot = () => {
    throw new Error('Not now');
  };
  for (let count = 0; count < 12; count++) await group.settled(replica.write(bytes('add x 1')));
  expect(events.filter(({ type }) => type === 'snapshot-failed')).toMatchObject([
    { error: { code: 'MACHINE_FAILED' } },
  ]);
  machine.snapshot = take;
  for (let count = 0; count < 12; count++) await group.settled(replica.write(bytes('add x 1')));
  await group.until(() => replica.status().snapshotIndex > 10);
});

test('a snapshot that is installed counts like one that was taken', async () => {
  await using group = await Group.start(['a', 'b', 'c'], { ...keepNoLog, snapshotEntries: 1000 });
  const leader = await group.leader();
  const [behind] = await group.followers();
  await group.crash(behind!.id);
  for (let round = 0; round < 11; round++) {
    const writes = Array.from({ length: 100 }, () => leader.replica.write(bytes('add x 1')));
    await group.settled(Promise.all(writes));
  }
  await group.until(() => leader.journal.state.first > 1);
  const again = await group.start(behind!.id);
  await group.until(() => again.machine.totals.get('x') === 1100);
  await group.settled(leader.replica.write(bytes('add x 1'), { ack: 'all' }));
  await group.pass(20);
  expect(again.events.filter(({ type }) => type === 'snapshot')).toMatchObject([{ how: 'installed' }]);
});

test('a snapshot that was opened is read, or was not opened', async () => {
  await using group = await Group.start(['a', 'b', 'c'], keepNoLog);
  const leader = await group.leader();
  await group.settled(leader.replica.write(bytes('add x 1')));
  await group.settled(leader.replica.snapshot());
  const open = leader.journal.openSnapshot.bind(leader.journal);
  let unread = 0;
  leader.journal.openSnapshot = () => {
    const opened = open();
    if (opened === undefined) return undefined;
    unread++;
    const { metadata, chunks } = opened;
    const read = async function* (): AsyncGenerator<Uint8Array> {
      unread--;
      yield* chunks;
    };
    return { metadata, chunks: read() };
  };
  // Its snapshot is of before this one is a member, so another is needed.
  await group.start('d');
  await group.settled(leader.replica.reconfigure({ learners: [nodeId('d')] }));
  await group.until(() => group.get('d').machine.totals.get('x') === 1);
  expect(unread).toBe(0);
});

test('a snapshot that is ended by disposing says so', async () => {
  await using group = await Group.start(['a']);
  const { journal, replica } = await group.leader();
  await group.settled(replica.write(bytes('add x 1')));
  const saveSnapshot: Journal['saveSnapshot'] = (_group, _metadata, _chunks, options) =>
    new Promise((_resolve, reject) => {
      options?.signal?.addEventListener('abort', () => reject(new QuorateError('ABORTED', 'Given up')));
    });
  Object.assign(journal, { saveSnapshot });
  const taken: Promise<LogIndex> = replica.snapshot();
  const end = taken.catch(({ code, outcome }) => `${code} ${outcome}`);
  await replica[Symbol.asyncDispose]();
  expect(await end).toBe('CLOSED unknown');
});

test('a snapshot that another overtakes on its way to the disk is none to complain about', async () => {
  await using group = await Group.start(['a']);
  const { journal, events, replica } = await group.leader();
  const { index, term } = await group.settled(replica.write(bytes('add x 1')));
  const newer = { index: (index + 5) as LogIndex, term, membership: new Uint8Array(0) };
  journal.saveSnapshot = async () => {
    journal.state.snapshot = { metadata: newer, chunks: [] };
    throw new RangeError(`Snapshot must be at entry ${newer.index} or above: received ${index}`);
  };
  expect(await replica.snapshot()).toBe(newer.index);
  expect(events.filter(({ type }) => type === 'snapshot-failed')).toEqual([]);
});

test('a snapshot that was received and cannot be read again ends the replica, and says how', async () => {
  await using group = await Group.start(['a', 'b', 'c'], keepNoLog);
  const leader = await group.leader();
  const [behind] = await group.followers();
  await group.crash(behind!.id);
  await group.settled(leader.replica.write(bytes('add x 1')));
  await group.pass(300);
  await group.settled(leader.replica.snapshot());
  const again = await group.start(behind!.id);
  const open = again.journal.openSnapshot.bind(again.journal);
  again.journal.openSnapshot = () => {
    const opened = open();
    // oxlint-disable-next-line require-yield -- it fails at once
    const chunks = (async function* (): AsyncGenerator<Uint8Array> {
      throw new Error('Rot');
    })();
    return opened && { metadata: opened.metadata, chunks };
  };
  const failed = await group.until(() => again.events.find(({ type }) => type === 'failed'));
  expect(failed).toMatchObject({ error: { code: 'JOURNAL_FAILED', cause: { message: 'Rot' } } });
});
