import { nodeId } from '@quorate/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { counterMax } from '../../src/swim/message.ts';
import { LoneCore, record } from './lone-core.ts';

const types = (core: LoneCore): string[] => core.changes.map(({ type, member }) => `${type} ${member.id}`);

describe('probes (SWIM §3.1, §4.1)', () => {
  test('a member is probed each interval, everybody in turn', () => {
    const core = new LoneCore().know('a', 'b', 'c');
    const probed: string[] = [];
    for (let step = 0; step < 640; step++) {
      core.pass(10);
      for (const { to, message } of core.sent('ping')) {
        probed.push(to);
        core.receive(to, { type: 'ack', sequence: message.sequence });
      }
    }
    expect(probed.length).toBeGreaterThanOrEqual(6);
    expect(probed.slice(0, 3).sort()).toEqual(['a', 'b', 'c']);
    expect(probed.slice(3, 6).sort()).toEqual(['a', 'b', 'c']);
    expect(core.changes).toEqual([]);
  });

  test('who does not answer in time is probed through others, and an answer through them counts', () => {
    const core = new LoneCore().know('a', 'b', 'c', 'd', 'e');
    const sequence = core.probeOf('a');
    core.pass(490);
    expect(core.sent('pingReq')).toEqual([]);
    core.pass(20);
    const asked = core.sent('pingReq');
    expect(new Set(asked.map(({ to }) => to)).size).toBe(3);
    expect(asked.map(({ to, message }) => [to === 'a', message.target])).toEqual([
      [false, 'a'],
      [false, 'a'],
      [false, 'a'],
    ]);
    core.receive(asked[0]?.to as string, { type: 'ack', sequence });
    core.pass(1000);
    expect(core.state('a')).toBe('alive');
  });

  test('who answers nobody is suspected, not dead (§4.2)', () => {
    const core = new LoneCore().know('a', 'b', 'c', 'd');
    core.probeOf('a');
    core.pass(1010);
    expect(types(core)).toEqual(['suspected a']);
    expect(core.changes[0]?.accuser).toBe('self');
    expect(
      core
        .sent('gossip')
        .flatMap(({ message }) => message.records)
        .map(({ id }) => id),
    ).toContain('a');
  });

  test('an answer to another probe, or by somebody who was not asked, proves nothing', () => {
    const core = new LoneCore().know('a', 'b', 'c', 'd', 'e', 'f');
    const sequence = core.probeOf('a');
    core.receive('a', { type: 'ack', sequence: (sequence + 1) >>> 0 });
    core.pass(510);
    const asked = core.sent('pingReq').map(({ to }) => to);
    const other = ['b', 'c', 'd', 'e', 'f'].find(id => !asked.includes(id)) as string;
    core.receive(other, { type: 'ack', sequence });
    core.pass(600);
    expect(core.state('a')).toBe('suspect');
  });

  test('a relay probes for another, and passes the answer on under the number it was asked with', () => {
    const core = new LoneCore().know('a', 'b');
    core.receive('b', { type: 'pingReq', sequence: 77, target: 'a' as never });
    const [ping] = core.sent('ping');
    expect(ping?.to).toBe('a');
    core.receive('a', { type: 'ack', sequence: ping?.message.sequence as number });
    expect(core.sent('ack').map(({ to, message }) => [to, message.sequence])).toEqual([['b', 77]]);
  });

  test('a probe is answered under its own number, to whoever sent it', () => {
    const core = new LoneCore().know('a');
    core.receive('stranger', { type: 'ping', sequence: 5 });
    expect(core.sent().map(({ to, type, message }) => [to, type, message.sequence])).toEqual([
      ['stranger', 'ack', 5],
    ]);
  });
});

