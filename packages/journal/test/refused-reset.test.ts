import {
  errorCode,
  groupId,
  type Journal,
  type LogEntry,
  logIndex,
  ManualClock,
  seededRandom,
  term,
} from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { openJournal } from '../src/index.ts';
import { CrashDisk } from './crash-disk.ts';

const group = groupId(1);
const entry = (index: number, size: number, ofTerm = 1): LogEntry => ({
  index: logIndex(index),
  term: term(ofTerm),
  kind: 0,
  payload: new Uint8Array(size).fill(index),
});
async function* nothing(): AsyncGenerator<Uint8Array> {}
const codeOf = (promise: Promise<unknown>): Promise<string | undefined> =>
  promise.then(
    () => 'ok',
    (error: unknown) => errorCode(error),
  );
const open = (disk: CrashDisk, clock = new ManualClock()): Promise<Journal> =>
  openJournal({ disk, segmentBytes: 65_536, clock, random: seededRandom(1) });

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
  const journal = await open(disk, clock);
  let last = 0;
  while ((await codeOf(journal.write({ group, entries: [entry(last + 1, 3000)] }))) === 'ok') last++;
  clock.advance(100);
  const metadata = { index: logIndex(last), term: term(7), membership: new Uint8Array(0) };
  const saved = codeOf(journal.saveSnapshot(group, metadata, nothing()));
  for (let turn = 0; turn < delay; turn++) await Promise.resolve();
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
      const next = await open(disk.after('none', seededRandom(1)));
      expect([delay, next.recover(group)]).toMatchObject([delay, held]);
    }
    expect(refused).toBeGreaterThan(0);
  });
});
