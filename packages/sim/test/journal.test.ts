import {
  errorCode,
  groupId,
  type Journal,
  type LogEntry,
  logIndex,
  nodeId,
  type SnapshotMetadata,
  term,
} from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { openSimJournal, SimJournalState, type SimJournalOptions } from '../src/journal/sim-journal.ts';
import { type ManualDevice, ManualWorld } from './manual-device.ts';

const group = groupId(7);

function entries(from: number, to: number, ofTerm = 1): LogEntry[] {
  return Array.from({ length: to - from + 1 }, (_, offset) => ({
    index: logIndex(from + offset),
    term: term(ofTerm),
    kind: 0,
    payload: new Uint8Array(10).fill(from + offset),
  }));
}

function metadata(index: number, ofTerm = 1): SnapshotMetadata {
  return { index: logIndex(index), term: term(ofTerm), membership: new Uint8Array([1]) };
}

async function* chunksOf(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield new TextEncoder().encode(text);
}

class Stand {
  readonly world: ManualWorld;
  readonly state = new SimJournalState();
  readonly options: { -readonly [Key in keyof SimJournalOptions]: SimJournalOptions[Key] };
  device: ManualDevice;
  journal: Journal;

  constructor(seed = 0) {
    this.world = new ManualWorld(seed);
    this.device = this.world.device();
    this.options = { clock: this.device.clock(), syncMinUs: 1000, syncMaxUs: 1000 };
    this.journal = openSimJournal(this.device, this.state, this.options);
  }

  append(from: number, to: number, ofTerm = 1): Promise<void> {
    return this.world.until(this.journal.write({ group, entries: entries(from, to, ofTerm) }));
  }

  indexes(): readonly number[] {
    const { first, last } = this.journal.recover(group);
    return [first, last];
  }

  crash(loses: number): void {
    this.device.alive = false;
    this.world.dice.force('journal.crash-loses', loses);
    this.state.crash(this.world.dice);
    this.device = this.world.device();
    this.journal = openSimJournal(this.device, this.state, this.options);
  }
}