describe('what is believed (SWIM §4.2)', () => {
  test('under a higher incarnation anything overrides, under the same one the worse', () => {
    const core = new LoneCore().know('a');
    const steps: [Parameters<typeof record>[1], number, string][] = [
      ['suspect', 4, 'alive'],
      ['suspect', 5, 'suspect'],
      ['alive', 5, 'suspect'],
      ['alive', 6, 'alive'],
      ['dead', 6, 'dead'],
      ['suspect', 6, 'dead'],
      ['alive', 6, 'dead'],
      ['left', 6, 'left'],
      ['dead', 6, 'left'],
      ['alive', 7, 'alive'],
    ];
    for (const [state, incarnation, expected] of steps) {
      core.hear('gossip', [record('a', state, incarnation)]);
      expect([state, incarnation, core.state('a')]).toEqual([state, incarnation, expected]);
    }
    expect(types(core)).toEqual(['suspected a', 'recovered a', 'failed a', 'left a', 'joined a']);
  });

  const told = fc.record({
    id: fc.constantFrom('a', 'b', 'c'),
    state: fc.constantFrom('alive' as const, 'suspect' as const, 'dead' as const, 'left' as const),
    incarnation: fc.integer({ min: 5, max: 8 }),
  });

  test('members that have heard the same news believe the same, in whatever order and however often', () => {
    fc.assert(
      fc.property(fc.array(told, { maxLength: 12 }), fc.infiniteStream(fc.nat()), (news, draws) => {
        const [one, other] = [new LoneCore().know('a', 'b', 'c'), new LoneCore().know('a', 'b', 'c')];
        const shuffled = [...news, ...news.slice(0, 3)].sort(() => ((draws.next().value as number) % 3) - 1);
        for (const { id, state, incarnation } of news) one.hear('gossip', [record(id, state, incarnation)]);
        for (const { id, state, incarnation } of shuffled)
          other.hear('gossip', [record(id, state, incarnation)]);
        for (const id of ['a', 'b', 'c'])
          expect(other.swim.member(nodeId(id))).toEqual(one.swim.member(nodeId(id)));
      }),
    );
  });

  test('the death of somebody unknown is no news: the dead must be forgotten one day', () => {
    const core = new LoneCore();
    core.hear('gossip', [
      record('x', 'dead', 5),
      record('y', 'left', 5),
      record('z', 'suspect', 5, { bare: true }),
    ]);
    expect([...core.swim.members()].map(({ id }) => id)).toEqual(['self']);
  });

  test('the dead are remembered for a while, so old news do not bring them back, and then forgotten', () => {
    const core = new LoneCore({ tuning: { deadKeptMs: 60_000 } }).know('a', 'b');
    core.hear('gossip', [record('a', 'dead', 5)]);
    core.pass(50_000);
    core.hear('gossip', [record('a', 'alive', 5)]);
    expect(core.state('a')).toBe('dead');
    core.pass(30_000);
    expect(core.state('a')).toBeUndefined();
  });

  test('details are taken by their version, whatever is believed of the member', () => {
    const core = new LoneCore().know('a');
    const meta = (value: number): { meta: Uint8Array; metaVersion: number } => ({
      meta: Uint8Array.of(value),
      metaVersion: value,
    });
    core.hear('gossip', [record('a', 'suspect', 6, { bare: true }), record('a', 'alive', 6, meta(6))]);
    expect([...(core.swim.member(nodeId('a'))?.meta ?? [])]).toEqual([6]);
    core.hear('gossip', [record('a', 'alive', 7, meta(5))]);
    expect([...(core.swim.member(nodeId('a'))?.meta ?? [])]).toEqual([6]);
    core.hear('gossip', [record('a', 'alive', 8, meta(8))]);
    expect(types(core)).toEqual(['suspected a', 'updated a', 'recovered a', 'updated a']);
  });
});

