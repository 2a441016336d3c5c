import type { NodeId } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { Member, message, SmallCluster, voters } from './small-cluster.ts';

/** What a voter of (term 5, log) answers to a candidate's request. */
function vote(
  terms: number[],
  candidate: { index: number; logTerm: number; term?: number; transfer?: boolean },
): boolean {
  const voter = new Member('a', { terms, hardState: { term: 5 } });
  voter.raft.step(message('vote', { term: 6, ...candidate }));
  const reply = voter.flush().find(({ type }) => type === 'vote-reply');
  return reply?.type === 'vote-reply' && !reply.rejected;
}

describe('Ongaro 2014 §3.3: terms', () => {
  test('a replica takes up every later term, as follower', () => {
    for (const [type, leads] of [
      ['append', true],
      ['heartbeat', true],
      ['vote', false],
      ['append-reply', false],
    ] as const) {
      const cluster = SmallCluster.of('abc');
      cluster.elect('a');
      cluster.at('a').raft.step(message(type, { term: 7 }));
      const { role, term, leader } = cluster.at('a').raft.status();
      expect([type, role, term, leader]).toEqual([type, 'follower', 7, leads ? 'b' : undefined]);
    }
  });

  test('a message of an earlier term changes nothing', () => {
    const member = new Member('a', { terms: [3], hardState: { term: 5 } });
    member.raft.step(message('append', { term: 4, commit: 1, index: 1, logTerm: 3 }));
    member.raft.step(message('vote', { term: 4, index: 9, logTerm: 4 }));
    expect(member.flush()).toEqual([]);
    expect(member.raft.status()).toMatchObject({
      term: 5,
      committed: 0,
      votedFor: undefined,
      leader: undefined,
    });
  });
});

describe('Ongaro 2014 §3.4: elections', () => {
  test('a follower without a leader campaigns within one to two election timeouts, at a random time', () => {
    const timeouts = new Set<number>();
    for (let seed = 0; seed < 200; seed++) {
      const member = new Member(`a${seed}`, {
        membership: voters('bc', { voters: [`a${seed}`, 'b', 'c'] as NodeId[] }),
      });
      let ticks = 0;
      while (member.raft.status().role === 'follower') {
        member.raft.tick();
        ticks++;
      }
      timeouts.add(ticks);
    }
    expect([...timeouts].sort((a, b) => a - b)).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
  });

  test('a majority of votes wins, a majority against loses, and neither waits', () => {
    for (const [yes, no, role] of [
      [1, 0, 'candidate'],
      [2, 0, 'leader'],
      [2, 2, 'leader'],
      [1, 2, 'candidate'],
      [0, 3, 'follower'],
    ] as const) {
      const member = new Member('a', { membership: voters('abcde') });
      member.raft.campaign();
      member.flush();
      ['b', 'c', 'd', 'e'].slice(0, yes + no).forEach((from, at) => {
        member.raft.step(message('vote-reply', { from, rejected: at >= yes }));
      });
      expect([yes, no, member.raft.status().role]).toEqual([yes, no, role]);
    }
  });

  test('one vote in a term, for whoever asked first, and again for the same', () => {
    const member = new Member('a');
    const answers = ['b', 'c', 'b'].map(from => {
      member.raft.step(message('vote', { from }));
      return member.flush().map(reply => 'rejected' in reply && reply.rejected);
    });
    expect(answers).toEqual([[false], [true], [false]]);
    expect(member.hardState).toMatchObject({ term: 1, votedFor: 'b' });
  });

  test('a voter that answers twice is counted once', () => {
    const member = new Member('a', { membership: voters('abcde') });
    member.raft.campaign();
    member.flush();
    for (let copy = 0; copy < 4; copy++) member.raft.step(message('vote-reply', {}));
    expect(member.raft.status().role).toBe('candidate');
  });

  test('votes of the pre-vote do not count in the election that follows, nor of a stranger ever', () => {
    const member = new Member('a', { membership: voters('abcde'), preVote: true });
    member.raft.campaign();
    member.flush();
    // Given for an earlier asking, it is none for this.
    for (const from of ['d', 'e']) member.raft.step(message('pre-vote-reply', { from, term: 3 }));
    expect(member.raft.status().role).toBe('pre-candidate');
    for (const from of ['b', 'c']) member.raft.step(message('pre-vote-reply', { from }));
    member.flush();
    expect(member.raft.status()).toMatchObject({ role: 'candidate', term: 1 });
    for (const from of ['d', 'e']) member.raft.step(message('pre-vote-reply', { from }));
    for (const from of ['x', 'y', 'z']) member.raft.step(message('vote-reply', { from }));
    expect(member.raft.status().role).toBe('candidate');
  });

  test('a candidate follows a leader of its term', () => {
    const member = new Member('a');
    member.raft.campaign();
    member.flush();
    member.raft.step(message('heartbeat', {}));
    expect(member.raft.status()).toMatchObject({ role: 'follower', term: 1, leader: 'b', votedFor: 'a' });
  });

  test('a step down within a term keeps the vote: it was given', () => {
    const cluster = SmallCluster.of('abc', { checkQuorum: true });
    cluster.elect('a');
    cluster.isolate('a');
    for (let tick = 0; tick < 25; tick++) cluster.at('a').raft.tick();
    cluster.at('a').flush();
    expect(cluster.at('a').raft.status()).toMatchObject({ role: 'follower', term: 1, votedFor: 'a' });
    cluster.at('a').raft.step(message('vote', { from: 'c', index: 99, logTerm: 1 }));
    expect(cluster.at('a').flush()).toMatchObject([{ type: 'vote-reply', rejected: true }]);
  });
});

