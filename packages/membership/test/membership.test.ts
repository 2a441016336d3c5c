import {
  type Clock,
  type Timer,
  type TransportHandlers,
  errorCode,
  groupId,
  nodeId,
  seededRandom,
} from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { type MemberChange, type Membership, createMembership, membershipGroup } from '../src/index.ts';
import { Net, alive, turns } from './net.ts';
import { record, written } from './swim/lone-core.ts';

/** A clock whose timers do not come while it is stopped, as in a process that does not run. */
class StoppableClock implements Clock {
  readonly bootId: Clock['bootId'];
  isStopped = false;
  readonly #clock: Clock;
  #late: (() => void)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.bootId = clock.bootId;
  }

  wallMs(): number {
    return this.#clock.wallMs();
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  bootMs(): number {
    return this.#clock.bootMs();
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    return this.#clock.setTimer(delayMs, () => {
      if (this.isStopped) this.#late.push(callback);
      else callback();
    });
  }

  go(): void {
    this.isStopped = false;
    const late = this.#late;
    this.#late = [];
    for (const callback of late) callback();
  }
}

/** Hears what a member is told from now on. */
function listen(membership: Membership): string[] {
  const heard: string[] = [];
  void (async () => {
    for await (const change of membership.changes({ signal: new AbortController().signal }))
      heard.push(change.type === 'resync' ? 'resync' : `${change.type} ${change.member.id}`);
  })();
  return heard;
}