describe('writes', () => {
  test('what has resolved survives a crash: entries, hard state, terms', async () => {
    const stand = new Stand();
    const hardState = { term: term(3), votedFor: nodeId('b'), committed: logIndex(1) };
    const write = { group, entries: entries(1, 3, 3), hardState };
    await stand.world.until(stand.journal.write(write));
    write.entries[0]?.payload.fill(99);
    stand.crash(100);
    expect(stand.journal.recover(group)).toEqual({ hardState, snapshot: undefined, first: 1, last: 3 });
    expect(stand.journal.termAt(group, logIndex(3))).toBe(3);
    expect(stand.journal.termAt(group, logIndex(4))).toBeUndefined();
    const read = await stand.world.until(stand.journal.read(group, logIndex(1), logIndex(3)));
    expect(read.map(entry => [entry.index, entry.payload[0]])).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  test('one sync is in flight, and what is called meanwhile joins the next', async () => {
    const stand = new Stand();
    const ends: [string, number][] = [];
    const write = (name: string, from: number, to: number): void => {
      const done = stand.journal.write({ group, entries: entries(from, to) });
      void done.then(() => ends.push([name, stand.world.nowUs]));
    };
    write('a', 1, 1);
    write('b', 2, 2);
    await stand.world.advance(500);
    write('c', 3, 3);
    expect(stand.indexes()).toEqual([1, 0]);
    await stand.world.advance(5000);
    expect(ends).toEqual([
      ['a', 1000],
      ['b', 2000],
      ['c', 2000],
    ]);
    expect(stand.indexes()).toEqual([1, 3]);
  });

  test('of those that have not resolved a crash leaves the first few, and none ever settles', async () => {
    for (const loses of [0, 1, 2, 3]) {
      const stand = new Stand();
      const settled: string[] = [];
      for (let index = 1; index <= 3; index++) {
        const done = stand.journal.write({ group, entries: entries(index, index) });
        done.then(
          () => settled.push('resolved'),
          () => settled.push('rejected'),
        );
      }
      stand.crash(loses);
      await stand.world.advance(100_000);
      expect(settled).toEqual([]);
      expect(stand.indexes()).toEqual([1, 3 - loses]);
    }
  });

  test('a truncation drops the rest, in the same write as what replaces it', async () => {
    const stand = new Stand();
    await stand.append(1, 5);
    await stand.world.until(
      stand.journal.write({ group, truncateFrom: logIndex(3), entries: entries(3, 4, 2) }),
    );
    const terms = [1, 2, 3, 4, 5].map(index => stand.journal.termAt(group, logIndex(index)));
    expect(terms).toEqual([1, 1, 2, 2, undefined]);
  });

  test('must join what is there, or is on its way there', async () => {
    const stand = new Stand();
    const { journal } = stand;
    void journal.write({ group, entries: entries(1, 2) });
    await expect(journal.write({ group, entries: entries(4, 4) })).rejects.toThrow(
      new RangeError('Next entry must have index 3: received 4'),
    );
    await expect(journal.write({ group, entries: entries(2, 2) })).rejects.toThrow(RangeError);
    await expect(journal.write({ group, truncateFrom: logIndex(0) })).rejects.toThrow(
      'Truncation must begin at an entry from 1 to 3: received 0',
    );
    await expect(journal.write({ group, truncateFrom: logIndex(4) })).rejects.toThrow(RangeError);
    const bad = entries(3, 3).map(entry => ({ ...entry, kind: 256 }));
    await expect(journal.write({ group, entries: bad })).rejects.toThrow(
      'Kind of entry 3 must be an integer from 0 to 255: received 256',
    );
    void journal.write({ group, truncateFrom: logIndex(2) });
    await stand.world.until(journal.write({ group, entries: entries(2, 2, 9) }));
    expect(journal.termAt(group, logIndex(2))).toBe(9);
    await expect(journal.write({ group: groupId(8), entries: entries(2, 2) })).rejects.toThrow(RangeError);
  });

  test('a payload has a limit', async () => {
    const stand = new Stand();
    stand.journal = openSimJournal(stand.device, stand.state, { ...stand.options, recordMaxBytes: 9 });
    await expect(stand.journal.write({ group, entries: entries(1, 1) })).rejects.toThrow(
      'Payload of entry 1 must be at most 9 bytes: received 10',
    );
  });
});

describe('reads', () => {
  test('are cut off after so many bytes, but never before the first', async () => {
    const stand = new Stand();
    await stand.append(1, 5);
    const counts = [0, 10, 25, 1000].map(bytesMax =>
      stand.world.until(stand.journal.read(group, logIndex(2), logIndex(6), { bytesMax })),
    );
    expect((await Promise.all(counts)).map(read => read.length)).toEqual([1, 1, 2, 4]);
  });

  test('give copies', async () => {
    const stand = new Stand();
    await stand.append(1, 1);
    const [entry] = await stand.world.until(stand.journal.read(group, logIndex(1), logIndex(2)));
    entry?.payload.fill(99);
    const [again] = await stand.world.until(stand.journal.read(group, logIndex(1), logIndex(2)));
    expect(again?.payload[0]).toBe(1);
  });

  test('refuse what is not held', async () => {
    const stand = new Stand();
    await stand.append(1, 2);
    await expect(stand.journal.read(group, logIndex(0), logIndex(1))).rejects.toThrow(RangeError);
    await expect(stand.journal.read(group, logIndex(1), logIndex(4))).rejects.toThrow(
      'End index must be at most 3: received 4',
    );
  });

  test('end with their caller’s deadline', async () => {
    const stand = new Stand();
    Object.assign(stand.options, { latencyMinUs: 50_000, latencyMaxUs: 50_000 });
    await stand.append(1, 1);
    const read = stand.journal.read(group, logIndex(1), logIndex(2), { deadlineMs: 10 });
    await expect(stand.world.until(read)).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      outcome: 'not-applied',
    });
  });
});

