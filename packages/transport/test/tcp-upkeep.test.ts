import { once } from 'node:events';
import { type AddressInfo, type Socket, createServer } from 'node:net';
import { ManualClock, errorCode, nodeId } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import type { PeerAddress } from '../src/peer-address.ts';
import { FrameKind } from '../src/frame.ts';
import { RawPeer } from './raw-peer.ts';
import { make, started, where } from './tcp-mesh.ts';

const b = nodeId('b');

/** Where raw peers are dialed: `next` is the next of them, however early it came, once it has heard hello. */
async function acceptor(): Promise<AsyncDisposable & { address: string; next(): Promise<RawPeer> }> {
  const server = createServer().listen(0, '127.0.0.1');
  const accepted: RawPeer[] = [];
  server.on('connection', (socket: Socket) => accepted.push(new RawPeer(socket)));
  await once(server, 'listening');
  let taken = 0;
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async next() {
      while (accepted.length === taken) await once(server, 'connection');
      const raw = accepted[taken++] as RawPeer;
      await raw.hears('hello');
      return raw;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      for (const { socket } of accepted) socket.destroy();
      await once(server, 'close');
    },
  };
}

async function turns(count = 30): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(resolve => setImmediate(resolve));
}

describe('heartbeats', () => {
  test('go on after a duplicate of the connection was refused', async () => {
    const limits = { heartbeatMs: 10, silenceMs: 60_000 };
    await using one = make('a', { limits, peers: { b: undefined } });
    const atOne = await started(one);
    // `b` is a peer made by hand: it accepts what `a` dials, and then dials itself as if it had not noticed.
    await using dialed = await acceptor();
    one.addPeer(b, dialed.address);
    const held = await dialed.next();
    held.welcome('b');
    await atOne.until(() => atOne.connected.has(b));
    const second = await RawPeer.connect(one.address as PeerAddress);
    second.hello('b');
    await second.hears('refusal DUPLICATE');
    const beats = (): number => held.heard.filter(kind => kind === 'heartbeat').length;
    const before = beats();
    while (beats() < before + 5) await once(held.socket, 'data');
    expect(atOne.disconnects).toEqual([]);
  });

  test('come as soon as a peer needs them, however slow this node is used to be', async () => {
    const clock = new ManualClock();
    await using one = make('a', {
      clock,
      peers: { b: undefined },
      limits: { heartbeatMs: 10_000, silenceMs: 60_000 },
    });
    const atOne = await started(one);
    const raw = await RawPeer.connect(one.address as PeerAddress);
    raw.hello('b', { silenceMs: 300 });
    await raw.hears('welcome');
    raw.say(FrameKind.ready);
    await atOne.until(() => atOne.connected.has(b));
    for (let step = 0; step < 10; step++) clock.advance(30);
    await turns();
    expect(raw.heard).toContain('heartbeat');
    raw.socket.destroy();
    await one[Symbol.asyncDispose]();
  });
});

