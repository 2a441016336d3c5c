import { groupId, type Journal, logIndex } from '@quorate/core';
import { expect, test } from 'vitest';
import { CrashDisk } from './crash-disk.ts';
import { group, nothing, open, range, save } from './small-journal.ts';

/** Three entries and a snapshot at the last. */
async function filled(): Promise<Journal> {
  const journal = await open(new CrashDisk());
  await journal.write({ group, entries: range(1, 3, 10) });
  await save(journal, 3);
  return journal;
}

/** What no caller's types allow. */
const wrong = (value: unknown): never => value as never;

test.each<[string, (journal: Journal) => Promise<unknown>, Error]>([
  [
    'a read between entries',
    journal => journal.read(group, wrong(1.5), wrong(2.5)),
    new RangeError('Entries of group 1 must be within 1 to 4: received 1.5 to 2.5'),
  ],
  [
    'a read up to between entries',
    journal => journal.read(group, logIndex(1), wrong(2.5)),
    new RangeError('Entries of group 1 must be within 1 to 4: received 1 to 2.5'),
  ],
  [
    'a read of nothing between entries',
    journal => journal.read(group, wrong(1.5), wrong(1.5)),
    new RangeError('Entries of group 1 must be within 1 to 4: received 1.5 to 1.5'),
  ],
  [
    'a read from what is no number',
    journal => journal.read(group, wrong('1'), logIndex(2)),
    new RangeError('Entries of group 1 must be within 1 to 4: received 1 to 2'),
  ],
  [
    'a read of NaN bytes',
    journal => journal.read(group, logIndex(1), logIndex(2), { bytesMax: Number.NaN }),
    new RangeError('Bytes to read must be a number of at least 0: received NaN'),
  ],
  [
    'a read of less than no bytes',
    journal => journal.read(group, logIndex(1), logIndex(2), { bytesMax: -1 }),
    new RangeError('Bytes to read must be a number of at least 0: received -1'),
  ],
  [
    'compaction up to between entries',
    journal => journal.compact(group, wrong(1.5)),
    new RangeError('Index must be an integer from 0 to 2^53 - 1: received 1.5'),
  ],
  [
    'compaction of a group that is not there up to NaN',
    journal => journal.compact(groupId(2), wrong(Number.NaN)),
    new RangeError('Index must be an integer from 0 to 2^53 - 1: received NaN'),
  ],
  [
    'a snapshot without a membership',
    journal => journal.saveSnapshot(group, wrong({ index: 3, term: 1 }), nothing()),
    new TypeError('Membership must be a Uint8Array: received undefined'),
  ],
])('%s is refused and says why', async (_what, call, error) => {
  const journal = await filled();
  await expect(call(journal)).rejects.toThrow(error);
  expect(journal.recover(group)).toMatchObject({ first: 1, last: 3 });
});

test('there is no term between entries', async () => {
  const journal = await filled();
  expect(journal.termAt(group, wrong(1.5))).toBeUndefined();
  expect(journal.termAt(group, wrong(Number.NaN))).toBeUndefined();
});
