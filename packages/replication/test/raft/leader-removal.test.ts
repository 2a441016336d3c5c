import type { NodeId } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import type { MembershipChange } from '../../src/raft/membership.ts';
import { ids, Member, type MemberOptions, SmallCluster, voters } from './small-cluster.ts';

const careful = { checkQuorum: true, preVote: true } as const;

function removal(names: string): MembershipChange {
  return { transition: 'auto', changes: ids(names).map(node => ({ change: 'remove', node })) };
}

function leaders(group: SmallCluster): string {
  return [...group.members.keys()].filter(id => group.at(id).raft.isLeader).join('');
}

/**
 * A group whose leader a has committed its own removal, while the others have the entry and do not know that. The leader's
 * log is longer by an entry that reached nobody.
 */
function removedUnheard(names: string, options: MemberOptions = careful): SmallCluster {
  const group = SmallCluster.of(names, options);
  group.elect('a');
  const a = group.at('a');
  a.raft.changeMembership(removal('a'));
  for (const message of a.flush()) group.at(message.to).raft.step(message);
  a.propose(7);
  for (const id of names.slice(1)) for (const reply of group.at(id).flush()) a.raft.step(reply);
  group.isolate('a');
  group.settle();
  expect(a.raft.membership).toEqual(voters(names.slice(1)));
  for (const id of names.slice(1)) expect(group.at(id).raft.membership).toEqual(voters(names));
  return group;
}

/** The same replica after a crash: it begins with what is on its disk. */
function restarted(member: Member, membership: string): Member {
  const { term = 0, votedFor, committed = 0 } = member.hardState ?? {};
  const next = new Member(member.raft.id, {
    ...careful,
    terms: member.entries.map(entry => entry.term),
    hardState: { term, committed, ...(votedFor === undefined ? {} : { votedFor }) },
    membership: voters(membership),
  });
  next.entries = member.entries;
  next.flush();
  return next;
}

describe('Ongaro 2014 §4.2.2: a leader that is removed', () => {
  test('leads on, and takes nothing on, until a majority of those who stay knows', () => {
    const group = removedUnheard('abc');
    const { raft } = group.at('a');
    expect(raft.isLeader).toBe(true);
    const refused = { accepted: false, refused: 'not-leader', leader: undefined };
    expect(raft.propose([{ kind: 2, payload: new Uint8Array(0) }])).toEqual(refused);
    expect(raft.changeMembership(removal('b'))).toEqual(refused);
    group.heal();
    group.cut.add('a>c');
    group.tick('a', 3);
    // One of two is no majority.
    expect(group.at('b').raft.membership).toEqual(voters('bc'));
    expect(leaders(group)).toBe('a');
    group.heal();
    group.tick('a', 1);
    expect(raft.isLeader).toBe(false);
    expect(group.at('c').raft.membership).toEqual(voters('bc'));
  });

  test('still commits what it took on before, without counting itself', () => {
    const group = removedUnheard('abc');
    expect(group.at('a').raft.status()).toMatchObject({ committed: 2, last: 3 });
    group.heal();
    group.cut.add('a>c');
    group.tick('a', 2);
    expect(group.at('a').raft.status().committed).toBe(2);
    group.heal();
    group.tick('a', 2);
    expect(group.at('b').raft.status().committed).toBeGreaterThanOrEqual(3);
  });

  test('has one of those who know campaign, who leads a round trip later', () => {
    for (const names of ['ab', 'abc', 'abcde']) {
      const group = SmallCluster.of(names, careful);
      group.elect('a');
      group.at('a').raft.changeMembership(removal('a'));
      group.settle();
      expect(leaders(group)).toMatch(/^[b-e]$/);
      expect(group.at('a').raft.status()).toMatchObject({ role: 'follower', term: 1 });
    }
  });

  test('does so where it becomes a learner, too', () => {
    const group = SmallCluster.of('abc', careful);
    group.elect('a');
    const changes = [{ change: 'learner', node: 'a' as NodeId }] as const;
    group.at('a').raft.changeMembership({ transition: 'auto', changes });
    group.settle();
    expect(leaders(group)).toMatch(/^[bc]$/);
  });

  test('goes all the same where it hears from no majority of them', () => {
    const group = removedUnheard('abc');
    group.tick('a', 20);
    expect(leaders(group)).toBe('');
  });

  test('goes at once, or never, where it is told to', () => {
    for (const [stepDownOnRemoval, isLeader] of [
      ['at-once', false],
      ['never', true],
    ] as const) {
      const group = removedUnheard('abc', { ...careful, stepDownOnRemoval });
      group.heal();
      group.tick('a', 3);
      expect(group.at('a').raft.isLeader).toBe(isLeader);
    }
  });
});

