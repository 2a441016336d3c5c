import { groupId, type LogIndex, ManualClock, nodeId, type Term } from '@quorate/core';
import { expect, test } from 'vitest';
import { EntryFetcher } from '../../src/replica/entry-fetcher.ts';
import { settle } from './group.ts';
import { MemoryJournal } from './memory-journal.ts';

const group = groupId(0);

async function journalOf(count: number): Promise<MemoryJournal> {
  const journal = new MemoryJournal();
  const entries = Array.from({ length: count }, (_, at) => ({
    index: (at + 1) as LogIndex,
    term: 1 as Term,
    kind: 1,
    payload: new Uint8Array(10),
  }));
  await journal.write({ group, entries });
  return journal;
}

function fetchOf(from: number, to: number) {
  return { peer: nodeId('b'), from: from as LogIndex, to: to as LogIndex, bytesMax: 30 };
}

test('a read waits for a turn of its own, though the journal could answer at once', async () => {
  const clock = new ManualClock();
  using fetcher = new EntryFetcher(await journalOf(9), group, clock);
  let isRead = false;
  const reading = fetcher.read(fetchOf(2, 9)).finally(() => (isRead = true));
  await settle();
  expect(isRead).toBe(false);
  clock.advance(1);
  expect((await reading)?.map(({ index }) => index)).toEqual([2, 3, 4]);
});

test('what was cut off or given back in that turn is told apart', async () => {
  const clock = new ManualClock();
  const journal = await journalOf(9);
  using fetcher = new EntryFetcher(journal, group, clock);
  const cutOff = fetcher.read(fetchOf(6, 9));
  const entries = [{ index: 4 as LogIndex, term: 2 as Term, kind: 1, payload: new Uint8Array(1) }];
  await journal.write({ group, truncateFrom: 4 as LogIndex, entries });
  clock.advance(1);
  expect(await cutOff).toEqual([]);
  const givenBack = fetcher.read(fetchOf(1, 4));
  journal.state.first = 3;
  journal.state.entries.splice(0, 2);
  clock.advance(1);
  expect(await givenBack).toBeUndefined();
});

test('nothing is read, and no timer is left, once it is disposed of', async () => {
  const clock = new ManualClock();
  const fetcher = new EntryFetcher(await journalOf(9), group, clock);
  let isRead = false;
  void fetcher.read(fetchOf(1, 9)).finally(() => (isRead = true));
  fetcher[Symbol.dispose]();
  clock.advance(1);
  await settle();
  expect(isRead).toBe(false);
});
