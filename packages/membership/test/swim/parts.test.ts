import { type NodeId, nodeId, seededRandom } from '@quorate/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { presets, tuningOf } from '../../src/index.ts';
import { LocalHealth } from '../../src/swim/local-health.ts';
import { Member, State } from '../../src/swim/member.ts';
import { MemberTable } from '../../src/swim/member-table.ts';
import { MessageType } from '../../src/swim/message.ts';
import { readMessage } from '../../src/swim/message-reader.ts';
import { MessageWriter } from '../../src/swim/message-writer.ts';
import { NewsQueue, transmitsFor } from '../../src/swim/news-queue.ts';
import { ProbeOrder } from '../../src/swim/probe-order.ts';
import { Suspicion, suspicionMs } from '../../src/swim/suspicion.ts';
import { record } from './lone-core.ts';

const member = (id: string): Member => new Member(record(id, 'alive', 1), 0);

describe('the order of probes (SWIM §4.3)', () => {
  test('each round has everybody once, whatever the number and the seed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer(), (count, seed) => {
        const order = new ProbeOrder(seededRandom(seed));
        for (let at = 0; at < count; at++) order.add(member(`m${at}`));
        for (let round = 0; round < 3; round++) {
          const probed = new Set(Array.from({ length: count }, () => order.next()?.id));
          expect(probed.size).toBe(count);
        }
      }),
    );
  });

  test('a newcomer is probed within two rounds, the dead are not, and who is doubted is first', () => {
    const order = new ProbeOrder(seededRandom(1));
    const members = Array.from({ length: 10 }, (_, at) => member(`m${at}`));
    for (const each of members) order.add(each);
    for (let probe = 0; probe < 4; probe++) order.next();
    order.add(member('late'));
    (members[3] as Member).state = State.dead;
    order.putFirst(members[7] as Member);
    expect(order.next()).toBe(members[7]);
    const probed = Array.from({ length: 20 }, () => order.next()?.id);
    expect(probed).toContain('late');
    expect(probed).not.toContain('m3');
  });

  test('nobody is there to be probed where nobody lives', () => {
    const order = new ProbeOrder(seededRandom(1));
    expect(order.next()).toBeUndefined();
    const dead = member('a');
    order.add(dead);
    dead.state = State.dead;
    expect(order.next()).toBeUndefined();
  });
});

describe('suspicion (Lifeguard §IV.B)', () => {
  const times = { minMs: 1000, maxMs: 6000, confirmations: 3 };

  test('the time shrinks by the logarithm of the confirmations, from the longest to the shortest', () => {
    const rounded = [0, 1, 2, 3, 4].map(count => Math.round(suspicionMs(times, count)));
    expect(rounded).toEqual([6000, 3500, Math.round(6000 - (5000 * Math.log(3)) / Math.log(4)), 1000, 1000]);
  });

  test('only other accusers count, each once, and no more than it takes', () => {
    const suspicion = new Suspicion(1, nodeId('a'), times, 100);
    expect(['a', 'b', 'b', 'c', 'd', 'e'].map(id => suspicion.confirm(id as NodeId))).toEqual([
      false,
      true,
      false,
      true,
      true,
      false,
    ]);
    expect(suspicion.dueMs).toBe(1100);
  });

  test('where nobody can confirm, it lasts the shortest time', () => {
    expect(new Suspicion(1, nodeId('a'), { ...times, confirmations: 0 }, 0).dueMs).toBe(1000);
    expect(new Suspicion(1, nodeId('a'), { ...times, confirmations: -1 }, 0).dueMs).toBe(1000);
  });
});

describe('local health (Lifeguard §IV.A)', () => {
  test('counts from 0 to its maximum, and multiplies by one more', () => {
    const health = new LocalHealth(8);
    health.add(-1);
    expect(health.multiplier).toBe(1);
    health.add(5);
    expect(health.multiplier).toBe(6);
    health.add(100);
    expect(health.score).toBe(8);
    health.add(-1);
    expect(health.score).toBe(7);
  });
});

