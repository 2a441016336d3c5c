import { type Journal, logIndex, ManualClock, QuorateError, term } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { decodeSnapshotHeader, encodeSnapshotHeader } from '../src/format/snapshot-format.ts';
import { CrashDisk } from './crash-disk.ts';
import {
  codeOf,
  fill,
  group,
  metadataAt,
  nothing,
  open,
  other,
  range,
  reopen,
  save,
  turns,
} from './small-journal.ts';

async function* many(): AsyncGenerator<Uint8Array> {
  for (let count = 0; count < 20; count++) yield new Uint8Array(10);
}
const stuck: AsyncIterable<Uint8Array> = {
  [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }),
};
describe('a snapshot beside a truncation that is on its way', () => {
  test('keeps the entries above it that agree with it, whenever the truncation comes', async () => {
    for (let delay = 0; delay < 40; delay++) {
      const journal = await open(new CrashDisk());
      await journal.write({ group, entries: range(1, 10) });
      const saved = save(journal, 6, 2);
      await turns(delay);
      // Refused where the snapshot is there already: then entry 6 is part of it, and can no longer be truncated.
      const wrote = await codeOf(
        journal.write({ group, truncateFrom: logIndex(5), entries: range(5, 10, 100, 2) }),
      );
      await saved;
      if (wrote === 'ok') expect([delay, journal.recover(group).last]).toEqual([delay, 10]);
      else expect([delay, journal.recover(group).last]).toEqual([delay, 6]);
    }
  });
});

describe('a snapshot whose reset finds no room', () => {
  test('is taken back: what is acknowledged later stays', async () => {
    let refused = 0;
    for (let delay = 0; delay < 30; delay++) {
      const disk = new CrashDisk();
      disk.capacity = 200_000;
      const clock = new ManualClock();
      const journal = await open(disk, { clock });
      const last = await fill(journal);
      const saved = codeOf(save(journal, last, 7));
      await turns(delay);
      clock.advance(100);
      const more = codeOf(journal.write({ group, entries: range(last + 1, last + 1, 3000) }));
      const outcome = await saved;
      await more;
      if (outcome === 'ok') continue;
      refused++;
      expect([delay, outcome]).toEqual([delay, 'STORAGE_FULL']);
      expect(journal.recover(group)).toMatchObject({ snapshot: undefined, last });
      disk.capacity = 1_000_000;
      clock.advance(100);
      await journal.write({ group, entries: range(last + 1, last + 5, 100, 8) });
      const next = await reopen(disk);
      expect(next.recover(group)).toMatchObject({ snapshot: undefined, last: last + 5 });
    }
    expect(refused).toBeGreaterThan(0);
  });
});

describe('a snapshot that is being taken back', () => {
  /** A journal whose disk is full, and a save that is refused; its file's removal waits. */
  async function refused(): Promise<{
    disk: CrashDisk;
    journal: Journal;
    last: number;
    saved: Promise<string | undefined>;
    remove: () => void;
    held: ReturnType<Journal['openSnapshot']>;
  }> {
    const disk = new CrashDisk();
    disk.capacity = 200_000;
    const clock = new ManualClock();
    const journal = await open(disk, { clock });
    const last = await fill(journal);
    // The reserve is used up as well.
    const hardState = { term: term(1), votedFor: undefined, committed: logIndex(0) };
    while ((await codeOf(journal.write({ group: other, hardState }))) === 'ok');
    const removing = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const real = disk.remove.bind(disk);
    disk.remove = async name => {
      if (name.endsWith('.snap')) {
        removing.resolve();
        await gate.promise;
      }
      await real(name);
    };
    const saved = codeOf(save(journal, last, 7));
    let held: ReturnType<Journal['openSnapshot']>;
    while (held === undefined) {
      await Promise.resolve();
      held = journal.openSnapshot(group);
    }
    await removing.promise;
    disk.capacity = 1_000_000;
    clock.advance(100);
    return { disk, journal, last, saved, remove: gate.resolve, held };
  }

  test('lets nothing be acknowledged that would be lost with it', async () => {
    const { disk, journal, last, saved, remove } = await refused();
    const more = range(last + 1, last + 1, 100, 8);
    expect(await codeOf(journal.write({ group, entries: more }))).toBe('STORAGE_FULL');
    remove();
    expect(await saved).toBe('STORAGE_FULL');
    await journal.write({ group, entries: more });
    expect((await reopen(disk)).recover(group)).toMatchObject({ snapshot: undefined, last: last + 1 });
  });

  test('is not read any more, and its reader touches no later one of its name', async () => {
    const { disk, journal, last, saved, remove, held } = await refused();
    remove();
    await saved;
    await journal[Symbol.asyncDispose]();
    const next = await open(disk);
    await save(next, last, 7);
    expect(await codeOf(Array.fromAsync(held?.chunks ?? []))).toBe('NOT_FOUND');
    expect((await reopen(disk)).recover(group)).toMatchObject({ snapshot: { index: last }, last });
  });
});

