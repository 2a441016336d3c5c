import { groupId, type Journal, type LogEntry, logIndex, nodeId, term } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { createMemoryJournal } from '../src/index.ts';

const group = groupId(1);

const entry = (index: number, text = `entry ${index}`, inTerm = 1): LogEntry => ({
  index: logIndex(index),
  term: term(inTerm),
  kind: 0,
  payload: new TextEncoder().encode(text),
});

async function textsOf(journal: Journal, from: number, to: number, bytesMax?: number): Promise<string[]> {
  const limit = bytesMax === undefined ? {} : { bytesMax };
  const entries = await journal.read(group, logIndex(from), logIndex(to), limit);
  return entries.map(({ payload }) => new TextDecoder().decode(payload));
}

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield new TextEncoder().encode(text);
}

async function holding(count: number): Promise<Journal> {
  const journal = createMemoryJournal();
  await journal.write({ group, entries: Array.from({ length: count }, (_, at) => entry(at + 1)) });
  return journal;
}

const metadata = (index: number, inTerm = 1) => ({
  index: logIndex(index),
  term: term(inTerm),
  membership: Uint8Array.of(7),
});

describe('a journal in memory', () => {
  test('holds entries, hard state and nothing of another group', async () => {
    await using journal = await holding(3);
    const hardState = { term: term(2), votedFor: nodeId('a'), committed: logIndex(1) };
    await journal.write({ group, truncateFrom: logIndex(3), entries: [entry(3, 'anew', 2)], hardState });
    expect(journal.capabilities.durability).toBe('memory');
    expect(journal.recover(group)).toEqual({ hardState, snapshot: undefined, first: 1, last: 3 });
    expect(await textsOf(journal, 1, 4)).toEqual(['entry 1', 'entry 2', 'anew']);
    expect(await textsOf(journal, 1, 4, 8)).toEqual(['entry 1']);
    expect(journal.termAt(group, logIndex(3))).toBe(2);
    expect(journal.recover(groupId(2)).last).toBe(0);
  });

  test('keeps copies, and gives copies away', async () => {
    await using journal = createMemoryJournal();
    const one = entry(1);
    await journal.write({ group, entries: [one] });
    one.payload.fill(0);
    const [read] = await journal.read(group, logIndex(1), logIndex(2));
    read?.payload.fill(0);
    expect(await textsOf(journal, 1, 2)).toEqual(['entry 1']);
  });

  test('a write that does not join is refused whole', async () => {
    await using journal = await holding(2);
    await expect(journal.write({ group, entries: [entry(4)] })).rejects.toThrow(
      new RangeError('Next entry must have index 3: received 4'),
    );
    await expect(journal.write({ group, truncateFrom: logIndex(9) })).rejects.toThrow(RangeError);
    expect(journal.recover(group).last).toBe(2);
    expect(() => createMemoryJournal({ recordMaxBytes: 0 })).toThrow(RangeError);
  });

  test('a snapshot stands for what is compacted, and one of another history for everything', async () => {
    await using journal = await holding(5);
    await journal.saveSnapshot(group, metadata(3), chunks('a', 'b'));
    await journal.compact(group, logIndex(5));
    expect(journal.recover(group)).toMatchObject({ first: 4, last: 5, snapshot: { index: 3 } });
    expect(journal.termAt(group, logIndex(3))).toBe(1);
    await expect(journal.read(group, logIndex(3), logIndex(4))).rejects.toThrow(RangeError);
    const open = journal.openSnapshot(group);
    await journal.saveSnapshot(group, metadata(5, 9), chunks('c'));
    expect(journal.recover(group)).toMatchObject({ first: 6, last: 5, snapshot: { term: 9 } });
    const texts: string[] = [];
    for await (const chunk of open?.chunks ?? []) texts.push(new TextDecoder().decode(chunk));
    expect(texts).toEqual(['a', 'b']);
    await expect(journal.saveSnapshot(group, metadata(4), chunks())).rejects.toThrow(RangeError);
  });

  test('a snapshot that is given up changes nothing', async () => {
    await using journal = await holding(2);
    const controller = new AbortController();
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield Uint8Array.of(1);
      await new Promise(() => {});
    }
    const saved = journal.saveSnapshot(group, metadata(2), endless(), { signal: controller.signal });
    controller.abort();
    await expect(saved).rejects.toMatchObject({ code: 'ABORTED', outcome: 'not-applied' });
    expect(journal.openSnapshot(group)).toBeUndefined();
  });

  test('closed, it takes nothing and holds nothing', async () => {
    const journal = await holding(2);
    await journal[Symbol.asyncDispose]();
    await expect(journal.write({ group, entries: [entry(3)] })).rejects.toMatchObject({ code: 'CLOSED' });
    await expect(journal.compact(group, logIndex(1))).rejects.toMatchObject({ code: 'CLOSED' });
    expect(journal.recover(group).last).toBe(0);
  });
});