describe('news (SWIM §4.1)', () => {
  /** The ids in one message of at most `maxBytes`. */
  function take(news: NewsQueue, transmits: number, maxBytes = 4096): string[] {
    const writer = new MessageWriter(4096, 4096);
    writer.begin(MessageType.gossip);
    news.write(writer, maxBytes, transmits);
    const read = readMessage(writer.finish(), presets.lan);
    return typeof read === 'string' ? [read] : read.records.map(({ id }) => id);
  }

  test('each is sent λ · ceil(log10(n + 1)) times', () => {
    expect([1, 9, 10, 99, 100, 1000].map(count => transmitsFor(4, count))).toEqual([4, 4, 8, 8, 12, 16]);
    const news = new NewsQueue();
    news.add(member('a'));
    expect(Array.from({ length: 6 }, () => take(news, 4).length)).toEqual([1, 1, 1, 1, 0, 0]);
    expect(news.size).toBe(0);
  });

  test('news that nobody is there to hear do not pile up', () => {
    const news = new NewsQueue();
    const a = member('a');
    for (let change = 0; change < 10_000; change++) news.add(a);
    expect(news.heldCount).toBeLessThan(100);
    expect(take(news, 4)).toEqual(['a']);
  });

  test('what was sent least comes first, and newer news of a member replace older', () => {
    const news = new NewsQueue();
    const [a, b, c] = [member('a'), member('b'), member('c')];
    news.add(a);
    take(news, 4);
    news.add(b);
    news.add(c);
    expect(take(news, 4)).toEqual(['c', 'b', 'a']);
    news.add(a);
    expect(take(news, 4)[0]).toBe('a');
    expect(news.size).toBe(3);
  });

  test('no more is sent than fits, but always one, or it would never leave', () => {
    const news = new NewsQueue();
    for (const id of ['a', 'b', 'c']) news.add(member(id));
    expect(take(news, 4, 10)).toHaveLength(1);
    expect(take(news, 4, 70)).toHaveLength(2);
    const heads = Array.from({ length: 9 }, () => take(news, 4, 10)[0]);
    expect(heads.join('').split('').sort().join('')).toBe('aaabbbccc');
    expect(news.size).toBe(0);
  });
});

describe('the table of members', () => {
  const change = fc.record({
    at: fc.nat({ max: 7 }),
    incarnation: fc.nat({ max: 3 }),
    state: fc.constantFrom(0, 1, 2, 3),
  });

  test('the digest depends on who lives under which incarnation, and on nothing else', () => {
    const table = (): MemberTable => new MemberTable(member('self'), 100);
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), changes => {
        const one = table();
        for (const { at, incarnation, state } of changes) {
          const known = one.get(nodeId(`m${at}`)) ?? one.add(record(`m${at}`, 'alive', 0), 0);
          one.update(known as Member, each => {
            each.incarnation = incarnation;
            each.state = state as 0;
          });
        }
        const other = table();
        for (const each of [...one.all()].toReversed()) {
          if (each.id !== 'self' && each.isLive) other.add(record(each.id, 'alive', each.incarnation), 0);
        }
        expect([one.digestHigh, one.digestLow]).toEqual([other.digestHigh, other.digestLow]);
        expect(one.others.map(({ id }) => id).sort()).toEqual(other.others.map(({ id }) => id).sort());
        expect(one.liveCount).toBe(other.liveCount);
        const [first] = other.others;
        if (first === undefined) return;
        other.update(first, each => each.incarnation++);
        expect([one.digestHigh, one.digestLow]).not.toEqual([other.digestHigh, other.digestLow]);
      }),
    );
  });

  test('a sample has different members that pass, however many are asked for', () => {
    const table = new MemberTable(member('self'), 1000);
    for (let at = 0; at < 100; at++) table.add(record(`m${at}`, 'alive', 0), 0);
    const random = seededRandom(3);
    for (const count of [0, 1, 3, 24, 40, 200]) {
      const sample = table.sample(random, count, ({ id }) => id !== 'm5');
      expect(new Set(sample).size).toBe(sample.length);
      expect(sample.map(({ id }) => id)).not.toContain('m5');
      expect(sample.length).toBe(Math.min(count, 99));
    }
  });

  test('where there are too many, who is gone the longest makes room, and the living never do', () => {
    const table = new MemberTable(member('self'), 3);
    const [a, b] = [table.add(record('a', 'alive', 0), 1), table.add(record('b', 'alive', 0), 2)];
    expect(table.add(record('c', 'alive', 0), 3)).toBeUndefined();
    for (const each of [b, a]) table.update(each as Member, known => (known.state = State.dead));
    expect(table.add(record('c', 'alive', 0), 3)?.id).toBe('c');
    expect([...table.all()].map(({ id }) => id)).toEqual(['self', 'b', 'c']);
  });
});

describe('tuning', () => {
  test.each([
    [
      { probeTimeoutMs: 2000 },
      'Tuning "probeTimeoutMs" must be at most the probe interval, 1000: received 2000',
    ],
    [{ gossipFanout: 1.5 }, 'Tuning "gossipFanout" must be an integer from 1 to 32: received 1.5'],
    [{ deadKeptMs: -1 }, 'Tuning "deadKeptMs" must be a number from 0 to 604800000: received -1'],
    [
      { messageMaxBytes: 1000 },
      /^Tuning "messageMaxBytes" must be an integer from \d+ to 1048576: received 1000$/,
    ],
    [
      { piggybackMaxBytes: 9000 },
      'Tuning "piggybackMaxBytes" must be a number from 0 to 8192: received 9000',
    ],
  ])('%j is refused', (tuning, message) => {
    expect(() => tuningOf('lan', tuning)).toThrow(message);
  });

  test('a preset that is none is refused', () => {
    expect(() => tuningOf('moon' as 'lan')).toThrow(
      new RangeError('Preset must be one of local, lan and wan: received "moon"'),
    );
  });
});