describe('what is said of this member', () => {
  const incarnation = (core: LoneCore): number => core.swim.member(nodeId('self'))?.incarnation as number;

  test('a suspicion or a death is denied under a higher incarnation, and told on', () => {
    const core = new LoneCore().know('a');
    core.hear('gossip', [record('self', 'suspect', 10, { life: 1, accuser: 'b' })]);
    expect([core.state('self'), incarnation(core)]).toEqual(['alive', 11]);
    core.hear('gossip', [record('self', 'dead', 15, { life: 1 })]);
    expect([core.state('self'), incarnation(core)]).toEqual(['alive', 16]);
    core.pass(400);
    const told = core
      .sent('gossip')
      .flatMap(({ message }) => message.records)
      .filter(({ id }) => id === 'self');
    expect(told[0]).toMatchObject({ state: 0, incarnation: 16 });
    expect(core.swim.healthScore).toBe(2);
  });

  test('what is older than the denial is not denied again', () => {
    const core = new LoneCore().know('a');
    core.hear('gossip', [
      record('self', 'suspect', 10, { life: 1 }),
      record('self', 'suspect', 10, { life: 1 }),
      record('self', 'dead', 9, { life: 1 }),
    ]);
    expect(incarnation(core)).toBe(11);
    expect(core.swim.healthScore).toBe(1);
  });

  test('an earlier life is outbid, also where the clock was set back since', () => {
    const core = new LoneCore().know('a');
    core.hear('gossip', [record('self', 'alive', 500, { life: 99, meta: Uint8Array.of(1) })]);
    expect(core.swim.member(nodeId('self'))).toMatchObject({ incarnation: 501, metaVersion: 501 });
    core.hear('gossip', [record('self', 'left', 800, { life: 99 })]);
    expect([core.state('self'), incarnation(core)]).toEqual(['alive', 801]);
    core.hear('gossip', [record('self', 'alive', 800, { life: 99 })]);
    expect(incarnation(core)).toBe(801);
  });

  test('no denial goes beyond what others read', () => {
    const core = new LoneCore().know('a');
    core.hear('gossip', [record('self', 'dead', counterMax, { life: 1 })]);
    expect(incarnation(core)).toBeLessThanOrEqual(counterMax);
    core.pass(1000); // Whatever it sends is read by `sent`.
    expect(core.sent().length).toBeGreaterThan(0);
  });

  test('an earlier life is outbid by a good-bye, too, or it would count as alive for as long as it answers', () => {
    const core = new LoneCore().know('a');
    core.swim.leave(0);
    core.hear('gossip', [record('self', 'alive', 20, { life: 99 })]);
    expect([core.state('self'), incarnation(core)]).toEqual(['left', 21]);
  });

  test('after it has left, it does not deny that', () => {
    const core = new LoneCore().know('a');
    core.swim.leave(0);
    core.hear('gossip', [record('self', 'dead', 10, { life: 1 }), record('self', 'left', 10, { life: 1 })]);
    expect([core.state('self'), incarnation(core)]).toEqual(['left', 10]);
  });
});