describe('Ongaro 2014 §3.6.1: the election restriction', () => {
  test.each([
    { terms: [1], index: 1, logTerm: 1, granted: true },
    { terms: [1], index: 2, logTerm: 1, granted: true },
    { terms: [1, 1], index: 1, logTerm: 1, granted: false },
    { terms: [1], index: 1, logTerm: 2, granted: true },
    { terms: [1], index: 2, logTerm: 2, granted: true },
    { terms: [1, 1], index: 1, logTerm: 2, granted: true },
    { terms: [2], index: 1, logTerm: 1, granted: false },
    { terms: [2], index: 2, logTerm: 1, granted: false },
    { terms: [2, 2], index: 1, logTerm: 1, granted: false },
  ])('a log of terms $terms against one that ends at $index in term $logTerm: $granted', sample => {
    expect(vote(sample.terms, sample)).toBe(sample.granted);
  });

  test('a voter at (3, 5) refuses a longer log of an earlier term and a shorter one of its own', () => {
    const log = [1, 1, 2, 2, 3];
    expect(vote(log, { index: 5, logTerm: 2 })).toBe(false);
    expect(vote(log, { index: 9, logTerm: 2 })).toBe(false);
    expect(vote(log, { index: 1, logTerm: 3 })).toBe(false);
    expect(vote(log, { index: 5, logTerm: 3 })).toBe(true);
  });
});

describe('Ongaro 2014 §3.8: votes are durable', () => {
  test('neither the own vote nor one for another counts or leaves before it is on disk', () => {
    const candidate = new Member('a');
    candidate.slowDisk = true;
    candidate.raft.campaign();
    expect(candidate.flush()).toEqual([]);
    candidate.raft.step(message('vote-reply', {}));
    expect(candidate.raft.status().role).toBe('candidate');
    candidate.sync();
    expect(candidate.raft.status().role).toBe('leader');

    const voter = new Member('a');
    voter.slowDisk = true;
    voter.raft.step(message('vote', {}));
    expect(voter.flush()).toEqual([]);
    expect(voter.writes).toMatchObject([{ hardState: { term: 1, votedFor: 'b' }, sync: true }]);
    voter.sync();
    expect(voter.flush()).toMatchObject([{ type: 'vote-reply', to: 'b', rejected: false }]);
  });

  test('a vote that was on its way to disk in an earlier term elects nobody in a later one', () => {
    const member = new Member('a', { membership: voters('a') });
    member.slowDisk = true;
    member.raft.campaign();
    member.flush();
    member.raft.step(message('heartbeat', { term: 5 }));
    member.sync();
    expect(member.raft.status()).toMatchObject({ role: 'follower', term: 5 });
  });
});

describe('Ongaro 2014 §9.6 and §4.2.3: who disturbs nobody', () => {
  test('a replica that was cut off does not raise the term, and joins again without an election', () => {
    const cluster = SmallCluster.of('abc', { preVote: true, checkQuorum: true });
    cluster.elect('a');
    cluster.isolate('c');
    cluster.tick('abc', 60);
    expect(cluster.at('c').raft.status()).toMatchObject({ role: 'pre-candidate', term: 1 });
    cluster.heal();
    cluster.tick('abc', 5);
    expect(cluster.at('a').raft.status()).toMatchObject({ role: 'leader', term: 1 });
    expect(cluster.at('c').raft.status()).toMatchObject({ role: 'follower', leader: 'a', term: 1 });
  });

  test('a replica that raised its term alone is freed from it without pre-votes, too', () => {
    const cluster = SmallCluster.of('abc', { checkQuorum: true });
    cluster.elect('a');
    cluster.isolate('c');
    cluster.tick('abc', 60);
    expect(cluster.at('c').raft.status().term).toBeGreaterThan(2);
    cluster.heal();
    cluster.tick('abc', 60);
    const leaders = ['a', 'b', 'c'].filter(id => cluster.at(id).raft.isLeader);
    expect(leaders).toHaveLength(1);
    const terms = ['a', 'b', 'c'].map(id => cluster.at(id).raft.status().term);
    expect(new Set(terms).size).toBe(1);
  });

  test('who hears a leader ignores requests for votes, unless the leader asked for them', () => {
    const cluster = SmallCluster.of('abc', { checkQuorum: true });
    cluster.elect('a');
    const request = { from: 'c', to: 'b', term: 9, index: 99, logTerm: 1 };
    cluster.at('b').raft.step(message('vote', request));
    expect(cluster.at('b').raft.status().term).toBe(1);
    cluster.at('b').raft.step(message('vote', { ...request, transfer: true }));
    expect(cluster.at('b').raft.status()).toMatchObject({ term: 9, votedFor: 'c' });
  });

  test('a leader that no majority answers steps down within two election timeouts', () => {
    const cluster = SmallCluster.of('abc', { checkQuorum: true });
    cluster.elect('a');
    cluster.isolate('a');
    cluster.tick('a', 19);
    cluster.tick('a', 1);
    expect(cluster.at('a').raft.status().role).toBe('follower');
  });

  test('learners neither campaign nor count, and vote when they are asked', () => {
    const membership = voters('ab', { learners: ['c'] as NodeId[] });
    const learner = new Member('c', { membership });
    for (let tick = 0; tick < 50; tick++) learner.raft.tick();
    expect(learner.raft.status().role).toBe('follower');
    learner.raft.step(message('vote', { to: 'c' }));
    expect(learner.flush()).toMatchObject([{ type: 'vote-reply', rejected: false }]);
    const cluster = new SmallCluster({
      a: new Member('a', { membership }),
      c: new Member('c', { membership }),
    });
    cluster.at('a').raft.campaign();
    cluster.settle();
    expect(cluster.at('a').raft.status().role).toBe('candidate');
  });
});
