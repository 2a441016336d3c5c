import { describe, expect, test } from 'vitest';
import { jointVote, majorityIndex, majorityVote, type VoteResult } from '../../src/raft/quorum.ts';
import { type TranscriptBlock, transcripts } from './transcript.ts';

const { absent, found } = transcripts('quorum');

describe(`etcd's quorum transcripts (needs QUORATE_TESTDATA)`, () => {
  test('are there', ctx => {
    ctx.skip(absent !== undefined, absent);
    expect(found.length).toBeGreaterThan(0);
  });

  for (const { name, blocks } of found) {
    test(`${name}: ${blocks.length} blocks`, () => {
      for (const block of blocks) {
        const lastLine = block.expected.trim().split('\n').at(-1) ?? '';
        expect(answer(block), `line ${block.line}`).toBe(lastLine.replace(/^.*quorum>/, ''));
      }
    });
  }
});

test('the majority of one to seven voters', () => {
  expect(
    [1, 2, 3, 4, 5, 6, 7].map(count => majorityIndex([1, 2, 3, 4, 5, 6, 7].slice(0, count), count)),
  ).toEqual([1, 1, 2, 2, 3, 3, 4]);
  expect(majorityIndex([9, 9, 9, 1], 3)).toBe(9);
});

test('a joint vote is lost with either half and won with both', () => {
  const results: VoteResult[] = ['won', 'lost', 'pending'];
  const table = results.map(incoming => results.map(outgoing => jointVote(incoming, outgoing)));
  expect(table).toEqual([
    ['won', 'lost', 'pending'],
    ['lost', 'lost', 'lost'],
    ['pending', 'lost', 'pending'],
  ]);
});

/** What our functions say to a block: the values are given once per voter, in the order of first mention. */
function answer(block: TranscriptBlock): string {
  const incoming = block.options.get('cfg') ?? [];
  const joint = block.options.get('cfgj');
  const outgoing = joint === undefined || joint[0] === 'zero' ? [] : joint;
  const given = block.options.get(block.command === 'vote' ? 'votes' : 'idx') ?? [];
  const voters = [...new Set([...incoming, ...outgoing])];
  const values = new Map(voters.map((voter, at) => [voter, given[at] ?? '_']));
  if (block.command === 'committed') {
    const index = (side: readonly string[]) =>
      majorityIndex(
        side.map(id => Number(values.get(id)) || 0),
        side.length,
      );
    const result = joint === undefined ? index(incoming) : Math.min(index(incoming), index(outgoing));
    return result === Number.POSITIVE_INFINITY ? '∞' : String(result);
  }
  const vote = (side: readonly string[]) =>
    majorityVote(
      side.filter(id => values.get(id) === 'y').length,
      side.filter(id => values.get(id) === 'n').length,
      side.length,
    );
  const result = joint === undefined ? vote(incoming) : jointVote(vote(incoming), vote(outgoing));
  if (joint !== undefined) expect(jointVote(vote(outgoing), vote(incoming))).toBe(result);
  return { won: 'VoteWon', lost: 'VoteLost', pending: 'VotePending' }[result];
}