describe('a snapshot whose name could not be made durable', () => {
  test.each(['rename', 'syncNames'] as const)('ends the journal: %s', async call => {
    const disk = new CrashDisk();
    const journal = await open(disk);
    await journal.write({ group, entries: range(1, 3) });
    const failing = async (): Promise<never> => {
      throw new QuorateError('IO_FAILED', 'No names');
    };
    Object.assign(disk, { [call]: failing });
    await expect(save(journal, 10, 2)).rejects.toMatchObject({
      code: 'JOURNAL_FAILED',
      outcome: 'unknown',
    });
    Reflect.deleteProperty(disk, call);
    await expect(journal.write({ group, entries: range(4, 4) })).rejects.toMatchObject({
      code: 'JOURNAL_FAILED',
      outcome: 'not-applied',
    });
    await journal[Symbol.asyncDispose]();
  });
});

describe('a save when the journal is closed', () => {
  test('ends before the lock is let go, though its source stands still', async () => {
    const disk = new CrashDisk();
    const journal = await open(disk);
    await journal.write({ group, entries: range(1, 1) });
    const saves = [
      journal.saveSnapshot(group, metadataAt(1), stuck),
      journal.saveSnapshot(group, metadataAt(1), stuck),
    ].map(codeOf);
    await turns(30);
    await journal[Symbol.asyncDispose]();
    expect(await Promise.all(saves)).toEqual(['JOURNAL_CLOSED', 'JOURNAL_CLOSED']);
    expect(disk.names.filter(name => name.includes('snap'))).toEqual([]);
    expect(await codeOf(save(journal, 1))).toBe('JOURNAL_CLOSED');
  });

  test('touches the folder no more once it is closed', async () => {
    for (let delay = 0; delay < 60; delay++) {
      const disk = new CrashDisk();
      const journal = await open(disk);
      await journal.write({ group, entries: range(1, 1) });
      const remove = disk.remove.bind(disk);
      disk.remove = async name => {
        await turns(40);
        await remove(name);
      };
      const saved = codeOf(journal.saveSnapshot(group, metadataAt(1), many()));
      await turns(delay);
      await journal[Symbol.asyncDispose]();
      const { calls } = disk;
      expect([delay, ['ok', 'JOURNAL_CLOSED'].includes(String(await saved))]).toEqual([delay, true]);
      await turns(50);
      expect([delay, disk.calls]).toEqual([delay, calls]);
    }
  });

  test('is waited for where it is being renamed', async () => {
    const disk = new CrashDisk();
    const journal = await open(disk);
    const renaming = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    const rename = disk.rename.bind(disk);
    disk.rename = async (from, to) => {
      renaming.resolve();
      await held.promise;
      await rename(from, to);
    };
    const saved = codeOf(save(journal, 1));
    await renaming.promise;
    const closed = journal[Symbol.asyncDispose]();
    await turns(100);
    expect(await codeOf(open(disk))).toBe('ALREADY_OPEN');
    held.resolve();
    await closed;
    expect(await saved).toBe('ok');
    expect((await open(disk)).recover(group).snapshot).toMatchObject({ index: 1 });
  });
});

describe('the wait for a save', () => {
  test('ends while it waits for its turn, and the one behind it has its turn all the same', async () => {
    const clock = new ManualClock();
    const journal = await open(new CrashDisk(), { clock });
    const controller = new AbortController();
    const first = codeOf(journal.saveSnapshot(group, metadataAt(5), stuck, { signal: controller.signal }));
    const second = codeOf(journal.saveSnapshot(group, metadataAt(6), nothing(), { deadlineMs: 1000 }));
    const third = codeOf(save(journal, 7));
    await turns(20);
    clock.advance(1000);
    expect(await second).toBe('DEADLINE_EXCEEDED');
    controller.abort();
    expect(await first).toBe('ABORTED');
    expect(await third).toBe('ok');
    expect(journal.recover(group).snapshot).toMatchObject({ index: 7 });
  });
});

test('a membership is copied at the call, out of a Node Buffer too', async () => {
  const journal = await open(new CrashDisk());
  const membership = Buffer.from('abc');
  const saved = journal.saveSnapshot(group, { ...metadataAt(5), membership }, nothing());
  membership.fill('x');
  await saved;
  const held = journal.recover(group).snapshot?.membership;
  membership.fill('y');
  expect(held).toEqual(new TextEncoder().encode('abc'));
});

test('a membership that is read is no view of what it was read from', () => {
  const { bytes } = encodeSnapshotHeader(1, { ...metadataAt(5), membership: Uint8Array.of(1, 2, 3) });
  const read = Buffer.from(bytes);
  const decoded = decodeSnapshotHeader(read, 1);
  read.fill(9);
  expect(decoded).toMatchObject({ metadata: { membership: Uint8Array.of(1, 2, 3) } });
});
