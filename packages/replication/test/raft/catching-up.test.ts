import type { NodeId } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { entryKind } from '../../src/raft/entry-kind.ts';
import { ids, type Member, type MemberOptions, SmallCluster, voters } from './small-cluster.ts';

const sliceBytesMax = 0x1_0000;
const count = 2000;
const payloadLength = 1000;
const perSlice = Math.floor(sliceBytesMax / payloadLength);
const [a, b, c] = ids('abc') as [NodeId, NodeId, NodeId];

/** Leader a, with b in step and c that misses so many entries; c is reached again. */
function withOneBehind(options: MemberOptions = {}, entries = count): SmallCluster {
  const cluster = SmallCluster.of('abc', { paceCatchUp: true, checkQuorum: false, ...options });
  cluster.elect('a');
  cluster.isolate('c');
  write(cluster.at('a'), entries - 1);
  cluster.settle();
  // What is in memory is looked at with what comes next.
  write(cluster.at('a'), 1);
  cluster.settle();
  cluster.at('a').raft.reportUnreachable(c);
  cluster.heal();
  return cluster;
}

function write({ raft }: Member, entries: number): void {
  for (let at = 0; at < entries; at++) {
    raft.propose([{ kind: entryKind.command, payload: new Uint8Array(payloadLength) }]);
  }
}

function matchOf(cluster: SmallCluster, id = 'c'): number {
  return cluster
    .at('a')
    .raft.status()
    .progress.find(progress => progress.id === id)!.match;
}

function turnsOf(cluster: SmallCluster) {
  return cluster.at('a').seen.flatMap(({ turns }) => turns);
}

/** Answers what was asked, and lets everything follow from that. */
function answerTurn(cluster: SmallCluster): void {
  cluster.at('a').raft.catchUp(c);
  cluster.settle();
}

/** Reads from the leader's disk what it asks for, until it asks for nothing. */
function fetchAll(cluster: SmallCluster): number {
  const leader = cluster.at('a');
  let fetched = 0;
  for (;;) {
    const fetches = leader.seen.splice(0).flatMap(effects => effects.fetches);
    if (fetches.length === 0) return fetched;
    for (const { peer, from, bytesMax } of fetches) {
      const until = from - 1 + Math.max(1, Math.floor(bytesMax / payloadLength));
      leader.raft.entriesRead(peer, from, leader.entries.slice(from - 1, until));
      fetched++;
    }
    cluster.settle();
  }
}

describe('a follower that is far behind, without which a majority is in step', () => {
  test('is sent a slice of the log for each turn that the host gives it, and no more', () => {
    const cluster = withOneBehind();
    cluster.tick('a', 1);
    const sent: number[] = [];
    let before = matchOf(cluster);
    expect(before).toBe(1 + perSlice);
    while (matchOf(cluster) < cluster.at('a').raft.last) {
      expect(turnsOf(cluster).at(-1)).toMatchObject({ peer: c, last: count + 1 });
      // Neither time nor what others write, nor an answer to a heartbeat, is a turn.
      cluster.tick('a', 3);
      expect(matchOf(cluster)).toBe(before);
      answerTurn(cluster);
      sent.push(matchOf(cluster) - before);
      before = matchOf(cluster);
    }
    expect(Math.max(...sent)).toBe(perSlice);
    expect(sent).toHaveLength(Math.ceil(count / perSlice) - 1);
    // Each turn but the first says what the one before it brought.
    const told = turnsOf(cluster).slice(1);
    expect(told.map(({ sentCount }) => sentCount)).toEqual(sent.slice(0, -1));
    expect(told.every(({ sentCount, sentBytes }) => sentBytes === sentCount * payloadLength)).toBe(true);
  });

  test('is sent what comes at once, as anybody, when it has the log to its end', () => {
    const cluster = withOneBehind();
    cluster.tick('a', 1);
    while (matchOf(cluster) < cluster.at('a').raft.last) answerTurn(cluster);
    const asked = turnsOf(cluster).length;
    write(cluster.at('a'), 5);
    cluster.settle();
    expect(matchOf(cluster)).toBe(count + 6);
    expect(turnsOf(cluster)).toHaveLength(asked);
  });

  test('is sent slices also of what is read from disk', () => {
    const cluster = withOneBehind({ tailBytesMax: 0, fetching: true });
    cluster.tick('a', 1);
    // The probe's; whatever follows waits for a turn.
    expect(fetchAll(cluster)).toBe(1);
    expect(fetchAll(cluster)).toBe(0);
    for (let turn = 1; turn <= 5; turn++) {
      cluster.at('a').raft.catchUp(c);
      cluster.settle();
      expect(fetchAll(cluster)).toBe(1);
    }
    expect(matchOf(cluster)).toBe(1 + 6 * perSlice);
  });

  test('has no more than a window under way, and goes on as it answers', () => {
    const cluster = withOneBehind();
    cluster.tick('a', 1);
    const leader = cluster.at('a');
    cluster.cut.add('c>a');
    for (let turn = 0; turn < 40; turn++) answerTurn(cluster);
    const { inflightBytes } = leader.raft.status().progress.find(({ id }) => id === c)!;
    expect(inflightBytes).toBeGreaterThanOrEqual(0x10_0000);
    expect(inflightBytes).toBeLessThan(0x10_0000 + sliceBytesMax);
    cluster.heal();
    cluster.tick('a', 3);
    while (matchOf(cluster) < leader.raft.last) answerTurn(cluster);
  });

  test('is found out to miss what was lost on its way', () => {
    const cluster = withOneBehind();
    cluster.tick('a', 1);
    answerTurn(cluster);
    cluster.cut.add('a>c');
    for (let turn = 0; turn < 5; turn++) answerTurn(cluster);
    cluster.heal();
    const before = matchOf(cluster);
    for (let turn = 0; turn < 200 && matchOf(cluster) < count + 1; turn++) {
      cluster.tick('a', 1);
      answerTurn(cluster);
    }
    expect(matchOf(cluster)).toBeGreaterThan(before);
    expect(matchOf(cluster)).toBe(cluster.at('a').raft.last);
  });

  test('that was cut off and comes back may be asked for a turn that is none any more', () => {
    const cluster = withOneBehind();
    cluster.tick('a', 1);
    cluster.at('a').raft.reportUnreachable(c);
    answerTurn(cluster);
    cluster.tick('a', 1);
    const before = matchOf(cluster);
    cluster.tick('a', 2);
    expect(matchOf(cluster)).toBe(before);
  });

  test('gets no turn of somebody who is no leader, nor for who waits for none', () => {
    const cluster = withOneBehind();
    cluster.tick('a', 1);
    for (const [at, peer] of [
      ['b', c],
      ['a', b],
      ['a', a],
      ['a', 'x' as NodeId],
    ] as const) {
      cluster.at(at).raft.catchUp(peer);
      cluster.settle();
    }
    expect(matchOf(cluster)).toBe(1 + perSlice);
  });

  test('is sent everything at once where the option is not set', () => {
    const cluster = withOneBehind({ paceCatchUp: false });
    cluster.tick('a', 1);
    expect(matchOf(cluster)).toBe(count + 1);
    expect(turnsOf(cluster)).toEqual([]);
  });

  test('and misses little is sent it at once', () => {
    const cluster = withOneBehind({}, 100);
    cluster.tick('a', 1);
    expect(matchOf(cluster)).toBe(101);
  });
});

