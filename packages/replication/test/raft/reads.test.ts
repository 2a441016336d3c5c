import type { NodeId } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { ids, Member, message, SmallCluster, voters } from './small-cluster.ts';

function readsOf(member: Member): unknown[] {
  return member.seen.flatMap(({ reads, readsFailed }) => [
    ...reads,
    ...readsFailed.map(id => ({ failed: id })),
  ]);
}

describe('Ongaro 2014 §6.4: linearizable reads', () => {
  test('a read waits for a round of heartbeats that was sent after it; all of a flush share one', () => {
    const cluster = SmallCluster.of('abc');
    cluster.elect('a');
    const leader = cluster.at('a');
    leader.raft.beat();
    const [earlier] = leader.flush();
    for (const id of [1, 2, 3]) leader.raft.readIndex(id);
    const heartbeats = leader.flush();
    expect(heartbeats.map(({ type }) => type)).toEqual(['heartbeat', 'heartbeat']);
    // An answer to the round before says nothing.
    const round = earlier?.type === 'heartbeat' ? earlier.round : 0;
    leader.raft.step(message('heartbeat-reply', { round }));
    leader.flush();
    expect(readsOf(leader)).toEqual([]);
    leader.raft.step(message('heartbeat-reply', { round: round + 1 }));
    leader.flush();
    expect(readsOf(leader)).toEqual([1, 2, 3].map(id => ({ id, index: 1 })));
  });

  test('a leader that has committed nothing in its term lets reads wait until it has', () => {
    const cluster = SmallCluster.of('abc');
    cluster.at('a').raft.campaign();
    cluster.at('a').flush();
    cluster.at('a').raft.step(message('vote-reply', {}));
    cluster.at('a').raft.readIndex(1);
    cluster.at('a').flush();
    expect(readsOf(cluster.at('a'))).toEqual([]);
    cluster.tick('abc');
    expect(readsOf(cluster.at('a'))).toEqual([{ id: 1, index: 1 }]);
  });

  test('a follower asks the leader, in one message for all reads of a flush', () => {
    const cluster = SmallCluster.of('abc');
    cluster.elect('a');
    const follower = cluster.at('b');
    for (const id of [5, 6]) follower.raft.readIndex(id);
    const messages = follower.flush();
    expect(messages.map(({ type }) => type)).toEqual(['read-index']);
    for (const one of messages) cluster.at('a').raft.step(one);
    cluster.settle();
    expect(readsOf(follower)).toEqual([
      { id: 5, index: 1 },
      { id: 6, index: 1 },
    ]);
  });

  test('while joint, a round takes both majorities', () => {
    const leader = new Member('a', { membership: voters('ade', { votersOutgoing: ids('abc') }) });
    leader.raft.campaign();
    leader.flush();
    for (const from of ['b', 'd']) leader.raft.step(message('vote-reply', { from }));
    leader.flush();
    for (const from of ['b', 'd']) leader.raft.step(message('append-reply', { from, index: 1 }));
    leader.raft.readIndex(1);
    leader.flush();
    for (const from of ['d', 'e']) leader.raft.step(message('heartbeat-reply', { from }));
    leader.flush();
    expect(readsOf(leader)).toEqual([]);
    leader.raft.step(message('heartbeat-reply', { from: 'b' }));
    leader.flush();
    expect(readsOf(leader)).toEqual([{ id: 1, index: 1 }]);
  });

  test('reads fail without a leader, with a new term, and when no answer comes', () => {
    const alone = new Member('a');
    alone.raft.readIndex(1);
    alone.flush();
    expect(readsOf(alone)).toEqual([{ failed: 1 }]);

    const cluster = SmallCluster.of('abc');
    cluster.elect('a');
    cluster.at('a').raft.readIndex(2);
    cluster.at('a').flush();
    cluster.at('a').raft.step(message('heartbeat', { term: 5 }));
    cluster.at('a').flush();
    expect(readsOf(cluster.at('a'))).toEqual([{ failed: 2 }]);

    cluster.isolate('c');
    cluster.at('c').raft.readIndex(3);
    cluster.settle();
    for (let tick = 0; tick < 12; tick++) cluster.at('c').raft.tick();
    cluster.at('c').flush();
    expect(readsOf(cluster.at('c'))).toEqual([{ failed: 3 }]);
  });

  test('any number of reads fail at once', () => {
    for (const byLease of [false, true]) {
      const alone = new Member('a');
      for (let id = 1; id <= 300_000; id++) alone.raft.readIndex(id, byLease);
      alone.flush();
      expect(readsOf(alone)).toHaveLength(300_000);
    }
    const cluster = SmallCluster.of('abc');
    cluster.elect('a');
    for (const id of ['a', 'b']) {
      const member = cluster.at(id);
      member.flush();
      for (let read = 1; read <= 300_000; read++) member.raft.readIndex(read);
      member.flush();
      member.raft.step(message('heartbeat', { from: 'c', to: id, term: 5 }));
      member.flush();
      expect(readsOf(member)).toHaveLength(300_000);
    }
  });

  test('an answer to a read from before a crash answers none from after it', () => {
    const requests = new Set<number>();
    for (const name of ['b', 'b again']) {
      const member = new Member(name, { membership: voters('', { voters: [name, 'a', 'c'] as NodeId[] }) });
      member.raft.step(message('heartbeat', { from: 'a', to: name }));
      member.raft.readIndex(1);
      for (const sent of member.flush()) if (sent.type === 'read-index') requests.add(sent.request);
    }
    expect(requests.size).toBe(2);
  });
});

