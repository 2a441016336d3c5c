import { once } from 'node:events';
import { createServer } from 'node:net';
import { ManualClock, errorCode, nodeId, seededRandom } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import type { PeerAddress } from '../src/peer-address.ts';
import { FrameKind } from '../src/frame.ts';
import { type TcpTransport, type TcpTransportOptions, createTcpTransport } from '../src/tcp.ts';
import { RawPeer } from './raw-peer.ts';
import { Recorder } from './recorder.ts';
import { testLimits, where } from './tcp-mesh.ts';

const b = nodeId('b');

function make(self: string, options: Partial<TcpTransportOptions> = {}): TcpTransport {
  const { limits, ...rest } = options;
  return createTcpTransport({
    self,
    listen: { host: '127.0.0.1', port: 0 },
    random: seededRandom(self),
    limits: { ...testLimits, ...limits },
    ...rest,
  });
}

async function started(transport: TcpTransport): Promise<Recorder> {
  const recorder = new Recorder();
  await transport.start(recorder);
  return recorder;
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
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const accepted = once(server, 'connection');
    one.addPeer(b, `127.0.0.1:${port}`);
    const held = new RawPeer((await accepted)[0]);
    await held.hears('hello');
    held.welcome('b');
    await atOne.until(() => atOne.connected.has(b));
    const second = await RawPeer.connect(one.address as PeerAddress);
    second.hello('b');
    await second.hears('refusal DUPLICATE');
    const beats = (): number => held.heard.filter(kind => kind === 'heartbeat').length;
    const before = beats();
    while (beats() < before + 5) await once(held.socket, 'data');
    expect(atOne.disconnects).toEqual([]);
    held.socket.destroy();
    server.close();
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
});
