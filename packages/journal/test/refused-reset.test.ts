import { type Journal, logIndex, ManualClock } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { CrashDisk } from './crash-disk.ts';
import { codeOf, entry, fill, group, open, reopen, save, turns } from './small-journal.ts';

/** A full disk, a snapshot from which its log has to go on, and, so many turns later, a write that is refused. */
async function refusedWrite(delay: number): Promise<{
  disk: CrashDisk;
  journal: Journal;
  last: number;
  saved: Promise<string | undefined>;
  wrote: Promise<string | undefined>;
}> {
  const disk = new CrashDisk();
  disk.capacity = 200_000;
  const clock = new ManualClock();
  const journal = await open(disk, { clock });
  const last = await fill(journal);
  clock.advance(100);
  const saved = codeOf(save(journal, last, 7));
  await turns(delay);
  const wrote = codeOf(journal.write({ group, entries: [entry(last + 1, 8000)] }));
  return { disk, journal, last, saved, wrote };
}

describe('right after a write that was refused together with the reset for a snapshot', () => {
  test('a compaction drops nothing for which no snapshot stands', async () => {
    let refused = 0;
    for (let delay = 0; delay < 60; delay++) {
      const { disk, journal, last, saved, wrote } = await refusedWrite(delay);
      await wrote;
      await journal.compact(group, logIndex(last));
      if ((await saved) === 'ok') continue;
      refused++;
      const held = { snapshot: undefined, first: 1, last };
      expect([delay, journal.recover(group)]).toMatchObject([delay, held]);
      const next = await reopen(disk);
      expect([delay, next.recover(group)]).toMatchObject([delay, held]);
    }
    expect(refused).toBeGreaterThan(0);
  });
});