describe('Ongaro 2014 §6.4.1: lease reads', () => {
  function leased(): SmallCluster {
    const cluster = SmallCluster.of('abc', { checkQuorum: true, leaseReads: true, electionTicks: 10 });
    cluster.elect('a');
    cluster.tick('abc');
    return cluster;
  }

  test('while the lease is held a read needs no message', () => {
    const leader = leased().at('a');
    leader.raft.readIndex(1);
    expect(leader.flush()).toEqual([]);
    expect(readsOf(leader)).toEqual([{ id: 1, index: 1 }]);
  });

  test('the lease counts from when the round was sent and ends early by the margin', () => {
    const cluster = leased();
    cluster.isolate('a');
    const held = Array.from({ length: 9 }, () => {
      cluster.at('a').raft.tick();
      return cluster.at('a').raft.status().leaseHeld;
    });
    // 10 ticks, less 2 for their being whole, less a margin of 1.
    expect(held.filter(Boolean)).toHaveLength(6);
    cluster.at('a').raft.readIndex(1);
    expect(
      cluster
        .at('a')
        .flush()
        .some(({ type }) => type === 'heartbeat'),
    ).toBe(true);
    expect(readsOf(cluster.at('a'))).toEqual([]);
  });

  test('a pause ends the lease, and heartbeats from before it do not bring it back', () => {
    const cluster = leased();
    const { raft } = cluster.at('a');
    raft.beat();
    const sent = cluster.at('a').flush();
    raft.paused();
    expect(raft.status().leaseHeld).toBe(false);
    for (const one of sent) cluster.at(one.to).raft.step(one);
    cluster.settle();
    expect(raft.status().leaseHeld).toBe(false);
    cluster.tick('abc');
    expect(raft.status().leaseHeld).toBe(true);
  });

  test('who was told to campaign may be elected at any time: no lease for the rest of the term', () => {
    const cluster = leased();
    cluster.cut.add('a>b');
    cluster.at('a').raft.transferLeadership('b' as NodeId);
    cluster.settle();
    cluster.tick('abc', 12);
    expect(cluster.at('a').raft.status()).toMatchObject({
      role: 'leader',
      transferee: undefined,
      leaseHeld: false,
    });
  });

  test('a replica that restarts respects leases that it does not remember', () => {
    const member = new Member('b', {
      hardState: { term: 1 },
      checkQuorum: true,
      leaseReads: true,
      electionTicks: 10,
    });
    const request = message('vote', { from: 'c', to: 'b', term: 2 });
    member.raft.step(request);
    expect(member.raft.status().term).toBe(1);
    for (let tick = 0; tick < 10; tick++) member.raft.tick();
    member.raft.step(request);
    expect(member.raft.status().votedFor).toBe('c');
  });

  test('a later term that no leader brings does not end what was promised to one', () => {
    const cluster = leased();
    const { raft } = cluster.at('b');
    // The answer to an asking of long ago, from who was cut off and counted terms.
    raft.step(message('pre-vote-reply', { from: 'c', to: 'b', term: 8, rejected: true }));
    const request = message('vote', { from: 'c', to: 'b', term: 9, index: 1, logTerm: 1 });
    raft.step(request);
    expect(cluster.at('a').raft.status().leaseHeld).toBe(true);
    expect(raft.status()).toMatchObject({ term: 8, votedFor: undefined });
    for (let tick = 0; tick < 10; tick++) raft.tick();
    raft.step(request);
    expect(raft.status()).toMatchObject({ term: 9, votedFor: 'c' });
  });

  test('a leader that hands over gives the promise back', () => {
    const { raft } = leased().at('b');
    raft.step(message('vote', { from: 'c', to: 'b', term: 2, index: 1, logTerm: 1, transfer: true }));
    expect(raft.status()).toMatchObject({ term: 2, votedFor: 'c' });
    raft.step(message('vote', { from: 'a', to: 'b', term: 3, index: 1, logTerm: 1 }));
    expect(raft.status()).toMatchObject({ term: 3, votedFor: 'a' });
  });

  test('an election timeout from outside does not cut the promise short', () => {
    const cluster = leased();
    cluster.at('b').raft.setElectionTimeout(2);
    for (let tick = 0; tick < 9; tick++) cluster.at('b').raft.tick();
    expect(cluster.at('b').raft.status().role).toBe('follower');
  });

  test('neither forgetting the leader nor a campaign breaks the lease that it was promised', () => {
    const cluster = leased();
    cluster.at('b').raft.forgetLeader();
    expect(cluster.at('b').raft.status().leader).toBe('a');
    expect(cluster.at('b').raft.campaign()).toBe(false);
    expect(() => new Member('a', { leaseReads: true, checkQuorum: false })).toThrow(TypeError);
  });
});
