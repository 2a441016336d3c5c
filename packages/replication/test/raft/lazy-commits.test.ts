import { ManualClock, type NodeId } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import type { RaftMessage } from '../../src/raft/raft-message.ts';
import { CommitNews } from '../../src/replica/commit-news.ts';
import { SmallCluster } from './small-cluster.ts';

/** Three members of whom a leads and has just committed an entry, which the others hold and do not know to be committed. */
function committedAlone(): SmallCluster {
  const cluster = SmallCluster.of('abc', { lazyCommits: true });
  cluster.elect('a');
  cluster.at('a').propose(1);
  cluster.settle();
  expect(committedOf(cluster)).toEqual([2, 1, 1]);
  return cluster;
}

function committedOf(cluster: SmallCluster): number[] {
  return [...cluster.members.values()].map(({ raft }) => raft.committed);
}

describe('a commit that waits for entries to go with', () => {
  test('leaves with them, and with nothing else', () => {
    const cluster = committedAlone();
    expect(cluster.at('a').raft.commitsWait).toBe(true);
    cluster.at('a').propose(2);
    const appends = cluster.at('a').flush();
    expect(appends).toMatchObject([
      { type: 'append', to: 'b', commit: 2, entries: { length: 1 } },
      { type: 'append', to: 'c', commit: 2, entries: { length: 1 } },
    ]);
    expect(cluster.at('a').raft.commitsWait).toBe(false);
  });

  test('leaves when it is asked for, once', () => {
    const cluster = committedAlone();
    cluster.at('a').raft.sendCommits();
    const told = cluster.at('a').flush();
    expect(told).toMatchObject([
      { type: 'append', to: 'b', commit: 2, entries: [] },
      { type: 'append', to: 'c', commit: 2, entries: [] },
    ]);
    cluster.at('a').raft.sendCommits();
    expect(cluster.at('a').flush()).toEqual([]);
    for (const message of told) cluster.at(message.to).raft.step(message);
    cluster.settle();
    expect(committedOf(cluster)).toEqual([2, 2, 2]);
  });

  test('leaves with a heartbeat', () => {
    const cluster = committedAlone();
    cluster.tick('a');
    expect(committedOf(cluster)).toEqual([2, 2, 2]);
  });

  test('does not wait where it is a change of membership: who removes itself tells the others first', () => {
    const cluster = committedAlone();
    cluster.at('a').raft.changeMembership({
      transition: 'auto',
      changes: [{ change: 'remove', node: 'a' as NodeId }],
    });
    cluster.settle();
    expect(cluster.at('a').raft.isLeader).toBe(false);
    expect(Math.min(...committedOf(cluster))).toBe(3);
  });

  test('is of no interest to who does not lead any more', () => {
    const cluster = committedAlone();
    cluster.isolate('a');
    cluster.elect('b');
    cluster.heal();
    cluster.tick('b');
    const { raft } = cluster.at('a');
    raft.sendCommits();
    expect([raft.commitsWait, cluster.at('a').flush()]).toEqual([false, []]);
  });
});

describe('the clock that asks for it', () => {
  /** What became of a core whose commits wait, as the calls that were made. */
  function watched(): {
    clock: ManualClock;
    raft: { commitsWait: boolean; last: number };
    calls: string[];
    news: CommitNews;
  } {
    const clock = new ManualClock();
    const calls: string[] = [];
    const raft = { commitsWait: true, last: 1, sendCommits: () => void calls.push('send') };
    const news = new CommitNews({
      options: { clock },
      raft: raft as never,
      schedule: () => void calls.push('flush'),
    });
    return { clock, raft, calls, news };
  }

  test('does so after a millisecond, one for all flushes until then', () => {
    const { clock, calls, news } = watched();
    news.look();
    news.look();
    clock.advance(0.5);
    expect(calls).toEqual([]);
    clock.advance(0.5);
    expect(calls).toEqual(['send', 'flush']);
  });

  test('waits on where entries took the commit along and a newer one waits', () => {
    const { clock, raft, calls, news } = watched();
    news.look();
    raft.last = 2;
    clock.advance(1);
    expect(calls).toEqual([]);
    clock.advance(1);
    expect(calls).toEqual(['send', 'flush']);
  });

  test('tells within two milliseconds where commits go on and no entries come to go with', () => {
    const cluster = SmallCluster.of('abc', { lazyCommits: true });
    cluster.elect('a');
    const [a, b] = [cluster.at('a'), cluster.at('b')];
    const count = 20;
    const acknowledgements: RaftMessage[] = [];
    for (let at = 0; at < count; at++) {
      a.propose(at);
      for (const message of a.flush()) if (message.to === 'b') b.raft.step(message);
      acknowledgements.push(...b.flush());
    }
    expect(acknowledgements).toHaveLength(count);
    const clock = new ManualClock();
    using news = new CommitNews({ options: { clock }, raft: a.raft, schedule: () => {} });
    const before = a.raft.committed;
    const told: { readonly committed: number; readonly commit: number }[] = [];
    for (const acknowledgement of acknowledgements) {
      const { committed } = a.raft;
      a.raft.step(acknowledgement);
      for (const message of a.flush()) {
        if (message.type === 'append' && message.to === 'c') told.push({ committed, commit: message.commit });
      }
      news.look();
      clock.advance(0.5);
    }
    expect(a.raft.committed).toBe(before + count);
    // Half as many as there were commits, or fewer, and none of them has old news.
    expect(told.length).toBeLessThanOrEqual(count / 2);
    expect(told.length).toBeGreaterThanOrEqual(count / 4 - 1);
    for (const { committed, commit } of told) expect(commit).toBeGreaterThanOrEqual(committed);
  });

  test('does nothing where nothing waits any more, or the replica has ended', () => {
    const { clock, raft, calls, news } = watched();
    news.look();
    raft.commitsWait = false;
    clock.advance(1);
    raft.commitsWait = true;
    news.look();
    news[Symbol.dispose]();
    clock.advance(5);
    expect(calls).toEqual([]);
  });
});