describe('a transport', () => {
  test('whose handler disposes of it when a peer is found silent leaves no timer', async () => {
    const clock = new ManualClock();
    const one = make('a', { clock, peers: { b: undefined }, limits: { heartbeatMs: 100, silenceMs: 200 } });
    const atOne = await started(one);
    const tell = atOne.onDisconnect.bind(atOne);
    atOne.onDisconnect = (peer, cause) => {
      void one[Symbol.asyncDispose]();
      tell(peer, cause);
    };
    const raw = await RawPeer.introduced(one.address as PeerAddress, 'b');
    await atOne.until(() => atOne.connected.has(b));
    for (let step = 0; step < 20 && atOne.disconnects.length === 0; step++) clock.advance(50);
    await one[Symbol.asyncDispose]();
    expect(errorCode(atOne.disconnects[0]?.cause)).toBe('PEER_SILENT');
    expect(clock.timerCount).toBe(0);
    await raw.closed();
  });

  test('tells a user who found it full that it drained, also where the kernel took all at once', async () => {
    const limits = { messageMaxBytes: 500, queueMaxBytes: 1000 };
    await using other = make('b', { limits, peers: { a: undefined } });
    await started(other);
    await using one = make('a', { limits, peers: { b: where(other) } });
    const atOne = await started(one);
    await atOne.until(() => atOne.connected.has(b));
    await turns();
    while (one.send(b, new Uint8Array(100)) === 'sent');
    expect(atOne.drained).toEqual([]);
    await turns();
    expect([one.queuedBytes(b), atOne.drained]).toEqual([0, [b]]);
  });

  test('takes no message that is longer than it says, be it as short as an introduction', async () => {
    await using one = make('a', { peers: { b: undefined }, limits: { messageMaxBytes: 100 } });
    const atOne = await started(one);
    const raw = await RawPeer.connect(one.address as PeerAddress);
    raw.hello('b', { messageMaxBytes: 100 });
    await raw.hears('welcome');
    raw.say(FrameKind.ready);
    await atOne.until(() => atOne.connected.has(b));
    raw.say(FrameKind.message, new Uint8Array(101));
    await atOne.until(() => atOne.disconnects.length + atOne.count > 0);
    expect(atOne.messages).toEqual([]);
    expect(errorCode(atOne.disconnects[0]?.cause)).toBe('PROTOCOL_VIOLATION');
  });

  test('keeps few of those that it refuses open while they hear why', async () => {
    await using one = make('a', { limits: { unauthenticatedMax: 4, closeMs: 600_000 } });
    await started(one);
    const raws: RawPeer[] = [];
    for (let count = 0; count < 12; count++) {
      const raw = await RawPeer.connect(one.address as PeerAddress);
      // It hears why, and does not hang up.
      raw.socket.allowHalfOpen = true;
      raw.hello('stranger');
      await raw.hears('refusal');
      raws.push(raw);
    }
    // Whom it let go is told so by the kernel when it writes.
    for (const { socket } of raws.slice(0, 8)) {
      while (!socket.destroyed) {
        socket.write(new Uint8Array(1));
        await turns(1);
      }
    }
    for (const { socket } of raws.slice(8)) socket.write(new Uint8Array(1));
    await turns();
    expect(raws.slice(8).map(({ socket }) => socket.destroyed)).toEqual([false, false, false, false]);
    for (const { socket } of raws) socket.destroy();
  });

  test('has nothing to do with a peer that takes less than may be sent', async () => {
    await using dialed = await acceptor();
    await using one = make('a', { peers: { b: dialed.address } });
    const atOne = await started(one);
    const raw = await dialed.next();
    raw.welcome('b', { messageMaxBytes: 100 });
    await raw.closed();
    const { lastError } = one.status().peers[0] ?? {};
    expect(lastError?.code).toBe('PEER_REJECTED');
    expect(lastError?.message).toContain('limited to 100 bytes, here to 1048576');
    expect(atOne.connected.size).toBe(0);
  });

  test('dials again soon when it ends a connection that has held, however long that took to come up', async () => {
    const clock = new ManualClock();
    await using dialed = await acceptor();
    await using one = make('a', {
      clock,
      peers: { b: dialed.address },
      limits: { backoffMinMs: 1, backoffMaxMs: 1000, silenceMs: 60_000, connectMs: 60_000 },
    });
    const atOne = await started(one);
    for (let attempt = 0; attempt < 20; attempt++) {
      const raw = await dialed.next();
      raw.socket.destroy();
      while (one.status().peers[0]?.state !== 'waiting') await turns(1);
      clock.advance(1000);
    }
    (await dialed.next()).welcome('b');
    await atOne.until(() => atOne.connected.has(b));
    clock.advance(1001);
    one.disconnect(b, new Error('To connect anew'));
    await atOne.until(() => atOne.disconnects.length === 1);
    await turns(1);
    clock.advance(2);
    expect(one.status().peers[0]?.state).toBe('dialing');
    await one[Symbol.asyncDispose]();
  });
});