describe('Lifeguard (Dadgar et al. 2018)', () => {
  test('a relay that hears nothing says so at 80 % of its timeout (§IV.A)', () => {
    const core = new LoneCore().know('a', 'b');
    core.receive('b', { type: 'pingReq', sequence: 77, target: 'a' as never });
    core.sent();
    core.pass(390);
    expect(core.sent('nack')).toEqual([]);
    core.pass(10);
    expect(core.sent('nack').map(({ to, message }) => [to, message.sequence])).toEqual([['b', 77]]);
    core.pass(1000);
    expect(core.sent('nack')).toEqual([]);
  });

  test('relays that say nothing speak against this member, and those that say so do not (§IV.A)', () => {
    const silent = new LoneCore().know('a', 'b', 'c', 'd');
    silent.probeOf('a');
    silent.pass(1010);
    expect(silent.swim.healthScore).toBe(3);

    const answered = new LoneCore().know('a', 'b', 'c', 'd');
    const sequence = answered.probeOf('a');
    answered.pass(510);
    for (const { to } of answered.sent('pingReq')) answered.receive(to, { type: 'nack', sequence });
    answered.pass(500);
    expect(answered.state('a')).toBe('suspect');
    expect(answered.swim.healthScore).toBe(0);
  });

  test('in bad health intervals and timeouts are longer, and each answer makes it better (§IV.A)', () => {
    const core = new LoneCore({ seed: 'health' }).know('a', 'b', 'c', 'd');
    for (let incarnation = 10; incarnation < 13; incarnation++)
      core.hear('gossip', [record('self', 'suspect', incarnation, { life: 1 })]);
    expect(core.swim.healthScore).toBe(3);
    const sequence = core.probeOf('b');
    const score = core.swim.healthScore;
    core.pass(500 * (score + 1) - 20);
    expect(core.sent('pingReq')).toEqual([]);
    core.receive('b', { type: 'ack', sequence });
    expect(core.swim.healthScore).toBe(score - 1);
  });

  /** Ten members, of whom `a` is suspected by `b` from the beginning; everybody answers. */
  const suspecting = (): [LoneCore, (untilMs: number) => void] => {
    const core = new LoneCore().know('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i');
    core.hear('gossip', [record('a', 'suspect', 5, { bare: true, accuser: 'b' })]);
    const answerUntil = (untilMs: number): void => {
      while (core.nowMs < untilMs) {
        core.pass(10);
        for (const { to, message } of core.sent('ping'))
          core.receive(to, { type: 'ack', sequence: message.sequence });
      }
    };
    return [core, answerUntil];
  };
  const accuse = (core: LoneCore, ...accusers: string[]): void =>
    core.hear(
      'gossip',
      accusers.map(accuser => record('a', 'suspect', 5, { bare: true, accuser })),
    );

  test('a suspicion that nobody confirms lasts six times as long as one that enough confirm (§IV.B)', () => {
    const [alone, answerAlone] = suspecting();
    accuse(alone, 'b');
    answerAlone(23_900);
    expect(alone.state('a')).toBe('suspect');
    answerAlone(24_010);
    expect(alone.state('a')).toBe('dead');
    const [confirmed, answerConfirmed] = suspecting();
    accuse(confirmed, 'c', 'd', 'e', 'f');
    answerConfirmed(3990);
    expect(confirmed.state('a')).toBe('suspect');
    answerConfirmed(4010);
    expect(confirmed.state('a')).toBe('dead');
  });

  test('confirmations are told on with the accuser who is news, as far as they count (§IV.B)', () => {
    const [core] = suspecting();
    core.sent();
    for (const [accuser, told] of [
      ['c', 'c'],
      ['b', 'c'],
      ['d', 'd'],
      ['e', 'e'],
      ['f', 'e'],
    ] as const) {
      accuse(core, accuser);
      core.receive('z', { type: 'ping', sequence: 1 });
      const records = core.sent('ack').flatMap(({ message }) => message.records);
      expect(records.find(({ id }) => id === 'a')?.accuser).toBe(told);
    }
  });

  test('without Lifeguard a suspicion lasts its shortest time, whoever confirms, and nothing counts', () => {
    const core = new LoneCore({ tuning: { lifeguard: false } }).know('a', 'b', 'c', 'd');
    core.hear('gossip', [
      record('a', 'suspect', 5, { bare: true, accuser: 'b' }),
      record('self', 'suspect', 10, { life: 1 }),
    ]);
    core.pass(3990);
    expect(core.state('a')).toBe('suspect');
    core.pass(20);
    expect(core.state('a')).toBe('dead');
    expect(core.swim.healthScore).toBe(0);
  });

  test('who is suspected hears of it with whatever is said to it (§IV.C)', () => {
    for (const lifeguard of [true, false]) {
      const core = new LoneCore({ tuning: { lifeguard } }).know('a', 'b', 'c', 'd');
      core.hear('gossip', [record('a', 'suspect', 6, { bare: true, accuser: 'b' })]);
      core.pass(900);
      // Long after the news of it have been told.
      expect(core.swim.newsCount).toBe(0);
      core.sent();
      core.receive('a', { type: 'ping', sequence: 1 });
      const told = core
        .sent('ack')[0]
        ?.message.records.map(({ id, state, incarnation }) => [id, state, incarnation]);
      expect(told).toEqual(lifeguard ? [['a', 1, 6]] : []);
    }
  });

  test('who was taken for dead and speaks hears of it', () => {
    const core = new LoneCore().know('a', 'b');
    core.hear('gossip', [record('a', 'dead', 5)]);
    core.pass(20_000);
    core.sent();
    core.receive('a', { type: 'ping', sequence: 1 });
    expect(core.sent('ack')[0]?.message.records[0]).toMatchObject({ id: 'a', state: 2, incarnation: 5 });
  });

  test('time in which this process did not run is nobody else’s silence', () => {
    const core = new LoneCore().know('a', 'b', 'c', 'd');
    core.hear('gossip', [record('b', 'suspect', 5, { bare: true, accuser: 'c' })]);
    core.probeOf('a');
    core.nowMs += 30_000;
    core.swim.delayed(30_000, core.nowMs);
    core.pass(400);
    expect(core.changes.filter(({ type }) => type === 'failed')).toEqual([]);
    expect(core.state('a')).toBe('alive');
    expect(core.swim.healthScore).toBe(8);
    const short = new LoneCore().know('a');
    short.swim.delayed(249, 249);
    expect(short.swim.healthScore).toBe(0);
  });
});

