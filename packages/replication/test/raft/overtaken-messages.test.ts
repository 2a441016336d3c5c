import { describe, expect, test } from 'vitest';
import { encodeMembership } from '../../src/raft/membership-codec.ts';
import { Member, message, SmallCluster, voters } from './small-cluster.ts';

describe('what was said before says nothing now', () => {
  test('an acknowledgement of an earlier term does not count: the entry there may be another by now', () => {
    const cluster = SmallCluster.of('abc');
    cluster.elect('a');
    cluster.elect('b');
    const leader = cluster.at('b');
    const { term, last } = leader.raft.status();
    cluster.isolate('b');
    leader.propose(1);
    cluster.settle();
    for (const from of ['a', 'c']) {
      leader.raft.step(message('append-reply', { from, to: 'b', term: term - 1, index: last + 1 }));
    }
    cluster.settle();
    expect(leader.raft.status()).toMatchObject({ role: 'leader', last: last + 1, committed: last });
    leader.raft.step(message('append-reply', { from: 'a', to: 'b', term, index: last + 1 }));
    cluster.settle();
    expect(leader.raft.status().committed).toBe(last + 1);
  });

  test('a vote that is refused does not put off the own election', () => {
    const member = new Member('a', { membership: voters('abc'), terms: [2], hardState: { term: 2 } });
    member.raft.setElectionTimeout(10);
    for (let tick = 0; tick < 9; tick++) member.raft.tick();
    // Its log is older than this one.
    member.raft.step(message('vote', { term: 2, index: 1, logTerm: 1 }));
    expect(member.flush()).toMatchObject([{ type: 'vote-reply', rejected: true }]);
    expect(member.raft.status().role).toBe('follower');
    member.raft.tick();
    expect(member.raft.status().role).toBe('candidate');
  });

  test('a snapshot of what the log holds leaves what follows it: that may have been acknowledged', () => {
    const member = new Member('a', { terms: [1, 1, 1], hardState: { term: 1 } });
    const membership = encodeMembership(voters('abc'));
    member.raft.step(message('snapshot', { snapshot: { index: 2, term: 1, membership } }));
    member.flush();
    expect(member.terms).toEqual([1, 1, 1]);
    expect(member.raft.status()).toMatchObject({ last: 3, committed: 2 });
  });
});
