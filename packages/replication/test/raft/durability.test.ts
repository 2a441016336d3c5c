import { describe, expect, test } from 'vitest';
import { Member, message } from './small-cluster.ts';

const entry = (index: number, term: number) => ({ index, term, kind: 2, payload: Uint8Array.of(term) });

describe('Ongaro 2014 §3.8: nothing leaves that a crash makes untrue', () => {
  test('a request for a vote leaves once the term and the own vote are durable', () => {
    const candidate = new Member('a');
    candidate.slowDisk = true;
    candidate.raft.campaign();
    expect(candidate.flush()).toEqual([]);
    candidate.sync();
    expect(candidate.flush()).toMatchObject([
      { type: 'vote', to: 'b' },
      { type: 'vote', to: 'c' },
    ]);
  });

  test('votes for a log that a crash has shortened elect nobody', () => {
    const candidate = new Member('a', { terms: [1, 1], hardState: { term: 1 } });
    candidate.slowDisk = true;
    // Entry 3 is not durable here. The leader has committed it with the other follower.
    candidate.raft.step(
      message('append', { from: 'c', index: 2, logTerm: 1, commit: 2, entries: [entry(3, 1)] }),
    );
    candidate.flush();
    candidate.raft.campaign();
    const voter = new Member('b', { terms: [1, 1, 1], hardState: { term: 1 } });
    for (const request of candidate.flush()) if (request.to === 'b') voter.raft.step(request);
    const votes = voter.flush().filter(({ type }) => type === 'vote-reply');
    const again = new Member('a', { terms: [1, 1], hardState: { term: 1 } });
    again.raft.campaign();
    again.flush();
    for (const vote of votes) again.raft.step(vote);
    expect(again.raft.status()).toMatchObject({ role: 'candidate', term: 2, last: 2 });
  });

  test('nobody leads a term twice, with a crash in between', () => {
    const voters = [new Member('b'), new Member('c')];
    const led: number[] = [];
    for (const slowDisk of [true, false]) {
      const candidate = new Member('a');
      candidate.slowDisk = slowDisk;
      candidate.raft.campaign();
      for (const request of [...candidate.flush(), ...candidate.flush()]) {
        for (const voter of voters) voter.raft.step(request);
      }
      for (const vote of voters.flatMap(voter => voter.flush())) candidate.raft.step(vote);
      if (candidate.raft.isLeader) led.push(candidate.raft.status().term);
      // Whatever is not on disk is forgotten here, and another entry may take the place of one that was sent.
    }
    expect(led).toEqual([1]);
  });

  test('a lease is not extended by a replica that will not know after a crash that it promised anything', () => {
    const follower = new Member('b', { checkQuorum: true, leaseReads: true });
    follower.slowDisk = true;
    const heartbeat = message('heartbeat', { from: 'a', to: 'b' });
    follower.raft.step(heartbeat);
    follower.raft.step(heartbeat);
    expect(follower.flush()).toEqual([]);
    follower.raft.step(heartbeat);
    expect(follower.flush()).toEqual([]);
    follower.sync();
    expect(follower.flush()).toMatchObject([1, 2, 3].map(() => ({ type: 'heartbeat-reply', round: 1 })));
    follower.slowDisk = true;
    follower.raft.step(heartbeat);
    expect(follower.flush()).toMatchObject([{ type: 'heartbeat-reply' }]);
  });

  test('who has a change of membership on disk knows there, too, that the change before it is committed', () => {
    // The machine has applied more than the hard state tells. That may be so of what a crash takes away.
    const follower = new Member('b', { terms: [1, 1], applied: 2, hardState: { term: 1, committed: 0 } });
    follower.raft.step(
      message('append', { from: 'a', to: 'b', index: 2, logTerm: 1, commit: 2, entries: [entry(3, 1)] }),
    );
    follower.flush();
    expect(follower.hardState).toMatchObject({ term: 1, committed: 2 });
  });
});