describe('exchange of states', () => {
  test('equal members are found by their digest, and nothing is sent', () => {
    const [one, other] = [new LoneCore({ seeds: ['peer'] }).know('a', 'b'), new LoneCore().know('b', 'a')];
    one.swim.join(0);
    const [sync] = one.sent('sync');
    other.receive('peer', { ...sync?.message, type: 'sync', records: [] });
    expect(other.sent().map(({ type }) => type)).toEqual(['same']);
    one.receive('peer', { type: 'same' });
    expect([one.synced, other.synced]).toEqual([['peer'], ['peer']]);
  });

  test('different ones are answered with all that is known, and are asked for theirs', () => {
    const core = new LoneCore().know('a', 'b');
    core.receive('peer', {
      type: 'sync',
      digestHigh: 1,
      digestLow: 2,
      records: [record('peer', 'alive', 3)],
    });
    const [state] = core.sent('state');
    expect(state?.message.isWanted).toBe(true);
    expect(state?.message.records.map(({ id }) => id).sort()).toEqual(['a', 'b', 'peer', 'self']);
    core.receive('peer', { type: 'state', isLast: true, isWanted: true });
    expect(core.sent('state')[0]?.message.isWanted).toBe(false);
    expect(core.synced).toEqual(['peer']);
  });

  test('a death that is told as part of a state is a suspicion: the halves of a parted network know each other as dead', () => {
    const core = new LoneCore().know('a', 'b', 'c');
    core.hear('state', [record('a', 'dead', 5, { accuser: 'x' }), record('b', 'left', 5)], 'peer');
    expect([core.state('a'), core.state('b')]).toEqual(['suspect', 'left']);
    expect(core.changes[0]?.accuser).toBe('peer');
  });

  test('one after the other of the dead, and of seeds that are no members, is tried to be reached', () => {
    const core = new LoneCore({ seeds: ['s', 'a'] }).know('a', 'b', 'c');
    core.hear('gossip', [record('b', 'dead', 5), record('c', 'left', 5)]);
    const tried = new Set<string>();
    for (let round = 0; round < 6; round++) {
      core.pass(10_000);
      for (const { to } of core.sent('sync')) tried.add(to);
    }
    expect([...tried].filter(id => id !== 'a').sort()).toEqual(['b', 's']);
  });

  test('it goes on trying its seeds every probe interval until one answers', () => {
    const core = new LoneCore({ seeds: ['s', 't'] });
    core.swim.join(0);
    core.pass(2010);
    const counts = core.sent('sync').filter(({ to }) => to === 's').length;
    expect(counts).toBeGreaterThanOrEqual(3);
    core.receive('s', { type: 'state', isLast: true, records: [record('s', 'alive', 1)] });
    core.sent();
    core.pass(3000);
    expect(core.sent('sync').filter(({ to }) => to === 's')).toEqual([]);
  });
});