describe('snapshots', () => {
  test('stand for what they cover, which may then be compacted', async () => {
    const stand = new Stand();
    await stand.append(1, 5);
    await stand.world.until(stand.journal.compact(group, logIndex(4)));
    expect(stand.indexes()).toEqual([1, 5]);
    await stand.world.until(stand.journal.saveSnapshot(group, metadata(3), chunksOf('one', 'two')));
    expect(stand.indexes()).toEqual([1, 5]);
    await expect(stand.journal.write({ group, truncateFrom: logIndex(3) })).rejects.toThrow(RangeError);
    await stand.world.until(stand.journal.compact(group, logIndex(4)));
    stand.crash(0);
    expect(stand.indexes()).toEqual([4, 5]);
    expect(stand.journal.termAt(group, logIndex(3))).toBe(1);
    expect(stand.journal.termAt(group, logIndex(2))).toBeUndefined();
    await expect(stand.journal.write({ group, truncateFrom: logIndex(3) })).rejects.toThrow(RangeError);
    await stand.append(6, 6);
  });

  test.each([
    [8, 1],
    [4, 2],
  ])('of another history at %i replace the log', async (index, ofTerm) => {
    const stand = new Stand();
    await stand.append(1, 5);
    await stand.world.until(stand.journal.saveSnapshot(group, metadata(index, ofTerm), chunksOf()));
    expect(stand.indexes()).toEqual([index + 1, index]);
    await stand.append(index + 1, index + 1);
  });

  test('never go back', async () => {
    const stand = new Stand();
    await stand.world.until(stand.journal.saveSnapshot(group, metadata(8), chunksOf()));
    await expect(
      stand.world.until(stand.journal.saveSnapshot(group, metadata(7), chunksOf())),
    ).rejects.toThrow('Index of a snapshot must be at least 8: received 7');
  });

  test.each([
    [0, 8],
    [1, undefined],
  ])('are there whole or not at all when a crash loses %i of the calls', async (loses, index) => {
    const stand = new Stand();
    void stand.journal.saveSnapshot(group, metadata(8), chunksOf('a', 'b'));
    await stand.world.advance(0);
    stand.crash(loses);
    expect(stand.journal.recover(group).snapshot?.index).toBe(index);
    const texts: string[] = [];
    const reading = (async () => {
      for await (const chunk of stand.journal.openSnapshot(group)?.chunks ?? []) {
        texts.push(new TextDecoder().decode(chunk));
      }
    })();
    await stand.world.until(reading);
    expect(texts).toEqual(index === undefined ? [] : ['a', 'b']);
  });

  test('stay readable while a newer one replaces them', async () => {
    const stand = new Stand();
    await stand.world.until(stand.journal.saveSnapshot(group, metadata(1), chunksOf('old', 'old')));
    const open = stand.journal.openSnapshot(group)?.chunks[Symbol.asyncIterator]();
    await stand.world.until(open?.next() as Promise<unknown>);
    await stand.world.until(stand.journal.saveSnapshot(group, metadata(2), chunksOf('new')));
    const next = (await stand.world.until(open?.next() as Promise<IteratorResult<Uint8Array>>))
      .value as Uint8Array;
    expect(new TextDecoder().decode(next)).toBe('old');
  });

  test('whose chunks come too late are given up, and nothing is stored', async () => {
    const stand = new Stand();
    const never = (async function* (): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(1);
      await new Promise(() => {});
    })();
    const saving = stand.journal.saveSnapshot(group, metadata(1), never, { deadlineMs: 10 });
    await expect(stand.world.until(saving)).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      outcome: 'not-applied',
    });
    expect(stand.journal.recover(group).snapshot).toBeUndefined();
  });
});

