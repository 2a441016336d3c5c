// A process that writes to a journal until it is killed: for the tests of real files.
import fs from 'node:fs';
import { groupId, logIndex, term } from '@quorate/core';
import { folderDisk, openJournal } from '../src/index.ts';
import { payloadOf } from './kill-payload.ts';

const [folder, mode] = process.argv.slice(2) as [string, 'blocking' | 'pool'];
const journal = await openJournal({
  disk: folderDisk(folder, { mode }),
  segmentBytes: 1024 * 1024,
  firstSegmentBytes: 128 * 1024,
});
const group = groupId(1);
let index = journal.recover(group).last as number;

async function* contents(): AsyncGenerator<Uint8Array> {
  yield payloadOf(index);
}

for (;;) {
  const entries = Array.from({ length: 1 + (index % 5) }, (_, at) => {
    const next = index + 1 + at;
    return { index: logIndex(next), term: term(1), kind: 0, payload: payloadOf(next) };
  });
  await journal.write({ group, entries });
  index += entries.length;
  // Told on a blocking pipe, so that what was said is out before the next write.
  fs.writeSync(1, `${index}\n`);
  if (index <= 100 || index % 97 > 5) continue;
  const metadata = { index: logIndex(index - 3), term: term(1), membership: new Uint8Array(0) };
  await journal.saveSnapshot(group, metadata, contents());
  await journal.compact(group, logIndex(index - 60));
}
