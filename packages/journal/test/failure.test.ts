import { errorCode, type Journal, logIndex, ManualClock, nodeId, term } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { openJournal } from '../src/index.ts';
import { CrashDisk } from './crash-disk.ts';
import { codeOf, entry, fill, group, metadataAt, open, other, reopen, save } from './small-journal.ts';

const write = (journal: Journal, index: number, size = 3000): Promise<void> =>
  journal.write({ group, entries: [entry(index, size)] });
async function* much(): AsyncGenerator<Uint8Array> {
  for (let count = 0; count < 40; count++) yield new Uint8Array(10_000);
}

describe('a failed sync', () => {
  test.each([true, false])('ends the journal; a disk that is done at once: %s', async atOnce => {
    const disk = new CrashDisk({ atOnce });
    const journal = await open(disk);
    await write(journal, 1);
    disk.failAt = disk.calls + 2; // the write, then its sync
    const flying = write(journal, 2);
    await expect(flying).rejects.toMatchObject({
      code: 'JOURNAL_FAILED',
      outcome: 'unknown',
      retryable: false,
    });
    await expect(write(journal, 2)).rejects.toMatchObject({ code: 'JOURNAL_FAILED', outcome: 'not-applied' });
    await expect(journal.read(group, logIndex(1), logIndex(2))).rejects.toMatchObject({
      code: 'JOURNAL_FAILED',
    });
    await expect(journal.compact(group, logIndex(1))).rejects.toMatchObject({ code: 'JOURNAL_FAILED' });
    await journal[Symbol.asyncDispose]();
    const again = await reopen(disk);
    expect(again.recover(group).last).toBe(1);
  });

  test('rejects what waits for the next sync as not applied', async () => {
    const disk = new CrashDisk();
    const journal = await open(disk);
    disk.failAt = disk.calls + 2;
    const first = write(journal, 1);
    await Promise.resolve(); // the first batch is on its way
    const second = write(journal, 2);
    await expect(first).rejects.toMatchObject({ outcome: 'unknown' });
    await expect(second).rejects.toMatchObject({ code: 'JOURNAL_FAILED', outcome: 'not-applied' });
  });
});

