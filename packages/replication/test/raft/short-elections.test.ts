import { type NodeId, seededRandom } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { ids, Member, message, type MemberOptions, SmallCluster, voters } from './small-cluster.ts';

const careful = { preVote: true, checkQuorum: true } as const;
const b = 'b' as NodeId;
const seeds = Array.from({ length: 100 }, (_, seed) => seed);

/** A follower of b, whose draws are those of a seed. */
function followerOf(seed: number, options: MemberOptions = {}): Member {
  const ids = [`a${seed}`, 'b', 'c'] as NodeId[];
  const membership = { voters: ids, votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
  const member = new Member(`a${seed}`, { ...careful, membership, ...options });
  hear(member, seed);
  return member;
}

function hear(member: Member, seed: number): void {
  member.raft.step(message('heartbeat', { to: `a${seed}` }));
  member.flush();
}

/** After how many ticks it campaigns, or campaigns again. */
function ticksUntilAsked(member: Member): number {
  for (let ticks = 1; ticks < 100; ticks++) {
    member.raft.tick();
    if (member.flush().some(({ type }) => type === 'pre-vote' || type === 'vote')) return ticks;
  }
  throw new Error('It never campaigned');
}

describe('a broken connection to the leader', () => {
  test('lets a follower campaign as soon as it may, and not before', () => {
    const ticks = new Set<number>();
    for (const seed of seeds) {
      const member = followerOf(seed);
      for (let tick = 0; tick < 4; tick++) member.raft.tick();
      member.raft.reportUnreachable(b);
      ticks.add(4 + ticksUntilAsked(member));
    }
    expect([...ticks].sort((left, right) => left - right)).toEqual([10, 11, 12]);
  });

  test('is forgotten when the leader is heard from again', () => {
    const ticks = seeds.map(seed => {
      const member = followerOf(seed);
      member.raft.reportUnreachable(b);
      hear(member, seed);
      return ticksUntilAsked(member);
    });
    expect(Math.max(...ticks)).toBe(19);
  });

  test('of anybody else hurries nobody', () => {
    const ticks = seeds.map(seed => {
      const member = followerOf(seed);
      member.raft.reportUnreachable('c' as NodeId);
      return ticksUntilAsked(member);
    });
    expect(Math.max(...ticks)).toBe(19);
  });

  test.each([false, true])('leaves the promise to the leader as it was, lease reads %s', leaseReads => {
    const member = new Member('a', { ...careful, leaseReads });
    member.raft.step(message('heartbeat', {}));
    member.flush();
    member.raft.reportUnreachable(b);
    for (let tick = 0; tick < 9; tick++) member.raft.tick();
    for (const type of ['pre-vote', 'vote'] as const) {
      member.raft.step(message(type, { from: 'c', term: 2, index: 9, logTerm: 1 }));
    }
    expect(member.flush()).toEqual([]);
    // It says no more that b leads, and votes for nobody else all the same.
    expect(member.raft.status()).toMatchObject({ term: 1, leader: undefined });
    member.raft.tick();
    member.raft.step(message('vote', { from: 'c', term: 2, index: 9, logTerm: 1 }));
    expect(member.flush()).toContainEqual(expect.objectContaining({ type: 'vote-reply', rejected: false }));
  });
});

describe('two that ask at once', () => {
  function withoutLeader(): SmallCluster {
    const cluster = SmallCluster.of('abc', careful);
    cluster.elect('a');
    cluster.settle();
    cluster.isolate('a');
    return cluster;
  }

  test.each([
    ['b', 'c'],
    ['c', 'b'],
  ])('do not split the votes, whoever asks first: %s, %s', (first, second) => {
    const cluster = withoutLeader();
    for (const id of [first, second]) cluster.at(id).raft.campaign();
    cluster.settle();
    expect([cluster.at('b').raft.status(), cluster.at('c').raft.status()]).toMatchObject([
      { role: 'follower', term: 2, leader: 'c' },
      { role: 'leader', term: 2 },
    ]);
  });

  test('leave it to the longer log', () => {
    const cluster = withoutLeader();
    cluster.heal();
    cluster.cut.add('a>c');
    cluster.at('a').propose(1);
    cluster.settle();
    cluster.isolate('a');
    for (const id of ['b', 'c']) cluster.at(id).raft.campaign();
    cluster.settle();
    expect(cluster.at('b').raft.status()).toMatchObject({ role: 'leader', term: 2 });
  });
});

describe('who gives way', () => {
  test('asks again soon where nobody leads after that', () => {
    const ticks = seeds.map(seed => {
      const member = followerOf(seed);
      ticksUntilAsked(member);
      member.raft.step(message('pre-vote', { from: 'c', to: `a${seed}`, term: 2, index: 9, logTerm: 1 }));
      expect(member.raft.status().role).toBe('follower');
      return ticksUntilAsked(member);
    });
    expect([Math.min(...ticks), Math.max(...ticks)]).toEqual([3, 5]);
  });

  test('keeps the whole promise to a leader of before that is heard again', () => {
    const ticks = seeds.map(seed => {
      const member = followerOf(seed);
      ticksUntilAsked(member);
      member.raft.step(message('pre-vote', { from: 'c', to: `a${seed}`, term: 2, index: 9, logTerm: 1 }));
      hear(member, seed);
      return ticksUntilAsked(member);
    });
    expect([Math.min(...ticks), Math.max(...ticks)]).toEqual([10, 19]);
  });

  test('does not do so for ever to one that hears nobody, though it asks whenever others do', () => {
    const ticks = seeds.map(seed => {
      const random = seededRandom(seed);
      const others = ids('bcd');
      const cluster = new SmallCluster(
        Object.fromEntries(
          ids('abcde').map(id => {
            const options = { ...careful, membership: voters('abcde'), random: random.fork(id) };
            return [id, new Member(id, options)];
          }),
        ),
      );
      cluster.elect('a');
      cluster.isolate('a');
      for (const id of others) cluster.cut.add(`${id}>e`);
      for (let ticks = 1; ticks < 200; ticks++) {
        for (const id of others) cluster.at(id).raft.tick();
        const isAnyAsking = others.some(id => cluster.at(id).raft.status().role === 'pre-candidate');
        if (isAnyAsking) cluster.at('e').raft.campaign();
        for (const asked of cluster.at('e').flush()) cluster.at(asked.to).raft.step(asked);
        cluster.settle();
        if (others.some(id => cluster.at(id).raft.isLeader)) return ticks;
      }
      throw new Error('Nobody was elected');
    });
    // An election timeout, and the time of asking again.
    expect(Math.max(...ticks)).toBeLessThanOrEqual(19 + 5);
  });
});

describe('who was not given enough votes', () => {
  test('asks again long before another election timeout, as long as it only asks', () => {
    const ticks = seeds.map(seed => {
      const member = followerOf(seed);
      ticksUntilAsked(member);
      return ticksUntilAsked(member);
    });
    expect([Math.min(...ticks), Math.max(...ticks)]).toEqual([3, 5]);
  });

  test('asks again soon when the votes were split', () => {
    const ticks = seeds.map(seed => {
      const member = followerOf(seed);
      ticksUntilAsked(member);
      const to = `a${seed}`;
      member.raft.step(message('pre-vote-reply', { from: 'c', to, term: 2 }));
      member.flush();
      expect(member.raft.status()).toMatchObject({ role: 'candidate', term: 2 });
      member.raft.step(message('vote-reply', { from: 'c', to, term: 2, rejected: true }));
      return ticksUntilAsked(member);
    });
    expect([Math.min(...ticks), Math.max(...ticks)]).toEqual([3, 5]);
  });

  test('waits for an election timeout where its asking raises the term', () => {
    const ticks = seeds.map(seed => {
      const member = followerOf(seed, { preVote: false });
      ticksUntilAsked(member);
      member.raft.step(message('vote-reply', { from: 'c', to: `a${seed}`, term: 2, rejected: true }));
      return ticksUntilAsked(member);
    });
    expect([Math.min(...ticks), Math.max(...ticks)]).toEqual([10, 19]);
  });

  test('keeps the whole promise to whom it follows then', () => {
    const ticks = seeds.map(seed => {
      const member = followerOf(seed);
      ticksUntilAsked(member);
      member.raft.tick();
      hear(member, seed);
      return ticksUntilAsked(member);
    });
    expect([Math.min(...ticks), Math.max(...ticks)]).toEqual([10, 19]);
  });
});
