import { type NodeId, QuorateError, type TransportHandlers, errorCode, nodeId } from '@quorate/core';
import { createTcpTransport } from '@quorate/transport/tcp';
import { describe, expect, test } from 'vitest';
import { createMembership, membershipGroup, type PeerBook } from '../src/index.ts';
import { Net, alive, turns } from './net.ts';
import { record, written } from './swim/lone-core.ts';

/** A book that keeps what it is told, and knows who listens where. */
class Book implements Required<PeerBook> {
  readonly told: string[] = [];
  readonly listening: Map<string, NodeId> = new Map();
  meetings = 0;

  addPeer(id: NodeId, address: string): void {
    this.told.push(`+${id} ${address}`);
  }

  removePeer(id: NodeId): void {
    this.told.push(`-${id}`);
  }

  async meet(address: string): Promise<NodeId> {
    this.meetings++;
    const id = this.listening.get(address);
    if (id === undefined) throw new QuorateError('CONNECT_FAILED', 'nobody is there');
    return id;
  }
}

async function pass(net: Net, durationMs: number): Promise<void> {
  for (let step = 0; step < 20; step++) {
    net.clock.advance(durationMs / 20);
    await turns();
  }
}

describe('members whose names nobody knew beforehand', () => {
  test('join by the address of one, as soon as somebody listens there', async () => {
    const net = new Net();
    const book = new Book();
    const b = await net.member('b', { seeds: [{ address: 'there:1' }], peers: book });
    const joining = b.join().then(() => 'joined');
    await pass(net, 2000);
    expect(b.status().seedFault).toBe('there:1: nobody is there');
    const a = await net.member('a', { seeds: [], address: 'there:1' });
    book.listening.set('there:1', nodeId('a'));
    await pass(net, 2000);
    expect(await joining).toBe('joined');
    expect([alive(a), alive(b), b.status().seedFault]).toEqual([['a', 'b'], ['a', 'b'], undefined]);
    expect(book.told).toEqual(['+a there:1']);
    const { meetings } = book;
    await pass(net, 20_000);
    expect(book.meetings).toBe(meetings);
    await b[Symbol.asyncDispose]();
    await a[Symbol.asyncDispose]();
    await turns();
    expect(net.clock.timerCount).toBe(0);
  });

  test('find whoever listens there when the first one is gone for good', async () => {
    const net = new Net();
    const book = new Book();
    book.listening.set('there:1', nodeId('a'));
    const b = await net.member('b', { seeds: [{ address: 'there:1' }], peers: book });
    await net.member('a', { seeds: [] });
    await pass(net, 2000);
    expect(alive(b)).toEqual(['a', 'b']);
    net.handlers.delete('a');
    await net.member('c', { seeds: [] });
    book.listening.set('there:1', nodeId('c'));
    await pass(net, 30_000);
    expect(alive(b)).toContain('c');
  });

  test.each([
    ['the address', { address: 'me:1' }],
    ['the name and address', { id: 'alias', address: 'me:1' }],
  ])(
    'are the first where %s of the only seed leads back to itself, and join as soon as it leads to others',
    async (_what, seed) => {
      const net = new Net();
      const book = new Book();
      book.listening.set('me:1', nodeId('a'));
      const a = await net.member('a', { seeds: [seed], peers: book });
      const joining = a.join({ deadlineMs: 5000 }).then(() => 'joined', errorCode);
      await pass(net, 500);
      expect(await joining).toBe('joined');
      expect([alive(a), a.status().seedFault]).toEqual([['a'], 'me:1: leads back to "a" itself']);
      // Rarely from then on: it may be the first for ever.
      const { meetings } = book;
      await pass(net, 10_000);
      expect(book.meetings - meetings).toBeLessThanOrEqual(11);
      // As behind an address that leads to any of several.
      book.listening.set('me:1', nodeId('b'));
      await net.member('b', { seeds: [] });
      await pass(net, 3000);
      expect([alive(a), a.status().seedFault]).toEqual([['a', 'b'], undefined]);
    },
  );

  test('wait for another seed where only one of them is itself', async () => {
    const net = new Net();
    const book = new Book();
    book.listening.set('me:1', nodeId('a'));
    const a = await net.member('a', { seeds: [{ address: 'me:1' }, { address: 'there:1' }], peers: book });
    let outcome = 'waiting';
    void a.join().then(() => {
      outcome = 'joined';
    });
    await pass(net, 5000);
    expect(outcome).toBe('waiting');
    book.listening.set('there:1', nodeId('b'));
    await net.member('b', { seeds: [] });
    await pass(net, 2000);
    expect([outcome, ...alive(a)]).toEqual(['joined', 'a', 'b']);
  });

  test.each([
    ['says that they are its own', 'a'],
    ['says that they are of that name', 'alias'],
  ])('are the first where messages to the only seed come back and the transport %s', async (_what, from) => {
    const net = new Net();
    const a = await net.member('a', { seeds: ['alias'] });
    const handlers = net.handlers.get('a');
    net.handlers.set('alias', {
      onMessage: (_from, message, group) => handlers?.onMessage(nodeId(from), message, group),
    });
    const joining = a.join({ deadlineMs: 5000 }).then(() => 'joined', errorCode);
    await pass(net, 1000);
    expect(await joining).toBe('joined');
    expect(alive(a)).toEqual(['a']);
    await pass(net, 20_000);
    expect(alive(a)).toEqual(['a']);
  });

  test('wait for the others where messages to one of several seeds come back', async () => {
    const net = new Net();
    const a = await net.member('a', { seeds: ['alias', 'b'] });
    const handlers = net.handlers.get('a');
    net.handlers.set('alias', { onMessage: (...message) => handlers?.onMessage(...message) });
    const joining = a.join({ deadlineMs: 5000 }).then(() => 'joined', errorCode);
    await pass(net, 6000);
    expect(await joining).toBe('DEADLINE_EXCEEDED');
  });

  test.each([
    ['no name', undefined],
    ['another name', 'alias'],
  ])('are the first over TCP, too, where the only seed is their own address under %s', async (_what, id) => {
    await using transport = createTcpTransport({
      self: 'a',
      listen: { host: '127.0.0.1', port: 0 },
      admit: () => true,
    });
    const handed: { to?: TransportHandlers } = {};
    await transport.start({ onMessage: (...message) => handed.to?.onMessage(...message) });
    const address = `127.0.0.1:${transport.address?.port}`;
    await using a = createMembership({
      transport,
      seeds: [{ id, address }],
      peers: transport,
      preset: 'local',
    });
    handed.to = a.handlers;
    await a.join();
    expect([alive(a), a.status().seedFault]).toEqual([['a'], `${address}: leads back to "a" itself`]);
  });

  test('are told to the transport under their last address, and given up when they are forgotten; who was named stays', async () => {
    const net = new Net();
    const book = new Book();
    const a = await net.member('a', {
      seeds: [{ id: 's', address: 'seed:1' }],
      peers: book,
      tuning: { deadKeptMs: 1000 },
    });
    const hear = (...records: Parameters<typeof record>[]): void =>
      net.handlers
        .get('a')
        ?.onMessage(
          nodeId('x'),
          written({ type: 'gossip', records: records.map(each => record(...each)) }),
          membershipGroup,
        );
    const details = (address: string, metaVersion: number): object => ({ address, metaVersion });
    hear(['b', 'alive', 1, details('one', 1)], ['s', 'alive', 1, details('seed:2', 1)]);
    hear(['b', 'suspect', 2, { bare: true, life: 8 }]);
    hear(['b', 'alive', 3, { ...details('two', 3), life: 8 }]);
    hear(['b', 'dead', 3, { bare: true, life: 8 }], ['s', 'dead', 1, { bare: true }]);
    await pass(net, 30_000);
    expect([a.member('b'), a.member('s')]).toEqual([undefined, undefined]);
    expect(book.told).toEqual(['+s seed:1', '+b one', '+s seed:2', '+b two', '-b']);
  });

  test('say where they listen once they know', async () => {
    const net = new Net();
    let port = 0;
    const b = await net.member('b', { address: () => `here:${port}` });
    port = 7;
    const a = await net.member('a', { seeds: [] });
    await b.join({ deadlineMs: 0 }).catch(() => {});
    await pass(net, 2000);
    expect(a.member('b')?.address).toBe('here:7');
  });

  test('leave without being asked where they listen, which nobody may know any more', async () => {
    const net = new Net();
    let isOpen = true;
    const address = (): string => {
      if (!isOpen) throw new Error('The transport has no address any more');
      return 'here:1';
    };
    const b = await net.member('b', { seeds: [], address });
    isOpen = false;
    const leaving = b.leave();
    await pass(net, 2000);
    await leaving;
    expect(b.member('b')?.state).toBe('left');
  });

  test.each([
    [{ seeds: [{}] }, 'Seed must have an id or an address: received neither'],
    [{ seeds: [{ address: 'x:1' }] }, 'Seed at "x:1" must have an id, for peers cannot be met'],
    [
      { seeds: [{ address: 'x:1' }], peers: { addPeer: () => {} } },
      'Seed at "x:1" must have an id, for peers cannot be met',
    ],
  ])('seeds that are none are refused: %#', async (options, message) => {
    await expect(new Net().member('a', options)).rejects.toThrow(new TypeError(message));
  });
});