describe('a full disk', () => {
  test('refuses what needs room and what joins it, and takes it again once there is room', async () => {
    const stand = new Stand();
    await stand.append(1, 1);
    stand.state.full = true;
    const full = { code: 'STORAGE_FULL', retryable: true, outcome: 'not-applied' };
    await Promise.all([
      expect(stand.append(2, 2)).rejects.toMatchObject(full),
      expect(stand.append(3, 3)).rejects.toMatchObject(full),
    ]);
    expect(stand.indexes()).toEqual([1, 1]);
    const hardState = { term: term(2), votedFor: undefined, committed: logIndex(0) };
    await stand.world.until(stand.journal.write({ group, hardState }));
    stand.state.full = false;
    await stand.append(2, 2);
    expect(stand.journal.recover(group)).toMatchObject({ last: 2, hardState });
  });

  test('refuses what joins a refused write even where there is room by then', async () => {
    const stand = new Stand();
    stand.state.full = true;
    const codes: (string | undefined)[] = [];
    for (const index of [1, 2]) {
      const writing = stand.journal.write({ group, entries: entries(index, index) });
      writing.catch((thrown: unknown) => codes.push(errorCode(thrown)));
    }
    await stand.world.advance(1000);
    stand.state.full = false;
    await stand.world.advance(5000);
    expect(codes).toEqual(['STORAGE_FULL', 'STORAGE_FULL']);
    await stand.append(1, 2);
  });

  test('leaves other groups and earlier calls alone', async () => {
    const stand = new Stand();
    stand.state.capacityBytes = 100;
    const other = groupId(1);
    void stand.journal.write({ group: other, entries: entries(1, 1) });
    const fits = stand.journal.write({ group: other, entries: entries(2, 2) });
    const refused = stand.journal.write({ group, entries: entries(1, 1) });
    const joins = stand.journal.write({
      group,
      hardState: { term: term(1), votedFor: undefined, committed: logIndex(0) },
    });
    await Promise.all([
      expect(refused).rejects.toMatchObject({ code: 'STORAGE_FULL' }),
      expect(joins).rejects.toMatchObject({ code: 'STORAGE_FULL' }),
      stand.world.until(fits),
    ]);
    expect(stand.journal.recover(other).last).toBe(2);
    expect(stand.journal.recover(group)).toMatchObject({ last: 0, hardState: undefined });
  });

  test('gets room from compaction', async () => {
    const stand = new Stand();
    stand.state.capacityBytes = 90;
    await stand.append(1, 2);
    await expect(stand.append(3, 3)).rejects.toMatchObject({ code: 'STORAGE_FULL' });
    await stand.world.until(stand.journal.saveSnapshot(group, metadata(2), chunksOf('x')));
    await stand.world.until(stand.journal.compact(group, logIndex(2)));
    await stand.append(3, 4);
  });
});

describe('a failed sync', () => {
  test.each([0, 1, 2])(
    'ends the journal; the next opening shows what it had written (loses %i)',
    async loses => {
      const stand = new Stand();
      await stand.append(1, 1);
      stand.options.syncFailureChance = 1;
      stand.world.dice.force('journal.crash-loses', loses);
      const failed = { code: 'JOURNAL_FAILED', retryable: false };
      await Promise.all([
        expect(stand.append(2, 2)).rejects.toMatchObject({ ...failed, outcome: 'unknown' }),
        expect(stand.append(3, 3)).rejects.toMatchObject({ ...failed, outcome: 'not-applied' }),
      ]);
      stand.options.syncFailureChance = 0;
      await expect(stand.append(2, 2)).rejects.toMatchObject({
        code: 'JOURNAL_FAILED',
        outcome: 'not-applied',
      });
      expect(stand.indexes()).toEqual([1, 1]);
      stand.journal = openSimJournal(stand.device, stand.state, stand.options);
      expect(stand.indexes()).toEqual([1, loses === 0 ? 2 : 1]);
    },
  );
});

test('closing waits for what was called and refuses what comes later', async () => {
  const stand = new Stand();
  const progress = { resolved: false };
  void stand.journal.write({ group, entries: entries(1, 1) }).then(() => {
    progress.resolved = true;
  });
  await stand.world.until(stand.journal[Symbol.asyncDispose]());
  expect(progress.resolved).toBe(true);
  await expect(stand.append(2, 2)).rejects.toMatchObject({ code: 'JOURNAL_CLOSED', outcome: 'not-applied' });
});

test('disposing twice waits twice', async () => {
  const stand = new Stand();
  const write = stand.journal.write({ group, entries: entries(1, 1) });
  const first = stand.journal[Symbol.asyncDispose]();
  const second = stand.journal[Symbol.asyncDispose]();
  await stand.world.until(write);
  await stand.world.until(second);
  await stand.world.until(first);
  expect(stand.indexes()).toEqual([1, 1]);
});

test('code of a crashed node changes nothing', async () => {
  const stand = new Stand();
  const { journal } = stand;
  stand.crash(0);
  void journal.write({ group, entries: entries(1, 1) });
  await stand.world.advance(10_000);
  expect(stand.indexes()).toEqual([1, 0]);
});
