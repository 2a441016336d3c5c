import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Member, message, SmallCluster } from './small-cluster.ts';

const entry = (index: number, term: number) => ({ index, term, kind: 2, payload: new Uint8Array(0) });

describe('what no correct peer sends is dropped and counted', () => {
  const member = () => new Member('a', { terms: [1, 1], hardState: { term: 2, committed: 2 } });

  test.each([
    ['for another', message('heartbeat', { to: 'c', term: 2 })],
    ['from itself', message('heartbeat', { from: 'a', term: 2 })],
    ['without a term', message('heartbeat', { term: 0 })],
    ['with a term that is no number', message('heartbeat', { term: Number.NaN })],
    ['with half an index', message('append', { term: 2, index: 0.5 })],
    [
      'with entries that do not follow',
      message('append', { term: 2, index: 2, logTerm: 1, entries: [entry(4, 2)] }),
    ],
    [
      'with terms that go back',
      message('append', { term: 2, index: 2, logTerm: 1, entries: [entry(3, 2), entry(4, 1)] }),
    ],
    [
      'with entries from the future',
      message('append', { term: 2, index: 2, logTerm: 1, entries: [entry(3, 3)] }),
    ],
    [
      'with an entry of half a term',
      message('append', { term: 2, index: 2, logTerm: 1, entries: [entry(3, 1.5)] }),
    ],
    ['with an entry of no term', message('append', { term: 2, entries: [entry(1, 0)] })],
    [
      'with a change of membership that nobody can read',
      message('append', { term: 2, index: 2, logTerm: 1, entries: [{ ...entry(3, 2), kind: 1 }] }),
    ],
    ['of a commit that it cannot have', message('heartbeat', { term: 2, commit: 3 })],
    ['of an unknown type', { ...message('heartbeat', { term: 2 }), type: 'gossip' } as never],
    [
      'with a snapshot of nothing',
      message('snapshot', { term: 2, snapshot: { index: 0, term: 1, membership: [] } }),
    ],
    [
      'with a snapshot that nobody can read',
      message('snapshot', { term: 2, snapshot: { index: 9, term: 1, membership: new Uint8Array(3) } }),
    ],
  ])('a message %s', (_name, sent) => {
    const one = member();
    one.raft.step(sent);
    expect(one.raft.status()).toMatchObject({ droppedMessages: 1, committed: 2, last: 2 });
    expect(one.raft.status().lastDropReason).toMatch(/^A|^E/);
  });

  test('an append from before what is committed changes nothing, whatever it holds', () => {
    const one = member();
    one.raft.step(message('append', { term: 2, index: 0, logTerm: 0, entries: [entry(1, 2), entry(2, 2)] }));
    expect(one.terms).toEqual([1, 1]);
    expect(one.flush()).toMatchObject([{ type: 'append-reply', index: 2, rejected: false }]);
  });

  test('a second leader in one term is not followed', () => {
    const one = member();
    one.raft.step(message('heartbeat', { term: 2, from: 'b' }));
    one.raft.step(message('heartbeat', { term: 2, from: 'c' }));
    expect(one.raft.status()).toMatchObject({ leader: 'b', droppedMessages: 1 });
  });

  test('an acknowledgement of what was never sent commits nothing', () => {
    const cluster = SmallCluster.of('abc');
    cluster.elect('a');
    cluster.at('a').raft.step(message('append-reply', { index: 99 }));
    cluster.at('a').raft.step(message('heartbeat-reply', { round: 99 }));
    expect(cluster.at('a').raft.status()).toMatchObject({ committed: 1, droppedMessages: 2 });
  });

  test('whatever the numbers, a step never throws', () => {
    const number = fc.oneof(
      fc.nat(4),
      fc.constantFrom(-1, 0.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY),
    );
    const entries = fc.array(
      fc.record({ index: number, term: number, kind: fc.nat(3), payload: fc.uint8Array() }),
    );
    const sent = fc.record({
      type: fc.constantFrom(
        'append',
        'append-reply',
        'heartbeat',
        'heartbeat-reply',
        'vote',
        'vote-reply',
        'pre-vote',
        'pre-vote-reply',
        'timeout-now',
        'read-index',
        'read-index-reply',
      ),
      from: fc.constantFrom('a', 'b', 'c', 'x'),
      term: number,
      index: number,
      logTerm: number,
      commit: number,
      commitTerm: number,
      round: number,
      request: number,
      hint: number,
      hintTerm: number,
      rejected: fc.boolean(),
      transfer: fc.boolean(),
      entries,
    });
    fc.assert(
      fc.property(fc.array(sent, { maxLength: 30 }), fc.boolean(), (messages, leads) => {
        const cluster = SmallCluster.of('abc');
        if (leads) cluster.elect('a');
        const { committed } = cluster.at('a').raft.status();
        for (const one of messages) {
          cluster.at('a').raft.step({ ...one, to: 'a' } as never);
          cluster.at('a').flush();
        }
        expect(cluster.at('a').raft.status().committed).toBeGreaterThanOrEqual(committed);
      }),
      { numRuns: 300 },
    );
  });
});
