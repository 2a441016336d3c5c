// Run by the pack check on Node 22, 24 and 26, against the packed package in a project of its own.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { groupId, logIndex, nodeId, term } from '@quorate/core';
import { folderDisk, openJournal } from '@quorate/journal';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quorate-journal-smoke-'));
const group = groupId(1);
const metadata = { index: logIndex(40), term: term(1), membership: Uint8Array.of(1) };

async function* contents() {
  yield new Uint8Array(100_000).fill(3);
}

try {
  for (const mode of ['blocking', 'pool']) {
    const disk = folderDisk(path.join(folder, mode), { mode });
    const options = { disk, segmentBytes: 65_536 };
    const journal = await openJournal(options);
    await assert.rejects(openJournal(options), { code: 'ALREADY_OPEN' });
    for (let index = 1; index <= 50; index++) {
      const payload = new Uint8Array(4000).fill(index);
      await journal.write({ group, entries: [{ index: logIndex(index), term: term(1), kind: 1, payload }] });
    }
    await journal.write({
      group,
      hardState: { term: term(2), votedFor: nodeId('n1'), committed: logIndex(50) },
    });
    await journal.saveSnapshot(group, metadata, contents());
    await journal.compact(group, logIndex(40));
    await journal[Symbol.asyncDispose]();

    const again = await openJournal(options);
    const { first, last, hardState, snapshot } = again.recover(group);
    assert.deepEqual([first, last, hardState.votedFor, snapshot.index], [41, 50, 'n1', 40]);
    const [entry] = await again.read(group, logIndex(45), logIndex(46));
    assert.deepEqual(entry.payload, new Uint8Array(4000).fill(45));
    let byteCount = 0;
    for await (const chunk of again.openSnapshot(group).chunks) byteCount += chunk.length;
    assert.equal(byteCount, 100_000);
    await again[Symbol.asyncDispose]();
  }
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
