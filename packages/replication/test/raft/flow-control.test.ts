import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { LogIndex, NodeId, Term } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { InflightWindow } from '../../src/raft/inflight-window.ts';
import { Member, message, SmallCluster, voters } from './small-cluster.ts';

describe('the window of appends under way', () => {
  test('is full by count and by bytes, and frees what is acknowledged, oldest first', () => {
    const byCount = new InflightWindow(3, 1000);
    for (const index of [1, 2, 3]) byCount.add(index, 10);
    expect([byCount.full, byCount.count, byCount.bytes]).toEqual([true, 3, 30]);
    byCount.freeTo(2);
    expect([byCount.full, byCount.count, byCount.bytes]).toEqual([false, 1, 10]);
    const byBytes = new InflightWindow(100, 25);
    for (const index of [1, 2, 3]) byBytes.add(index, 10);
    expect(byBytes.full).toBe(true);
    byBytes.clear();
    expect([byBytes.full, byBytes.count, byBytes.bytes]).toEqual([false, 0, 0]);
  });

  test('keeps its order around the ring and while it grows', () => {
    const window = new InflightWindow(64, 1e9);
    let model: number[] = [];
    for (let index = 1; index <= 500; index++) {
      if (!window.full) {
        window.add(index, 1);
        model.push(index);
      }
      if (index % 3 !== 0) continue;
      const upTo = model[index % 2] ?? 0;
      window.freeTo(upTo);
      model = model.filter(one => one > upTo);
      expect([window.count, window.bytes]).toEqual([model.length, model.length]);
    }
    expect(model.length).toBe(64);
  });
});