describe('who needs the vote of one that was removed, and has the shorter log', () => {
  test.each([true, false])('learns from its refusal that it does not (pre-vote: %s)', preVote => {
    const group = removedUnheard('ab', { ...careful, preVote });
    group.at('a').raft.stepDown();
    group.heal();
    expect(group.at('b').raft.status().last).toBeLessThan(group.at('a').raft.status().last);
    group.tick('b', 60);
    expect(leaders(group)).toBe('b');
    expect(group.at('b').raft.membership).toEqual(voters('b'));
  });

  test('learns it, too, from a voter whose term is behind its own', () => {
    const group = removedUnheard('ab', { preVote: false, checkQuorum: false });
    group.at('a').raft.stepDown();
    // Elections that nobody hears of.
    for (let count = 0; count < 3; count++) group.at('b').raft.campaign();
    group.settle();
    group.heal();
    group.at('b').raft.campaign();
    group.settle();
    expect(group.at('b').raft.membership).toEqual(voters('b'));
  });

  test('takes nothing over that its own log has not', () => {
    const member = new Member('b', { terms: [1, 1], membership: voters('ab'), preVote: false });
    member.raft.campaign();
    member.flush();
    const reply = { type: 'vote-reply', from: 'a', to: 'b', term: 1, rejected: true } as const;
    for (const [commit, commitTerm] of [
      [3, 1],
      [2, 2],
    ] as const) {
      member.raft.step({ ...reply, commit, commitTerm } as never);
      expect(member.raft.status().committed).toBe(0);
    }
    member.raft.step({ ...reply, commit: 2, commitTerm: 1 } as never);
    expect(member.raft.status().committed).toBe(2);
  });
});

describe('the commit of a change of membership', () => {
  test('survives a crash: nobody who was removed is needed ever after', () => {
    const group = SmallCluster.of('ab', careful);
    group.elect('a');
    group.at('a').raft.changeMembership(removal('b'));
    group.settle();
    expect(group.at('a').raft.membership).toEqual(voters('a'));
    const alone = restarted(group.at('a'), 'ab');
    expect(alone.raft.membership).toEqual(voters('a'));
    alone.raft.campaign();
    alone.flush();
    expect(alone.raft.isLeader).toBe(true);
  });

  test('is durable before the change is applied, and before a heartbeat that brought it is answered', () => {
    const group = SmallCluster.of('abc', careful);
    group.elect('a');
    const { raft } = group.at('a');
    raft.changeMembership(removal('c'));
    group.cut.add('a>b');
    const [append] = group
      .at('a')
      .flush()
      .filter(({ to }) => to === 'b');
    const b = group.at('b');
    if (append !== undefined) b.raft.step(append);
    for (const reply of b.flush()) raft.step(reply);
    group.at('a').flush();
    b.slowDisk = true;
    raft.beat();
    const heartbeat = group
      .at('a')
      .flush()
      .find(({ to, type }) => to === 'b' && type === 'heartbeat');
    expect(heartbeat).toMatchObject({ commit: 2 });
    if (heartbeat !== undefined) b.raft.step(heartbeat);
    expect(b.flush()).toEqual([]);
    expect(b.raft.status()).toMatchObject({ committed: 2, applied: 1, membership: voters('abc') });
    b.sync();
    expect(b.flush()).toMatchObject([{ type: 'heartbeat-reply' }]);
    expect(b.raft.membership).toEqual(voters('ab'));
  });
});
