import type { LogIndex, NodeId } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { encodeMembership, encodeMembershipChange } from '../../src/raft/membership-codec.ts';
import type { MemberChange, MembershipChange } from '../../src/raft/membership.ts';
import { ids, Member, message, SmallCluster, voters } from './small-cluster.ts';

function changeOf(text: string, transition: MembershipChange['transition'] = 'auto'): MembershipChange {
  const kinds = { '+': 'voter', '~': 'learner', '-': 'remove' } as const;
  const changes: MemberChange[] = text
    .split(' ')
    .filter(Boolean)
    .map(word => ({ change: kinds[word.charAt(0) as '+' | '~' | '-'], node: word.slice(1) as NodeId }));
  return { transition, changes };
}

/** The founders, and others who know who they are and have an empty log. */
function cluster(founders: string, others: string, tailBytesMax = 1 << 20): SmallCluster {
  const membership = voters(founders);
  return new SmallCluster(
    Object.fromEntries([
      ...ids(founders).map(id => [id, new Member(id, { membership, tailBytesMax })] as const),
      ...ids(others).map(id => [id, new Member(id, { membership, tailBytesMax })] as const),
    ]),
  );
}

describe('Ongaro 2014 §4.1 and §4.3: changes of membership', () => {
  test('no change before an entry of the leader’s own term is committed', () => {
    const group = cluster('abc', 'd');
    group.isolate('a');
    group.cut.delete('b>a');
    group.cut.delete('a>b');
    group.at('a').raft.campaign();
    group.at('a').flush();
    group.at('a').raft.step(message('vote-reply', {}));
    expect(group.at('a').raft.status()).toMatchObject({ role: 'leader', committed: 0 });
    expect(group.at('a').raft.changeMembership(changeOf('+d'))).toMatchObject({ refused: 'too-early' });
    group.settle();
    expect(group.at('a').raft.changeMembership(changeOf('+d'))).toMatchObject({ accepted: true });
  });

  test('one change at a time, and only one that fits', () => {
    const group = cluster('abc', 'd');
    group.elect('a');
    const { raft } = group.at('a');
    expect(raft.changeMembership(changeOf(''))).toMatchObject({ refused: 'not-joint' });
    expect(raft.changeMembership(changeOf('-a -b -c', 'joint-explicit'))).toMatchObject({
      refused: 'invalid',
    });
    expect(group.at('b').raft.changeMembership(changeOf('+d'))).toMatchObject({
      refused: 'not-leader',
      leader: 'a',
    });
    expect(raft.changeMembership(changeOf('+d', 'joint-explicit'))).toMatchObject({ accepted: true });
    expect(raft.changeMembership(changeOf('-b'))).toMatchObject({ refused: 'pending' });
    group.settle();
    expect(raft.changeMembership(changeOf('-b'))).toMatchObject({ refused: 'joint' });
    expect(raft.changeMembership(changeOf(''))).toMatchObject({ accepted: true });
    group.settle();
    expect(raft.membership).toEqual(voters('abcd'));
  });

  test('a joint configuration is left by itself, by whoever leads then', () => {
    const group = cluster('abc', 'de');
    group.elect('a');
    group.at('a').raft.changeMembership(changeOf('+d +e -b -c'));
    group.settle();
    for (const id of ids('ade')) expect(group.at(id).raft.membership).toEqual(voters('ade'));

    const broken = cluster('abc', '');
    broken.elect('a');
    // The others have the change, and its leader is gone before it hears so.
    broken.at('a').raft.changeMembership(changeOf('-a', 'joint-implicit'));
    broken.cut.add('b>a');
    broken.cut.add('c>a');
    broken.settle();
    broken.isolate('a');
    broken.elect('b');
    broken.settle();
    expect(broken.at('b').raft.membership).toEqual(voters('bc'));
  });

  test('a joint configuration is left, too, if leadership was being handed over when it was applied', () => {
    const group = cluster('abc', 'd');
    group.elect('a');
    group.isolate('b');
    group.at('a').raft.transferLeadership('b' as NodeId);
    group.at('a').raft.tick();
    group.at('a').raft.transferLeadership('a' as NodeId);
    group.at('a').raft.changeMembership(changeOf('+d -c', 'joint-implicit'));
    group.at('a').raft.transferLeadership('b' as NodeId);
    group.tick('acd', 9);
    expect(group.at('a').raft.membership.votersOutgoing).toEqual(ids('abc'));
    // Nothing is written any more, and the successor does not take over.
    group.tick('acd', 5);
    expect(group.at('a').raft.membership).toEqual(voters('abd'));
  });

  test('while joint, both majorities have to agree', () => {
    const group = cluster('abc', 'de');
    group.elect('a');
    group.at('a').raft.changeMembership(changeOf('+d +e -b -c', 'joint-explicit'));
    group.settle();
    const { committed } = group.at('a').raft.status();
    group.isolate('b');
    group.isolate('c');
    group.at('a').propose(1);
    group.settle();
    expect(group.at('a').raft.status().committed).toBe(committed);
    group.heal();
    group.isolate('d');
    group.isolate('e');
    group.tick('abc', 2);
    expect(group.at('a').raft.status().committed).toBe(committed + 1);
    group.at('a').propose(2);
    group.tick('abc', 2);
    expect(group.at('a').raft.status().committed).toBe(committed + 1);
    group.heal();
    group.tick('abcde', 2);
    expect(group.at('a').raft.status().committed).toBe(committed + 2);
  });

  test('while joint, an election takes both majorities, and either refuses it', () => {
    for (const [yes, no, role] of [
      ['de', '', 'candidate'],
      ['db', '', 'leader'],
      ['deb', '', 'leader'],
      ['de', 'bc', 'follower'],
      ['bc', 'de', 'follower'],
    ] as const) {
      const membership = voters('ade', { votersOutgoing: ids('abc') });
      const member = new Member('a', { membership });
      member.raft.campaign();
      member.flush();
      for (const from of yes) member.raft.step(message('vote-reply', { from }));
      for (const from of no) member.raft.step(message('vote-reply', { from, rejected: true }));
      expect([yes, no, member.raft.status().role]).toEqual([yes, no, role]);
    }
  });

  test('§4.2.2: a leader that is removed leads until the change is committed, then steps down', () => {
    const group = cluster('abc', '');
    group.elect('a');
    group.at('a').raft.changeMembership(changeOf('-a'));
    expect(group.at('a').raft.isLeader).toBe(true);
    group.settle();
    expect(group.at('a').raft.status()).toMatchObject({ role: 'follower', leader: undefined });
    for (let tick = 0; tick < 50; tick++) group.at('a').raft.tick();
    expect(group.at('a').raft.status()).toMatchObject({ role: 'follower', term: 1 });
    group.elect('b');
    expect(group.at('b').raft.membership).toEqual(voters('bc'));
  });

  test('a change that is still applied while a newer snapshot is installed does not change what the snapshot says', () => {
    const { raft } = new Member('c');
    const payload = encodeMembershipChange(changeOf('+d +e', 'joint-explicit'));
    const entries = [{ index: 1, term: 1, kind: 1, payload }];
    raft.step(message('append', { to: 'c', commit: 1, entries }));
    const written = raft.takeEffects()?.write;
    if (written !== undefined) raft.durable(written.token);
    expect(raft.takeEffects()?.committed).toMatchObject({ from: 1, to: 1 });
    const membership = encodeMembership(voters('abcde'));
    raft.step(message('snapshot', { to: 'c', snapshot: { index: 5, term: 1, membership } }));
    expect(raft.applyMembership(1 as LogIndex, payload)).toEqual(
      voters('abcde', { votersOutgoing: ids('abc') }),
    );
    raft.applied(1 as LogIndex);
    const installed = raft.takeEffects()?.write;
    expect(installed?.snapshot).toMatchObject({ index: 5 });
    if (installed !== undefined) raft.durable(installed.token);
    expect(raft.membership).toEqual(voters('abcde'));
    expect(() => raft.applyMembership(2 as LogIndex, payload)).toThrow('Invariant broken');
  });

  test('who becomes a voter by a snapshot votes by its whole log, also while that is installed', () => {
    const member = new Member('c', { membership: voters('ab') });
    member.slowDisk = true;
    const membership = encodeMembership(voters('abc'));
    member.raft.step(
      message('snapshot', { from: 'a', to: 'c', snapshot: { index: 5, term: 1, membership } }),
    );
    const next = { index: 6, term: 1, kind: 2, payload: new Uint8Array(0) };
    member.raft.step(message('append', { from: 'a', to: 'c', index: 5, logTerm: 1, entries: [next] }));
    member.flush();
    member.raft.step(message('vote', { to: 'c', term: 2, index: 5, logTerm: 1 }));
    expect(member.raft.status().votedFor).toBeUndefined();
  });

  test('who was removed votes by its whole log: what followed its removal may have been committed with its help', () => {
    const member = new Member('c', { terms: [1, 1, 1, 1], hardState: { term: 1, committed: 2 }, applied: 2 });
    const removed = new Member('c', {
      terms: [1, 1, 1, 1],
      hardState: { term: 1, committed: 2 },
      applied: 2,
      membership: voters('ab'),
    });
    // A leader counts by the membership that it has applied. It may commit more before it applies a removal.
    for (const one of [member, removed]) {
      one.raft.step(message('vote', { to: 'c', term: 2, index: 3, logTerm: 1 }));
      expect(one.raft.status().votedFor).toBeUndefined();
    }
  });

  test('a learner that may have been promoted votes by its whole log', () => {
    const member = new Member('c', { membership: voters('ab', { learners: ids('c') }) });
    const entries = [1, 2, 3].map(index => ({
      index,
      term: 1,
      kind: index === 2 ? 1 : 2,
      payload: index === 2 ? encodeMembershipChange(changeOf('+c')) : new Uint8Array(0),
    }));
    member.raft.step(message('append', { from: 'a', to: 'c', commit: 1, entries }));
    member.flush();
    member.raft.step(message('vote', { to: 'c', term: 2, index: 1, logTerm: 1 }));
    expect(member.flush()).toMatchObject([{ type: 'vote-reply', rejected: true }]);
  });

  test('a new member without a log is brought up by a snapshot where the log has been cut', () => {
    const group = cluster('abc', 'd', 0);
    group.elect('a');
    group.at('a').propose(1, 2, 3);
    group.settle();
    group.at('a').compact(3);
    group.at('a').raft.changeMembership(changeOf('~d'));
    group.tick('abcd', 3);
    expect(group.at('d').snapshot).toMatchObject({ index: 3 });
    expect(group.at('d').raft.membership.learners).toEqual(['d']);
    group.at('a').raft.changeMembership(changeOf('+d'));
    group.tick('abcd', 3);
    expect(group.at('d').raft.membership).toEqual(voters('abcd'));
    expect(group.at('d').raft.status().committed).toBe(group.at('a').raft.status().committed);
  });

  test('nobody campaigns while a committed change of membership waits to be applied', () => {
    const member = new Member('b', { terms: [1, 1], hardState: { term: 1, committed: 2 } });
    expect(member.raft.campaign()).toBe(false);
    member.flush();
    expect(member.raft.campaign()).toBe(true);
  });

  test('who may not campaign for that reason supports who may', () => {
    for (let ticks = 20; ticks < 60; ticks++) {
      const member = new Member('b', {
        terms: [1, 1],
        hardState: { term: 1, committed: 2 },
        checkQuorum: true,
      });
      member.raft.step(message('heartbeat', { to: 'b', from: 'a' }));
      for (let tick = 0; tick < ticks; tick++) member.raft.tick();
      member.raft.step(message('vote', { from: 'c', to: 'b', term: 2, index: 2, logTerm: 1 }));
      expect([ticks, member.raft.status().votedFor]).toEqual([ticks, 'c']);
    }
  });

  test('an entry that cannot be applied in its turn breaks an invariant', () => {
    const member = new Member('b', { terms: [1, 1], hardState: { term: 1, committed: 1 } });
    expect(() => member.raft.applied(2 as LogIndex)).toThrow('Invariant broken');
    expect(() => member.raft.applyMembership(2 as LogIndex, new Uint8Array(0))).toThrow('Invariant broken');
  });
});

