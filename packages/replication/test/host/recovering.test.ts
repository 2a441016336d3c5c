import {
  type GroupId,
  type JournalWrite,
  type LogIndex,
  ManualClock,
  QuorateError,
  type Term,
} from '@quorate/core';
import { expect, test } from 'vitest';
import type { RaftWrite, WriteToken } from '../../src/raft/effects.ts';
import { LogWriter } from '../../src/replica/log-writer.ts';
import { recover } from '../../src/replica/recover.ts';
import { Group, settle } from './group.ts';
import { JournalState, MemoryJournal } from './memory-journal.ts';
import { bytes, TallyMachine } from './tally-machine.ts';

const group = 0 as GroupId;

/** A journal that was set back, or lost a part, as a fault or an operator may leave it. */
async function damaged(change: (state: JournalState) => void): Promise<MemoryJournal> {
  await using running = await Group.start(['a']);
  const { journal, replica } = await running.leader();
  for (let count = 0; count < 5; count++) await running.settled(replica.write(bytes('add x 1')));
  const { state } = journal;
  change(state);
  return new MemoryJournal(Object.assign(new JournalState(), state, { entries: [...state.entries] }));
}

test.each<[string, (state: JournalState) => void, TallyMachine]>([
  ['whose log ends before what it calls committed', state => state.entries.splice(2), new TallyMachine()],
  ['whose log is gone while the state is here', state => state.entries.splice(0), ahead(5)],
  [
    'whose log begins after a snapshot that is not here',
    state => {
      state.entries.splice(0, 2);
      state.first = 3;
    },
    new TallyMachine(),
  ],
])('a replica does not start on a journal %s', async (_what, change, machine) => {
  const journal = await damaged(change);
  await expect(recover(journal, group, machine, [])).rejects.toMatchObject({
    code: 'STATE_AHEAD',
    outcome: 'not-applied',
  });
});

test('a replica starts on a journal that holds what it calls committed', async () => {
  const journal = await damaged(() => {});
  const { raft } = await recover(journal, group, new TallyMachine(), []);
  expect(raft.hardState?.committed).toBeLessThanOrEqual(raft.last);
});

test('a commit index is written after the entries that it counts on, and not where they were refused', async () => {
  const written: JournalWrite[] = [];
  const answers: { resolve: () => void; reject: (error: QuorateError) => void }[] = [];
  const journal = Object.assign(new MemoryJournal(), {
    write: (write: JournalWrite) => {
      written.push(write);
      return new Promise<void>((resolve, reject) => void answers.push({ resolve, reject }));
    },
  });
  let refusedCount = 0;
  const durable: number[] = [];
  const writer = new LogWriter(journal, group, new ManualClock(), {
    onDurable: token => void durable.push(token),
    onRefused: () => refusedCount++,
    onFailed: error => {
      throw error;
    },
    install: () => Promise.resolve(),
  });
  const write = (token: number, entry: number, committed: number): RaftWrite => ({
    token: token as WriteToken,
    snapshot: undefined,
    truncateFrom: undefined,
    entries:
      entry === 0 ? [] : [{ index: entry as LogIndex, term: 1 as Term, kind: 0, payload: new Uint8Array(1) }],
    hardState: { term: token as Term, votedFor: undefined, committed: committed as LogIndex },
    sync: true,
    releases: [],
  });
  writer.submit(write(1, 1, 0), 0);
  writer.submit(write(2, 0, 1), 0);
  writer.submit(write(3, 2, 1), 0);
  expect(written).toHaveLength(1);
  answers[0]!.resolve();
  await settle();
  expect(durable).toEqual([1]);
  expect(written.map(({ entries }) => entries?.length ?? 0)).toEqual([1, 0, 1]);
  writer.submit(write(4, 0, 2), 0);
  answers[1]!.resolve();
  const full = new QuorateError('STORAGE_FULL', 'No room', { outcome: 'not-applied', retryable: true });
  answers[2]!.reject(full);
  await settle();
  expect(durable).toEqual([1, 2]);
  expect(refusedCount).toBe(1);
  expect(written).toHaveLength(3);
  await writer.end();
});

/** A state machine that has stored its state, up to this entry. */
function ahead(index: number): TallyMachine {
  return Object.assign(new TallyMachine(), { appliedIndex: index as LogIndex });
}
