import { describe, expect, test } from 'vitest';
import { EtcdCluster } from './etcd-cluster.ts';
import { comparable } from './etcd-text.ts';
import { type Transcript, transcripts } from './transcript.ts';

const { absent, found } = transcripts('interaction');

describe(`etcd's interaction transcripts (needs QUORATE_TESTDATA)`, () => {
  test('are there', ctx => {
    ctx.skip(absent !== undefined, absent);
    expect(found.length).toBeGreaterThan(0);
  });

  for (const transcript of found) {
    test(`${transcript.name}: ${transcript.blocks.length} blocks`, () => {
      // Where a transcript prints nothing, a replay proves nothing.
      expect(replay(transcript)).toBeGreaterThan(0);
    });
  }
});

/** Compares block by block. Returns how many had something to compare. */
function replay({ blocks }: Transcript): number {
  const cluster = new EtcdCluster();
  let quiet = false;
  let compared = 0;
  for (const block of blocks) {
    const printed = comparable(cluster.run(block));
    if (block.command === 'log-level') quiet = block.words[0] === 'none';
    // Where the transcript was told to be quiet it says nothing, and nothing is compared.
    if (quiet || block.options.get('log-level')?.[0] === 'none') continue;
    if (printed !== '') compared++;
    expect(printed, `line ${block.line}: ${block.command}`).toBe(comparable(block.expected));
  }
  return compared;
}