describe('Ongaro 2014 §3.10: handing leadership over', () => {
  test('the successor is brought up to date first; proposals wait', () => {
    const group = cluster('abc', '');
    group.elect('a');
    group.cut.add('a>b');
    group.at('a').propose(1, 2);
    group.settle();
    expect(group.at('a').raft.transferLeadership('b' as NodeId)).toBe('started');
    expect(group.at('a').raft.transferLeadership('b' as NodeId)).toBe('under-way');
    expect(group.at('a').raft.propose([{ kind: 2, payload: new Uint8Array(0) }])).toMatchObject({
      refused: 'transferring',
    });
    group.heal();
    group.tick('abc', 3);
    expect(group.at('b').raft.status()).toMatchObject({ role: 'leader', term: 2 });
  });

  test('it is given up after an election timeout', () => {
    const group = cluster('abc', '');
    group.elect('a');
    group.isolate('b');
    group.at('a').raft.transferLeadership('b' as NodeId);
    group.tick('ac', 10);
    expect(group.at('a').raft.status()).toMatchObject({ role: 'leader', transferee: undefined });
  });

  test('who cannot reach anybody steps down, however often it tries to hand over', () => {
    const group = new SmallCluster(
      Object.fromEntries(ids('abc').map(id => [id, new Member(id, { checkQuorum: true })])),
    );
    group.elect('a');
    group.isolate('a');
    for (let tick = 0; tick < 40; tick++) {
      group.at('a').raft.transferLeadership((tick % 2 === 0 ? 'b' : 'c') as NodeId);
      group.at('a').raft.tick();
    }
    expect(group.at('a').raft.isLeader).toBe(false);
  });

  /** A leader a that hands over to b, which has just heard of a change of membership and has yet to apply it. */
  function handedOverEarly(): { readonly group: SmallCluster; readonly b: Member } {
    const group = cluster('abc', '');
    group.elect('a');
    const [a, b] = [group.at('a'), group.at('b')];
    a.raft.changeMembership(changeOf('~d'));
    for (const append of a.flush()) group.members.get(append.to)?.raft.step(append);
    for (const reply of b.flush()) a.raft.step(reply);
    const news = a.flush();
    b.slowDisk = true;
    a.raft.transferLeadership('b' as NodeId);
    for (const sent of [...news, ...a.flush()]) if (sent.to === 'b') b.raft.step(sent);
    expect(b.flush()).toEqual([]);
    expect(b.raft.status()).toMatchObject({ role: 'follower', committed: 2, applied: 1 });
    b.slowDisk = false;
    return { group, b };
  }

  test('who has to apply a change of membership first campaigns as soon as it has', () => {
    const { group, b } = handedOverEarly();
    b.sync();
    group.settle();
    expect(b.raft.status()).toMatchObject({ role: 'leader', term: 2, membership: { learners: ['d'] } });
  });

  test('who comes to it too late leaves the leader in its place', () => {
    const { group, b } = handedOverEarly();
    for (let tick = 0; tick < 10; tick++) b.raft.tick();
    b.sync();
    group.settle();
    expect(group.at('a').raft.status()).toMatchObject({ role: 'leader', term: 1 });
  });

  test('who hears of another leader meanwhile leaves it in its place', () => {
    const { group, b } = handedOverEarly();
    b.raft.step(message('heartbeat', { from: 'c', to: 'b', term: 2 }));
    b.sync();
    group.settle();
    expect(b.raft.status()).toMatchObject({ role: 'follower', term: 2 });
  });

  test('only to a voter', () => {
    const group = cluster('abc', '');
    group.elect('a');
    expect(group.at('a').raft.transferLeadership('x' as NodeId)).toBe('not-a-voter');
    expect(group.at('a').raft.transferLeadership('a' as NodeId)).toBe('already-leader');
    expect(group.at('b').raft.transferLeadership('c' as NodeId)).toBe('not-leader');
  });
});