describe('what a leader sends', () => {
  test('one append per follower and flush, with every entry and the newest commit index', () => {
    const cluster = SmallCluster.of('abc');
    cluster.elect('a');
    cluster.at('a').propose(1);
    cluster.at('a').propose(2);
    cluster.at('a').propose(3);
    const appends = cluster.at('a').flush();
    expect(appends.map(({ type, to }) => [type, to])).toEqual([
      ['append', 'b'],
      ['append', 'c'],
    ]);
    expect(appends).toMatchObject([
      { index: 1, entries: { length: 3 } },
      { index: 1, entries: { length: 3 } },
    ]);
  });

  test('what is on disk is read in small pieces, so that others have a turn between two', () => {
    for (const [appendBytesMax, bytesMax] of [
      [undefined, 0x1_0000],
      [1000, 1000],
    ] as const) {
      const limits = appendBytesMax === undefined ? {} : { appendBytesMax };
      const leader = new Member('a', { tailBytesMax: 0, fetching: true, terms: [1, 1, 1], ...limits });
      leader.raft.campaign();
      leader.flush();
      leader.raft.step(message('vote-reply', {}));
      leader.flush();
      leader.raft.step(message('append-reply', { index: 3, rejected: true, hint: 0, hintTerm: 0 }));
      leader.flush();
      const fetches = leader.seen.flatMap(effects => effects.fetches);
      expect(fetches).toEqual([{ peer: 'b', from: 1, to: 4, bytesMax }]);
    }
  });

  test('no more than the window takes, and it goes on as acknowledgements come', () => {
    const cluster = SmallCluster.of('abc', { appendBytesMax: 1, inflightMax: 2 });
    cluster.elect('a');
    const leader = cluster.at('a');
    leader.propose(1, 2, 3, 4, 5);
    const toB = leader.flush().filter(({ to }) => to === 'b');
    expect(toB).toHaveLength(2);
    expect(leader.raft.status().progress[1]).toMatchObject({
      id: 'b',
      inflight: 2,
      inflightFull: true,
      paused: true,
    });
    leader.raft.step(message('append-reply', { index: 2 }));
    expect(leader.flush().filter(({ to }) => to === 'b')).toMatchObject([{ type: 'append', index: 3 }]);
  });

  test('what is on its way is asked about once in a heartbeat, however many reads are confirmed meanwhile', () => {
    const group = SmallCluster.of('abc');
    group.elect('a');
    const a = group.at('a');
    a.propose(1);
    expect(a.flush()).toMatchObject([{ type: 'append' }, { type: 'append' }]);
    /** What leaves after everybody has answered what left before. */
    const afterAnswers = (): readonly unknown[] => {
      for (const heartbeat of a.flush()) {
        expect(heartbeat.type).toBe('heartbeat');
        const { round } = heartbeat as { readonly round: number };
        a.raft.step(message('heartbeat-reply', { from: heartbeat.to, round }));
      }
      return a.flush();
    };
    a.raft.readIndex(1);
    expect(afterAnswers()).toEqual([]);
    a.raft.tick();
    expect(afterAnswers()).toMatchObject([
      { type: 'append', to: 'b', entries: [] },
      { type: 'append', to: 'c', entries: [] },
    ]);
    a.raft.readIndex(2);
    expect(afterAnswers()).toEqual([]);
  });

  test('a rejection that was overtaken does not send a follower back', () => {
    const cluster = SmallCluster.of('abc');
    cluster.elect('a');
    const leader = cluster.at('a');
    leader.propose(1, 2);
    cluster.settle();
    const before = leader.raft.status().progress[1];
    leader.raft.step(message('append-reply', { index: 2, rejected: true, hint: 1, hintTerm: 1 }));
    expect(leader.raft.status().progress[1]).toEqual(before);
    expect(leader.flush()).toEqual([]);
  });

  test('proposals are refused while too many bytes wait, and a single one always fits', () => {
    const cluster = SmallCluster.of('abc', { uncommittedBytesMax: 10 });
    cluster.elect('a');
    const { raft } = cluster.at('a');
    const bytes = (length: number) => [{ kind: 2, payload: new Uint8Array(length) }];
    expect(raft.propose(bytes(50))).toMatchObject({ accepted: true });
    expect(raft.propose(bytes(1))).toMatchObject({ refused: 'full' });
    expect(raft.propose(bytes(0))).toMatchObject({ accepted: true });
    cluster.settle();
    expect(raft.propose(bytes(1))).toMatchObject({ accepted: true });
    expect(() => raft.propose([])).toThrow('must be at least one');
    expect(() => raft.propose([{ kind: 1, payload: new Uint8Array(0) }])).toThrow('must not be membership');
  });

  test('entries that are no longer in memory are fetched; answers that come late are ignored', () => {
    const leader = new Member('a', { tailBytesMax: 0, fetching: true });
    const { raft } = leader;
    raft.campaign();
    leader.flush();
    raft.step(message('vote-reply', {}));
    leader.flush();
    leader.propose(1, 2, 3);
    leader.flush();
    raft.step(message('append-reply', { from: 'c', index: 4 }));
    leader.flush();
    leader.propose(4);
    leader.flush();
    // Follower b has nothing, and the leader's memory only the last entry.
    raft.step(message('append-reply', { from: 'b', index: 0, rejected: true }));
    raft.reportUnreachable('b' as NodeId);
    leader.raft.beat();
    raft.step(message('heartbeat-reply', { round: 1 }));
    leader.flush();
    const fetches = leader.seen.flatMap(effects => effects.fetches);
    expect(fetches).toMatchObject([{ peer: 'b', from: 1, to: 5 }]);
    expect(raft.status().progress[1]).toMatchObject({ paused: true });
    const stale = leader.entries.map(entry => ({ ...entry, term: 9 as Term }));
    raft.entriesRead('b' as NodeId, 1 as LogIndex, stale);
    expect(leader.flush().filter(({ type }) => type === 'append')).toEqual([]);
    raft.entriesRead('b' as NodeId, 1 as LogIndex, leader.entries.slice(0, 2));
    expect(leader.flush()).toMatchObject([{ type: 'append', index: 0, logTerm: 0, entries: { length: 2 } }]);
    // The same answer again is one too many.
    raft.entriesRead('b' as NodeId, 1 as LogIndex, leader.entries);
    expect(leader.flush()).toEqual([]);
  });

  test('an answer to a fetch that was given up does not pass for the answer to the next', () => {
    const leader = new Member('a', {
      terms: [1, 1, 1, 1],
      hardState: { term: 1 },
      tailBytesMax: 0,
      fetching: true,
    });
    const { raft } = leader;
    raft.campaign();
    leader.flush();
    raft.step(message('vote-reply', { term: 2 }));
    leader.flush();
    const reject = (index: number, hint: number) =>
      raft.step(message('append-reply', { term: 2, index, rejected: true, hint, hintTerm: 1 }));
    reject(4, 3);
    leader.flush();
    reject(3, 1);
    leader.flush();
    const fetched = () => leader.seen.flatMap(effects => effects.fetches.map(({ from }) => from));
    // The log is only read once at a time, so the first answer is waited for.
    expect(fetched()).toEqual([4]);
    raft.entriesRead('b' as NodeId, 4 as LogIndex, leader.entries.slice(3));
    leader.flush();
    expect(fetched()).toEqual([4, 2]);
    raft.entriesRead('b' as NodeId, 4 as LogIndex, leader.entries.slice(3));
    expect(leader.flush()).toEqual([]);
    expect(fetched()).toEqual([4, 2]);
    raft.entriesRead('b' as NodeId, 2 as LogIndex, leader.entries.slice(1));
    expect(leader.flush()).toMatchObject([{ type: 'append', to: 'b', index: 1, entries: { length: 4 } }]);
  });

  test('a log that cannot be read is asked again with the next heartbeat, not at once', () => {
    const leader = new Member('a', {
      terms: [1, 1],
      hardState: { term: 1 },
      tailBytesMax: 0,
      fetching: true,
    });
    const { raft } = leader;
    raft.campaign();
    leader.flush();
    raft.step(message('vote-reply', { term: 2 }));
    leader.flush();
    raft.step(message('append-reply', { term: 2, index: 2, rejected: true, hint: 0 }));
    leader.flush();
    const fetchCount = () => leader.seen.flatMap(({ fetches }) => fetches).length;
    expect(fetchCount()).toBe(1);
    raft.entriesRead('b' as NodeId, 1 as LogIndex, []);
    leader.flush();
    expect(fetchCount()).toBe(1);
    raft.beat();
    raft.step(message('heartbeat-reply', { term: 2, round: 1 }));
    leader.flush();
    expect(fetchCount()).toBe(2);
  });

  test('no more entries are kept in memory than the tail takes', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const leader = new Member('a', { membership: voters('a'), tailBytesMax: 100 });
    leader.raft.campaign();
    leader.flush();
    const payloads: WeakRef<Uint8Array>[] = [];
    for (let count = 0; count < 500; count++) {
      const payload = new Uint8Array(1000);
      payloads.push(new WeakRef(payload));
      leader.raft.propose([{ kind: 2, payload }]);
      leader.flush();
      leader.entries = [];
      leader.applied = [];
      leader.seen = [];
    }
    await new Promise(resolve => setImmediate(resolve));
    collect();
    expect(payloads.filter(payload => payload.deref() !== undefined).length).toBeLessThan(10);
  });

  test('entries that are gone by the time they are read become a snapshot', () => {
    const leader = new Member('a', {
      tailBytesMax: 0,
      fetching: true,
      terms: [1, 1, 1],
      hardState: { term: 1 },
    });
    leader.flush();
    leader.raft.campaign();
    leader.flush();
    leader.raft.step(message('vote-reply', { term: 2 }));
    leader.flush();
    leader.raft.step(message('append-reply', { from: 'c', term: 2, index: 4 }));
    leader.raft.step(message('append-reply', { from: 'b', term: 2, index: 3, rejected: true }));
    leader.flush();
    leader.compact(3);
    leader.raft.entriesRead('b' as NodeId, 1 as LogIndex, undefined);
    expect(leader.flush()).toMatchObject([{ type: 'snapshot', to: 'b', snapshot: { index: 3 } }]);
    leader.raft.snapshotSent('b' as NodeId, false);
    expect(leader.raft.status().progress[1]).toMatchObject({ state: 'probe', next: 1 });
  });
});