describe('a follower that is far behind and needed is sent everything at once', () => {
  const electionTicks = 10;

  test('where the others are no majority: one is not heard of any more', () => {
    const cluster = withOneBehind({ electionTicks });
    cluster.tick('a', 1);
    expect(matchOf(cluster)).toBe(1 + perSlice);
    cluster.isolate('b');
    cluster.tick('a', 2 * electionTicks + 1);
    expect(matchOf(cluster)).toBe(count + 1);
  });

  test('where the others are no majority: one answers, and does not store what comes', () => {
    const cluster = withOneBehind({ electionTicks });
    cluster.tick('a', 1);
    cluster.at('b').slowDisk = true;
    write(cluster.at('a'), 10);
    cluster.tick('a', 2 * electionTicks + 1);
    expect(matchOf(cluster, 'b')).toBe(count + 1);
    expect(matchOf(cluster)).toBe(count + 11);
    expect(cluster.at('a').raft.committed).toBe(count + 11);
  });

  test('where leadership is handed over to it', () => {
    const cluster = withOneBehind();
    cluster.tick('a', 1);
    cluster.at('a').raft.transferLeadership(c);
    cluster.settle();
    expect(cluster.at('c').raft.isLeader).toBe(true);
  });

  test('where it is to be a voter, and the new members are no majority without it', () => {
    const cluster = withOneBehind({ membership: voters('ab', { learners: [c] }) });
    cluster.tick('a', 1);
    expect(matchOf(cluster)).toBe(1 + perSlice);
    // As a learner nobody needs it; of two voters, both are needed.
    cluster.at('a').raft.changeMembership({
      transition: 'auto',
      changes: [
        { change: 'voter', node: c },
        { change: 'remove', node: b },
      ],
    });
    cluster.settle();
    cluster.tick('a', 3);
    expect(matchOf(cluster)).toBe(cluster.at('a').raft.last);
  });

  test('under a new leader, who does not know yet who is in step', () => {
    const cluster = withOneBehind();
    cluster.cut.add('b>a');
    cluster.cut.add('a>b');
    cluster.elect('b');
    cluster.tick('b', 1);
    expect(
      cluster
        .at('b')
        .raft.status()
        .progress.find(({ id }) => id === c)!.match,
    ).toBe(count + 2);
  });
});

test('a snapshot need not hurry while nobody needs who gets it', () => {
  const cluster = withOneBehind({ electionTicks: 10 });
  const { raft } = cluster.at('a');
  cluster.tick('a', 11);
  expect([raft.isSpared(c), raft.isSpared(b), raft.isSpared('x' as NodeId)]).toEqual([true, false, false]);
  expect(cluster.at('b').raft.isSpared(c)).toBe(false);
});