describe('a membership', () => {
  test('joins, tells what changes, and leaves', async () => {
    const net = new Net();
    const a = await net.member('a', { meta: Uint8Array.of(1) });
    const heard = listen(a);
    const b = await net.member('b');
    net.clock.advance(2000);
    await b.join();
    expect([alive(a), alive(b)]).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
    expect([...(b.member('a')?.meta ?? [])]).toEqual([1]);
    a.setMeta(Uint8Array.of(2, 3));
    net.clock.advance(500);
    expect([...(b.member('a')?.meta ?? [])]).toEqual([2, 3]);
    const left = b.leave({ deadlineMs: 5000 });
    net.clock.advance(1000);
    await left;
    await b[Symbol.asyncDispose]();
    net.handlers.delete('b');
    net.clock.advance(20_000);
    await turns();
    expect(heard).toEqual(['joined b', 'left b']);
    expect(a.member('b')?.state).toBe('left');
    const alone = a.leave().then(() => 'left', errorCode);
    net.clock.advance(100);
    expect(await alone).toBe('left');
    await expect(a.join()).rejects.toMatchObject({ code: 'CLOSED' });
    await a[Symbol.asyncDispose]();
    expect(net.clock.timerCount).toBe(0);
  });

  test('a wait for seeds that do not answer ends by its deadline, and it joins once one does', async () => {
    const net = new Net();
    const b = await net.member('b');
    const waiting = b.join({ deadlineMs: 1000 }).then(() => 'joined', errorCode);
    net.clock.advance(1001);
    expect(await waiting).toBe('DEADLINE_EXCEEDED');
    const a = await net.member('a', { seeds: [] });
    net.clock.advance(2000);
    await b.join();
    expect(alive(a)).toEqual(['a', 'b']);
  });

  test('a wait for seeds ends when the member leaves', async () => {
    const net = new Net();
    const b = await net.member('b');
    const waiting = b.join().then(() => 'joined', errorCode);
    await b.leave();
    expect(await waiting).toBe('CLOSED');
  });

  test('a seed, or one that was taken for dead, is spoken to as soon as there is a connection', async () => {
    const net = new Net();
    const b = await net.member('b', { preset: 'wan' });
    net.clock.advance(100);
    const a = await net.member('a', { preset: 'wan' });
    net.handlers.get('b')?.onConnect?.(nodeId('a'));
    net.clock.advance(100);
    await b.join();
    expect([alive(a), alive(b)]).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
    const gossip = written({ type: 'gossip', records: [record('a', 'dead', 1_000_200, { bare: true })] });
    net.handlers.get('b')?.onMessage(nodeId('x'), gossip, membershipGroup);
    expect(b.member('a')?.state).toBe('dead');
    net.handlers.get('b')?.onConnect?.(nodeId('a'));
    net.clock.advance(100);
    expect(b.member('a')?.state).toBe('alive');
  });

  test('a connection that breaks has its peer probed next', async () => {
    const net = new Net();
    const a = await net.member('a');
    for (const id of ['b', 'c', 'd', 'e', 'f']) await net.member(id);
    net.clock.advance(5000);
    for (let round = 0; round < 3; round++) {
      net.sentTo.length = 0;
      net.handlers.get('a')?.onDisconnect?.(nodeId('d'), new Error('broken'));
      // Within one interval `a` probes exactly one, and it is quiet otherwise.
      net.clock.advance(200);
      expect(net.sentTo).toContain('d');
      expect(a.status().newsCount).toBe(0);
    }
  });

  test('whoever sends what is no message loses its connection, and other groups go to others', async () => {
    const net = new Net();
    const heard: unknown[] = [];
    const a = createMembership({ transport: net.transport('a'), clock: net.clock, random: seededRandom(1) });
    await a.start({
      onMessage: (from, message, group) => heard.push([from, [...message], group]),
      onConnect: peer => heard.push(`connect ${peer}`),
      onDisconnect: peer => heard.push(`disconnect ${peer}`),
      onDrain: peer => heard.push(`drain ${peer}`),
    });
    const handlers = net.handlers.get('a') as TransportHandlers;
    handlers.onMessage(nodeId('x'), Uint8Array.of(1, 2), groupId(7));
    handlers.onConnect?.(nodeId('x'));
    handlers.onDisconnect?.(nodeId('x'), undefined);
    handlers.onDrain?.(nodeId('x'));
    expect(heard).toEqual([['x', [1, 2], 7], 'connect x', 'disconnect x', 'drain x']);
    handlers.onMessage(nodeId('x'), Uint8Array.of(99, 1), membershipGroup);
    expect(net.disconnects).toEqual([]); // Of another version, which may be right in all else.
    handlers.onMessage(nodeId('x'), Uint8Array.of(1, 99), membershipGroup);
    const [[peer, cause]] = net.disconnects as [[string, unknown]];
    expect([peer, errorCode(cause)]).toEqual(['x', 'PROTOCOL_VIOLATION']);
    expect(a.status().malformedCount).toBe(2);
  });

  test('members are introduced before anything is sent to them, and an address that cannot be used does no harm', async () => {
    const net = new Net();
    const introduced: string[] = [];
    const peers = {
      addPeer: (id: string, address: string): void => {
        introduced.push(`${id} ${address}`);
        if (address === 'nonsense') throw new RangeError('Address is none');
      },
    };
    const a = await net.member('a', { seeds: [{ id: 'b', address: 'there:1' }], peers });
    expect(introduced).toEqual(['b there:1']);
    await net.member('b', { address: 'here:2' });
    await net.member('c', { address: 'nonsense' });
    net.clock.advance(3000);
    expect(introduced).toContain('b here:2');
    expect(introduced).toContain('c nonsense');
    expect(a.status().refusedAddressCount).toBe(1);
    expect(alive(a)).toEqual(['a', 'b', 'c']);
  });

  test('a member that the transport does not know is as good as silent', async () => {
    const net = new Net();
    const a = await net.member('a');
    await net.member('b');
    net.clock.advance(1000);
    net.unknown = 'b';
    net.clock.advance(20_000);
    expect(a.member('b')?.state).toBe('dead');
  });

  test('a listener that falls behind is told to look again, and it ends with the membership', async () => {
    const net = new Net();
    const a = await net.member('a');
    const slow = a.changes({ signal: new AbortController().signal })[Symbol.asyncIterator]();
    const types: (MemberChange['type'] | 'resync')[] = [];
    const b = await net.member('b');
    for (let value = 0; value < 1100; value++) {
      b.setMeta(Uint8Array.of(value & 255));
      net.clock.advance(100);
    }
    await a[Symbol.asyncDispose]();
    for (let next = await slow.next(); next.done !== true; next = await slow.next())
      types.push(next.value.type);
    expect(types[0]).toBe('resync');
    expect(types.length).toBeLessThan(1024);
    expect(types.slice(1).every(type => type === 'updated')).toBe(true);
  });

  test('a listener ends with its signal, and gets what came before', async () => {
    const net = new Net();
    const a = await net.member('a');
    const ending = new AbortController();
    const changes = a.changes({ signal: ending.signal });
    await net.member('b');
    net.clock.advance(1000);
    ending.abort();
    await net.member('c');
    net.clock.advance(1000);
    const heard: string[] = [];
    for await (const change of changes) heard.push(change.type === 'resync' ? 'resync' : change.member.id);
    for await (const change of a.changes({ signal: ending.signal })) heard.push(change.type);
    expect(heard).toEqual(['b']);
    expect(alive(a)).toEqual(['a', 'b', 'c']);
  });

  test('news after a long silence are not late', async () => {
    const net = new Net();
    const a = await net.member('a');
    const b = await net.member('b');
    for (let value = 0; value < 5; value++) {
      net.clock.advance(60_000);
      (value % 2 === 0 ? a : b).setMeta(Uint8Array.of(value));
    }
    net.clock.advance(1000);
    for (const each of [a, b]) {
      expect(each.status().lateMaxMs).toBeLessThan(1);
      expect(each.status().healthScore).toBe(0);
    }
  });

  test('timers that come late count against itself, not against others', async () => {
    const net = new Net();
    const clock = new StoppableClock(net.clock);
    const a = await net.member('a', { clock });
    for (const id of ['b', 'c']) await net.member(id);
    net.clock.advance(3000);
    expect(a.status()).toMatchObject({ healthScore: 0, lateMaxMs: 0 });
    const heard = listen(a);
    const handlers = net.handlers.get('a') as TransportHandlers;
    const waiting: (() => void)[] = [];
    for (let stop = 0; stop < 5; stop++) {
      // It stands still for longer than any suspicion lasts. Its timers come first then, and what was sent to it after them.
      clock.isStopped = true;
      net.handlers.set('a', {
        onMessage: (from, message, group) => waiting.push(() => handlers.onMessage(from, message, group)),
      });
      net.clock.advance(10_000);
      clock.go();
      for (const deliver of waiting.splice(0)) deliver();
      net.handlers.set('a', handlers);
      expect(a.status().healthScore).toBeGreaterThan(4);
      net.clock.advance(5000 + stop * 37);
    }
    await turns();
    expect(heard.filter(change => change.startsWith('failed'))).toEqual([]);
    expect(a.status().lateMaxMs).toBeGreaterThan(9000);
    expect(alive(a)).toEqual(['a', 'b', 'c']);
  });

  test('after it is disposed of nothing can be asked of it, and waits end', async () => {
    const net = new Net();
    const b = await net.member('b');
    const waiting = b.join().then(() => 'joined', errorCode);
    await b[Symbol.asyncDispose]();
    await b[Symbol.asyncDispose]();
    expect(await waiting).toBe('CLOSED');
    for (const call of [
      () => b.join(),
      () => b.leave(),
      () => b.start(),
      async () => b.setMeta(new Uint8Array(0)),
    ])
      await expect(call()).rejects.toMatchObject({ code: 'CLOSED' });
    net.handlers.get('b')?.onMessage(nodeId('a'), Uint8Array.of(99), membershipGroup);
    expect(net.disconnects).toEqual([]);
  });

  test.each([
    [{ self: 'other' }, 'Member\'s id must be the transport\'s, "a": received "other"'],
    [{ meta: new Uint8Array(513) }, 'Metadata must be at most 512 bytes: received 513'],
    [{ meta: 'text' as never }, 'Metadata must be a Uint8Array: received string'],
    [{ address: 'x'.repeat(256) }, /^Address must be at most 255 characters/],
    [{ seeds: [''] }, 'Node id must not be empty'],
    [
      { tuning: { messageMaxBytes: 100_000 } },
      'Tuning "messageMaxBytes" must be at most the transport\'s, 65536: received 100000',
    ],
  ])('options that are none are refused: %#', (options, message) => {
    const net = new Net();
    expect(() => createMembership({ transport: net.transport('a'), ...options })).toThrow(message);
  });
});
