import type { LogEntry, LogIndex, Term } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { logOf, Member, message, SmallCluster, voters } from './small-cluster.ts';

function entry(index: number, term: number): LogEntry {
  return { index: index as LogIndex, term: term as Term, kind: 2, payload: Uint8Array.of(term) };
}

/** The leader's log in figure 7, at term 8. */
const figure7 = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];

describe('Raft paper, figure 7: a leader brings every follower to its own log', () => {
  test.each([
    { name: 'a', terms: [1, 1, 1, 4, 4, 5, 5, 6, 6] },
    { name: 'b', terms: [1, 1, 1, 4] },
    { name: 'c', terms: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6] },
    { name: 'd', terms: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7] },
    { name: 'e', terms: [1, 1, 1, 4, 4, 4, 4] },
    { name: 'f', terms: [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3] },
  ])('follower ($name), with terms $terms', ({ terms }) => {
    for (const eagerAppend of [false, true]) {
      const leader = new Member('l', {
        membership: voters('lfg'),
        terms: figure7,
        hardState: { term: 7 },
        eagerAppend,
      });
      const follower = new Member('f', {
        membership: voters('lfg'),
        terms,
        hardState: { term: terms.at(-1) ?? 0 },
        eagerAppend,
      });
      const cluster = new SmallCluster({ l: leader, f: follower });
      leader.raft.campaign();
      leader.flush();
      // The third voter decides the election: the follower may have a longer log.
      leader.raft.step(message('vote-reply', { from: 'g', to: 'l', term: 8 }));
      cluster.settle();
      expect(follower.terms).toEqual([...figure7, 8]);
      expect(follower.entries).toEqual(leader.entries);
      expect(leader.raft.status().committed).toBe(11);
    }
  });

  test('logs that diverge for long are matched with a probe per term, not per entry', () => {
    const terms = [1, ...Array.from({ length: 200 }, () => 3)];
    const leader = new Member('l', { membership: voters('lfg'), terms, hardState: { term: 6 } });
    const follower = new Member('f', {
      membership: voters('lfg'),
      terms: [1, ...Array.from({ length: 150 }, (_, at) => 4 + Math.floor(at / 75))],
      hardState: { term: 6 },
    });
    leader.raft.campaign();
    leader.flush();
    leader.raft.step(message('vote-reply', { from: 'g', to: 'l', term: 7 }));
    new SmallCluster({ l: leader, f: follower }).settle();
    expect(follower.terms).toEqual([...terms, 7]);
    const rejections = follower.seen.flatMap(({ messages }) =>
      messages.filter(reply => reply.type === 'append-reply' && reply.rejected),
    );
    expect(rejections.length).toBeLessThan(5);
  });
});

describe('Raft paper, figure 8: an entry of an earlier term is not committed by counting', () => {
  test('on a majority it waits for an entry of the leader’s own term', () => {
    // (c) of the figure: S1 leads again in term 4, its entry of term 2 reaches a majority.
    const leader = new Member('a', {
      membership: voters('abcde'),
      terms: [1, 2],
      hardState: { term: 3, committed: 1 },
    });
    leader.flush();
    leader.slowDisk = true;
    leader.raft.campaign();
    leader.flush();
    leader.sync();
    for (const from of ['b', 'c']) leader.raft.step(message('vote-reply', { from, term: 4 }));
    leader.flush();
    for (const from of ['b', 'c']) leader.raft.step(message('append-reply', { from, term: 4, index: 2 }));
    expect(leader.raft.status()).toMatchObject({ role: 'leader', committed: 1 });
    // (e): its entry of term 4 does, and commits the other with it.
    for (const from of ['b', 'c']) leader.raft.step(message('append-reply', { from, term: 4, index: 3 }));
    leader.sync();
    expect(leader.raft.status().committed).toBe(3);
  });

  test('S5 overwrites it when S1 crashes first, and nobody has applied it', () => {
    const cluster = new SmallCluster({
      b: new Member('b', {
        membership: voters('abcde'),
        terms: [1, 2],
        hardState: { term: 4, committed: 1 },
      }),
      c: new Member('c', {
        membership: voters('abcde'),
        terms: [1, 2],
        hardState: { term: 4, committed: 1 },
      }),
      d: new Member('d', { membership: voters('abcde'), terms: [1], hardState: { term: 4, committed: 1 } }),
      e: new Member('e', {
        membership: voters('abcde'),
        terms: [1, 3],
        hardState: { term: 4, committed: 1 },
      }),
    });
    cluster.elect('e');
    for (const id of ['b', 'c', 'd', 'e']) {
      expect(cluster.at(id).terms).toEqual([1, 3, 5]);
      expect(cluster.at(id).applied.map(({ term }) => term)).toEqual([1, 3, 5]);
    }
  });
});