describe('a full disk', () => {
  test('refuses writes, keeps what was acknowledged, and is over once there is room', async () => {
    const disk = new CrashDisk();
    const clock = new ManualClock();
    disk.capacity = 200_000;
    const journal = await open(disk, { clock });
    const last = await fill(journal);
    expect(last).toBeGreaterThan(40);
    await expect(write(journal, last + 1)).rejects.toMatchObject({
      code: 'STORAGE_FULL',
      outcome: 'not-applied',
      retryable: true,
    });
    expect(journal.recover(group).last).toBe(last);
    expect(await journal.read(group, logIndex(1), logIndex(last + 1))).toHaveLength(last);
    disk.capacity = 400_000;
    clock.advance(100);
    await write(journal, last + 1);
    await journal[Symbol.asyncDispose]();
    const again = await reopen(disk);
    expect(again.recover(group).last).toBe(last + 1);
  });

  test('refuses everything that came after, of all groups, and lets through what adds nothing', async () => {
    const disk = new CrashDisk();
    disk.capacity = 200_000;
    const journal = await open(disk);
    const last = await fill(journal);
    const hardState = { term: term(2), votedFor: nodeId('a'), committed: logIndex(0) };
    const results = await Promise.allSettled([
      write(journal, last + 1),
      write(journal, last + 2),
      journal.write({ group: other, hardState }),
      journal.write({ group, hardState }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled', 'rejected']);
    expect(journal.recover(other).hardState).toEqual(hardState);
    await journal.write({ group, truncateFrom: logIndex(last) });
    expect(journal.recover(group).last).toBe(last - 1);
  });

  test.each([
    ['lets through what adds nothing', false, 'ok'],
    ['refuses what adds nothing once its reserve is used up', true, 'STORAGE_FULL'],
  ])('%s though others try their refused writes again at once', async (_what, isUsedUp, outcome) => {
    const disk = new CrashDisk();
    disk.capacity = 200_000;
    const journal = await open(disk);
    const last = await fill(journal);
    const hardState = { term: term(2), votedFor: nodeId('a'), committed: logIndex(0) };
    const vote = (): Promise<string | undefined> => codeOf(journal.write({ group: other, hardState }));
    if (isUsedUp) while ((await vote()) === 'ok');
    let tries = 0;
    const voted = { isDone: false };
    const insist = async (): Promise<void> => {
      while (!voted.isDone && tries < 100) {
        tries++;
        try {
          await write(journal, last + 1);
        } catch (error) {
          expect(errorCode(error)).toBe('STORAGE_FULL');
        }
      }
    };
    const insisting = insist();
    expect(await vote()).toBe(outcome);
    voted.isDone = true;
    await insisting;
    expect(tries).toBeLessThan(10);
  });

  test('is made room on by a snapshot and compaction, without any other help', async () => {
    const disk = new CrashDisk();
    disk.capacity = 200_000;
    const journal = await open(disk);
    const last = await fill(journal);
    await expect(journal.saveSnapshot(group, metadataAt(last), much())).rejects.toMatchObject({
      code: 'STORAGE_FULL',
      outcome: 'not-applied',
    });
    expect(disk.names.filter(name => name.endsWith('.tmp'))).toEqual([]);
    await save(journal, last);
    await journal.compact(group, logIndex(last));
    for (let index = last + 1; index < last + 100; index++) {
      await write(journal, index);
      await save(journal, index);
      await journal.compact(group, logIndex(index));
    }
    expect(journal.recover(group)).toMatchObject({ first: last + 100, last: last + 99 });
  });
});

describe('group commit', () => {
  test('everything that is written in one turn, and during a sync, shares one', async () => {
    const disk = new CrashDisk();
    const journal = await open(disk);
    const before = disk.calls;
    const writes = [1, 2, 3, 4, 5].map(index => write(journal, index, 10));
    const others = journal.write({ group: other, entries: [entry(1, 10)] });
    await Promise.all([...writes, others]);
    expect(disk.calls - before).toBe(2);
    const first = write(journal, 6, 10);
    await Promise.resolve();
    const rest = [7, 8, 9].map(index => write(journal, index, 10));
    await Promise.all([first, ...rest]);
    expect(disk.calls - before).toBe(6);
  });
});

describe('an idle group', () => {
  test('does not pin the segments of a busy one', async () => {
    const disk = new CrashDisk();
    const journal = await open(disk);
    await journal.write({
      group: other,
      entries: [entry(1, 100)],
      hardState: { term: term(5), votedFor: undefined, committed: logIndex(1) },
    });
    for (let index = 1; index <= 400; index++) {
      await write(journal, index, 4000);
      if (index % 20 !== 0) continue;
      await save(journal, index);
      await journal.compact(group, logIndex(index));
    }
    expect(disk.names.filter(name => name.startsWith('segment')).length).toBeLessThanOrEqual(5);
    await journal[Symbol.asyncDispose]();
    const again = await reopen(disk);
    expect(again.recover(other)).toMatchObject({ first: 1, last: 1, hardState: { term: 5 } });
    expect(await again.read(other, logIndex(1), logIndex(2))).toEqual([entry(1, 100)]);
  });
});

describe('snapshots', () => {
  test('stay readable while newer ones replace them, and are removed after', async () => {
    const disk = new CrashDisk();
    const journal = await open(disk);
    await journal.saveSnapshot(group, metadataAt(5), much());
    const held = journal.openSnapshot(group);
    await save(journal, 9);
    await journal.compact(group, logIndex(9));
    expect(disk.names.filter(name => name.endsWith('.snap'))).toHaveLength(2);
    let byteCount = 0;
    for await (const chunk of held?.chunks ?? []) byteCount += chunk.length;
    expect(byteCount).toBe(400_000);
    expect(disk.names.filter(name => name.endsWith('.snap'))).toHaveLength(1);
  });

  test('a source that stands still ends with the deadline, and leaves nothing', async () => {
    const disk = new CrashDisk();
    const clock = new ManualClock();
    const journal = await open(disk, { clock });
    const stuck = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) };
    const saved = journal.saveSnapshot(group, metadataAt(5), stuck, {
      deadlineMs: 1000,
    });
    const refused = saved.catch((error: unknown) => errorCode(error));
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    clock.advance(1000);
    expect(await refused).toBe('DEADLINE_EXCEEDED');
    await journal[Symbol.asyncDispose]();
    expect(disk.names.filter(name => name.includes('snap'))).toEqual([]);
    expect(journal.recover(group).snapshot).toBeUndefined();
  });
});

describe('limits', () => {
  test.each([
    ['a gap', { group, entries: [entry(2)] }, 'Next entry of group 1 must have index 1: received 2'],
    [
      'a payload',
      { group, entries: [entry(1, 8193)] },
      'Payload of entry 1 must be at most 8192 bytes: received 8193',
    ],
    [
      'a kind',
      { group, entries: [{ ...entry(1), kind: 256 }] },
      'Kind of entry 1 must be an integer from 0 to 255: received 256',
    ],
    [
      'a truncation',
      { group, truncateFrom: logIndex(2) },
      'Truncation of group 1 must begin at an entry from 1 to 1: received 2',
    ],
    [
      'a write',
      { group, entries: Array.from({ length: 5 }, (_, at) => entry(at + 1, 8000)) },
      'A write must take at most 32768 bytes: received 40240',
    ],
  ])('%s is refused and says its limit', async (_what, bad, message) => {
    const journal = await open(new CrashDisk());
    await expect(journal.write(bad)).rejects.toThrow(new RangeError(message));
    await write(journal, 1);
    expect(journal.recover(group).last).toBe(1);
  });

  test('groups, bytes that wait, and a journal that was closed', async () => {
    const disk = new CrashDisk();
    const journal = await openJournal({ disk, segmentBytes: 65_536, groupsMax: 1, pendingBytesMax: 5000 });
    const results = await Promise.allSettled([write(journal, 1), write(journal, 2), write(journal, 2)]);
    expect(results[1]).toMatchObject({
      reason: { code: 'JOURNAL_BUSY', outcome: 'not-applied', retryable: true },
    });
    await expect(journal.write({ group: other, entries: [entry(1)] })).rejects.toThrow(
      'Groups of a journal must be at most 1: received one more',
    );
    await journal[Symbol.asyncDispose]();
    await expect(write(journal, 2)).rejects.toMatchObject({ code: 'JOURNAL_CLOSED', outcome: 'not-applied' });
  });

  test('options out of their bounds', async () => {
    const disk = new CrashDisk();
    await expect(openJournal({ disk, segmentBytes: 100 })).rejects.toThrow(
      'Segment size must be an integer from 65536 to 1073741824: received 100',
    );
  });
});
