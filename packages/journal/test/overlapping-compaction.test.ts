import { type Journal, logIndex, type RecoveredLog, term } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { CrashDisk } from './crash-disk.ts';
import {
  entry,
  group as busy,
  nothing,
  open,
  other as idle,
  range,
  reopen,
  save,
  turns,
} from './small-journal.ts';

/** Closes the journal, opens what is on disk, and says how the idle group comes back. */
async function reopened(journal: Journal, disk: CrashDisk): Promise<RecoveredLog | string> {
  await journal[Symbol.asyncDispose]();
  const next = await reopen(disk).catch((error: Error) => error.message);
  return typeof next === 'string' ? next : next.recover(idle);
}

describe('compactions that overlap', () => {
  test('do not bring back entries that one of them moves while the other drops them', async () => {
    for (let delay = 0; delay < 60; delay++) {
      const disk = new CrashDisk();
      const journal = await open(disk);
      await journal.write({ group: idle, entries: range(1, 20) });
      for (let index = 1; index <= 60; index++) {
        await journal.write({ group: busy, entries: [entry(index, 4000)] });
      }
      await save(journal, 10, 1, idle);
      await save(journal, 60, 1, busy);
      const cleaning = journal.compact(busy, logIndex(60));
      await turns(delay);
      await Promise.all([cleaning, journal.compact(idle, logIndex(10))]);
      const before = journal.recover(idle);
      expect(before).toMatchObject({ first: 11, last: 20 });
      expect([delay, await reopened(journal, disk)]).toEqual([delay, before]);
    }
  });

  test('do not lose a base behind which a lower one was repeated', async () => {
    for (let delay = 1; delay <= 3; delay++) {
      for (let upTo = 19; upTo <= 31; upTo++) {
        const disk = new CrashDisk();
        const journal = await open(disk);
        let last = 0;
        const fill = async (count: number): Promise<void> => {
          for (let n = 0; n < count; n++)
            await journal.write({ group: busy, entries: [entry(++last, 4000)] });
        };
        await journal.write({ group: idle, entries: range(1, 5) });
        await save(journal, 5, 1, idle);
        await journal.compact(idle, logIndex(5));
        await fill(16);
        await journal.write({ group: idle, entries: range(6, 12) });
        await save(journal, 10, 1, idle);
        await fill(2);
        await save(journal, last, 1, busy);
        const calls = [journal.compact(busy, logIndex(last))];
        await turns(delay);
        calls.push(journal.compact(idle, logIndex(10)));
        for (let n = 0; n < 14; n++)
          calls.push(journal.write({ group: busy, entries: [entry(++last, 4000)] }));
        await Promise.all(calls);
        await save(journal, last, 1, busy);
        await journal.compact(busy, logIndex(upTo));
        const before = journal.recover(idle);
        expect(before).toMatchObject({ first: 11, last: 12 });
        expect([delay, upTo, await reopened(journal, disk)]).toEqual([delay, upTo, before]);
      }
    }
  });

  test('do not put a base of another term behind the one that a snapshot brings', async () => {
    for (let delay = 0; delay < 60; delay++) {
      const disk = new CrashDisk();
      const journal = await open(disk);
      await journal.write({ group: idle, entries: range(1, 8) });
      await save(journal, 5, 1, idle);
      const metadata = { index: logIndex(5), term: term(2), membership: new Uint8Array(0) };
      const saving = journal.saveSnapshot(idle, metadata, nothing());
      await turns(delay);
      await Promise.all([saving, journal.compact(idle, logIndex(5))]);
      expect([delay, journal.recover(idle).last]).toEqual([delay, 5]);
      await journal.write({ group: idle, entries: [{ ...entry(6), term: term(2) }] });
      const before = journal.recover(idle);
      expect([delay, await reopened(journal, disk)]).toEqual([delay, before]);
    }
  });

  test('of one group to one index resolve once it is compacted', async () => {
    const disk = new CrashDisk();
    const journal = await open(disk);
    await journal.write({ group: idle, entries: range(1, 5) });
    await save(journal, 4, 1, idle);
    const first = journal.compact(idle, logIndex(4));
    await journal.compact(idle, logIndex(4));
    expect(journal.recover(idle).first).toBe(5);
    await first;
  });
});