describe('Ongaro 2014 §3.5: log matching', () => {
  test.each([
    { name: 'no entry there', index: 3, logTerm: 2, matches: false },
    { name: 'an entry of another term there', index: 2, logTerm: 1, matches: false },
    { name: 'the same entry there', index: 2, logTerm: 2, matches: true },
    { name: 'the beginning', index: 0, logTerm: 0, matches: true },
  ])('an append after $name: $matches', ({ index, logTerm, matches }) => {
    const member = new Member('a', { terms: [1, 2], hardState: { term: 2 } });
    member.raft.step(message('append', { term: 2, index, logTerm }));
    expect(member.flush()).toMatchObject([{ type: 'append-reply', index, rejected: !matches }]);
  });

  test('only what conflicts is dropped: an append that was overtaken cuts nothing off', () => {
    const member = new Member('a', { terms: [1, 1, 1, 1], hardState: { term: 1 } });
    member.raft.step(message('append', { index: 0, logTerm: 0, entries: [entry(1, 1), entry(2, 1)] }));
    member.raft.step(message('append', { index: 1, logTerm: 1, entries: [] }));
    expect(member.flush()).toMatchObject([{ type: 'append-reply', index: 2, rejected: false }]);
    expect(member.terms).toEqual([1, 1, 1, 1]);
    expect(member.writes).toEqual([]);
    expect(member.seen.every(({ write }) => write?.truncateFrom === undefined)).toBe(true);
  });

  test('from the first conflict on everything goes, and the write says so', () => {
    const member = new Member('a', { terms: [1, 1, 2, 2, 2], hardState: { term: 3, committed: 1 } });
    member.slowDisk = true;
    const entries = [entry(2, 1), entry(3, 3)];
    member.raft.step(message('append', { term: 3, index: 1, logTerm: 1, entries }));
    member.flush();
    expect(member.writes).toMatchObject([{ truncateFrom: 3, entries: [{ index: 3, term: 3 }], sync: true }]);
    expect(member.terms).toEqual([1, 1, 3]);
  });

  test('a follower commits what the leader has, up to what is known to match', () => {
    const member = new Member('a', { terms: [1, 1, 1], hardState: { term: 1 } });
    member.raft.step(message('append', { index: 1, logTerm: 1, commit: 3, entries: [entry(2, 1)] }));
    expect(member.raft.status().committed).toBe(2);
    member.raft.step(message('append', { index: 1, logTerm: 1, commit: 1 }));
    member.raft.step(message('heartbeat', { commit: 1 }));
    expect(member.raft.status().committed).toBe(2);
  });
});

describe('Ongaro 2014 §3.8 and §10.2.1: acknowledgements are durable', () => {
  test('a follower acknowledges when its disk has the entries, once for all that came meanwhile', () => {
    const member = new Member('a');
    member.slowDisk = true;
    member.raft.step(message('append', { entries: [entry(1, 1)] }));
    member.raft.step(message('append', { index: 1, logTerm: 1, entries: [entry(2, 1)] }));
    expect(member.flush()).toEqual([]);
    member.sync();
    expect(member.flush()).toMatchObject([{ type: 'append-reply', index: 2, rejected: false }]);
  });

  test('an append that is repeated while its write is under way is acknowledged after it, not before', () => {
    const member = new Member('a');
    member.slowDisk = true;
    member.raft.step(message('append', { entries: [entry(1, 1)] }));
    member.flush();
    member.raft.step(message('append', { entries: [entry(1, 1)] }));
    expect(member.flush()).toEqual([]);
    member.sync();
    expect(member.flush().map(reply => 'index' in reply && reply.index)).toEqual([1, 1]);
  });

  test('a leader sends before its own disk is done, and counts itself only after', () => {
    const cluster = SmallCluster.of('abc');
    cluster.elect('a');
    const leader = cluster.at('a');
    leader.slowDisk = true;
    leader.propose(7);
    expect(leader.flush().map(({ type }) => type)).toEqual(['append', 'append']);
    leader.raft.step(message('append-reply', { index: 2 }));
    expect(leader.raft.status().committed).toBe(1);
    leader.sync();
    expect(leader.raft.status().committed).toBe(2);
  });

  test('a majority of others commits without the leader’s disk, which still applies nothing it does not hold', () => {
    const cluster = SmallCluster.of('abc');
    cluster.elect('a');
    const leader = cluster.at('a');
    leader.slowDisk = true;
    leader.propose(7);
    leader.flush();
    for (const from of ['b', 'c']) leader.raft.step(message('append-reply', { from, index: 2 }));
    leader.flush();
    expect(leader.raft.status()).toMatchObject({ committed: 2, durable: 1, applied: 1 });
    leader.sync();
    leader.flush();
    expect(leader.raft.status()).toMatchObject({ durable: 2, applied: 2 });
  });

  test('the same entries written, overwritten and written again are durable with the last write alone', () => {
    const member = new Member('a', { membership: voters('abcde') });
    member.slowDisk = true;
    member.raft.step(message('append', { term: 1, entries: [entry(1, 1)] }));
    member.flush();
    member.raft.step(message('append', { from: 'c', term: 2, entries: [entry(1, 2)] }));
    member.flush();
    member.raft.step(message('append', { term: 3, entries: [entry(1, 1)] }));
    member.flush();
    expect(member.writes.map(({ truncateFrom }) => truncateFrom)).toEqual([undefined, 1, 1]);
    member.sync(1);
    expect(member.raft.status().durable).toBe(0);
    member.sync(1);
    expect(member.raft.status().durable).toBe(0);
    member.sync(1);
    expect(member.raft.status().durable).toBe(1);
    expect(member.entries).toEqual(logOf([1]));
  });
});

describe('Ongaro 2014 §3.6.2: a new leader', () => {
  test('has every committed entry, and commits what was left over by an entry of its own', () => {
    const cluster = SmallCluster.of('abc');
    cluster.elect('a');
    cluster.at('a').propose(1, 2);
    cluster.settle();
    cluster.isolate('a');
    cluster.at('a').propose(3);
    cluster.settle();
    cluster.elect('b');
    expect(cluster.at('b').terms).toEqual([1, 1, 1, 2]);
    cluster.heal();
    cluster.tick('b');
    expect(cluster.at('a').terms).toEqual([1, 1, 1, 2]);
    expect(cluster.at('a').applied.map(({ index }) => index)).toEqual([1, 2, 3, 4]);
  });
});
