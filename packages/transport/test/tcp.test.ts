import { type AddressInfo, createServer } from 'node:net';
import { once } from 'node:events';
import { ManualClock, QuorateError, errorCode, nodeId, seededRandom } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { FrameKind } from '../src/frame.ts';
import type { TcpTransport, TcpTransportOptions } from '../src/tcp.ts';
import type { PeerAddress } from '../src/peer-address.ts';
import { openProxy } from './link-proxy.ts';
import { RawPeer } from './raw-peer.ts';
import type { Recorder } from './recorder.ts';
import { make, started, where } from './tcp-mesh.ts';

const [a, b] = [nodeId('a'), nodeId('b')];

function addressOf(transport: TcpTransport): PeerAddress {
  return transport.address as PeerAddress;
}

/** Exchanges a message each way over whatever connection there is, as often as it takes until both have one and the same. */
async function settled(
  one: TcpTransport,
  other: TcpTransport,
  atOne: Recorder,
  atOther: Recorder,
): Promise<string> {
  for (;;) {
    await atOne.until(() => atOne.connected.has(other.self));
    await atOther.until(() => atOther.connected.has(one.self));
    const [before, lost] = [atOther.count, atOne.disconnects.length];
    if (one.send(other.self, Uint8Array.of(1)) !== 'sent') continue;
    await Promise.race([
      atOther.until(() => atOther.count > before),
      atOne.until(() => atOne.disconnects.length > lost),
    ]);
    const dialers = [one.status().peers[0]?.dialer, other.status().peers[0]?.dialer];
    if (atOther.count > before && dialers[0] === dialers[1]) return dialers[0] ?? '';
  }
}

describe('connections', () => {
  test('of two nodes that dial at once become one, and both ends agree which', async () => {
    for (let round = 0; round < 20; round++) {
      await using one = make('a', {
        random: seededRandom(`a ${round}`),
        limits: { backoffMinMs: 1, backoffMaxMs: 1 },
      });
      await using other = make('b', {
        random: seededRandom(`b ${round}`),
        limits: { backoffMinMs: 1, backoffMaxMs: 1 },
      });
      const [atOne, atOther] = [await started(one), await started(other)];
      one.addPeer(b, where(other));
      other.addPeer(a, where(one));
      expect(['a', 'b']).toContain(await settled(one, other, atOne, atOther));
      await until(() => one.status().undecidedCount + other.status().undecidedCount === 0);
      expect([atOne.faults, atOther.faults]).toEqual([[], []]);
    }
  });

  test('that cross are decided for the smaller id, at the acceptor', async () => {
    await using one = make('b', { peers: { a: undefined, c: undefined } });
    const atOne = await started(one);
    const first = await RawPeer.introduced(addressOf(one), 'a');
    await atOne.until(() => atOne.connected.has(a));
    // The same life of `a` dials again: it knows that the first is over.
    const second = await RawPeer.introduced(addressOf(one), 'a');
    await first.closed();
    await atOne.until(() => atOne.disconnects.length === 1);
    expect(errorCode(atOne.disconnects[0]?.cause)).toBe('CONNECTION_SUPERSEDED');
    second.say(FrameKind.message, Uint8Array.of(5));
    await atOne.until(() => atOne.count === 1);
    second.socket.destroy();
  });

  test('a duplicate of a connection that the smaller id dialed is refused', async () => {
    await using other = make('b');
    await using one = make('a');
    const [atOne, atOther] = [await started(one), await started(other)];
    other.addPeer(a);
    one.addPeer(b, where(other));
    await atOne.until(() => atOne.connected.has(b));
    await atOther.until(() => atOther.connected.has(a));
    const raw = await RawPeer.connect(addressOf(one));
    // Posing as the same life of `b`, as a second dial of it would.
    const incarnation = (await sniffIncarnation(other)) ?? '';
    raw.hello('b', { incarnation });
    await raw.hears('refusal DUPLICATE');
    expect(one.status().peers[0]?.state).toBe('connected');
    await raw.closed();
  });

  test('come back when a peer is started again on its port', async () => {
    await using one = make('a');
    const atOne = await started(one);
    let other = make('b', { peers: { a: undefined } });
    await started(other);
    const address = addressOf(other);
    one.addPeer(b, where(other));
    for (let life = 1; life <= 3; life++) {
      await atOne.until(() => atOne.connected.has(b));
      await other[Symbol.asyncDispose]();
      await atOne.until(() => atOne.disconnects.length === life);
      other = make('b', { peers: { a: undefined }, listen: address });
      await started(other);
    }
    await atOne.until(() => atOne.connected.has(b));
    expect(one.status().peers[0]?.reconnectCount).toBe(3);
    await other[Symbol.asyncDispose]();
  });

  test('that went silent without a word are noticed by both ends, and made anew', async () => {
    const limits = { heartbeatMs: 20, silenceMs: 150, backoffMinMs: 2, backoffMaxMs: 20 };
    await using one = make('a', { limits });
    await using other = make('b', { peers: { a: undefined }, limits });
    const [atOne, atOther] = [await started(one), await started(other)];
    await using proxy = await openProxy(addressOf(other));
    one.addPeer(b, proxy.address);
    await atOne.until(() => atOne.connected.has(b));
    await atOther.until(() => atOther.connected.has(a));
    proxy.silence();
    await atOne.until(() => atOne.disconnects.length > 0);
    await atOther.until(() => atOther.disconnects.length > 0);
    // Who notices first hangs up, and the proxy tells the other.
    const codes = [atOne, atOther].map(({ disconnects }) => errorCode(disconnects[0]?.cause));
    expect(codes).toContain('PEER_SILENT');
    await atOne.until(() => atOne.connected.has(b));
    expect(one.status().peers[0]?.reconnectCount).toBeGreaterThan(0);
  });

  test('idle ones live as long as heartbeats come', async () => {
    const limits = { heartbeatMs: 10, silenceMs: 200 };
    await using one = make('a', { limits, peers: { b: undefined } });
    const atOne = await started(one);
    const raw = await RawPeer.connect(addressOf(one));
    raw.hello('b', { silenceMs: 30 });
    await raw.hears('welcome');
    raw.say(FrameKind.ready);
    for (let beat = 0; beat < 30; beat++) {
      const before = raw.heard.length;
      await once(raw.socket, 'data');
      expect(raw.heard.length).toBeGreaterThan(before);
      raw.say(FrameKind.heartbeat);
    }
    expect(new Set(raw.heard)).toEqual(new Set(['welcome', 'heartbeat']));
    expect(atOne.disconnects).toEqual([]);
    await atOne.until(() => atOne.disconnects.length === 1); // And no longer than that.
    expect(errorCode(atOne.disconnects[0]?.cause)).toBe('PEER_SILENT');
    raw.socket.destroy();
  });

  test('100 peers of one node', async () => {
    await using hub = make('hub');
    const atHub = await started(hub);
    const names = Array.from({ length: 100 }, (_, index) => `n${index}`);
    const peers = names.map(name => make(name));
    const recorders = await Promise.all(peers.map(started));
    for (const [index, peer] of peers.entries()) {
      hub.addPeer(peer.self, index % 2 === 0 ? where(peer) : undefined);
      peer.addPeer(hub.self, index % 2 === 0 ? undefined : where(hub));
    }
    await atHub.until(() => atHub.connected.size === 100);
    for (const [index, recorder] of recorders.entries()) {
      const peer = peers[index] as TcpTransport;
      await recorder.until(() => recorder.connected.has(hub.self));
      peer.send(hub.self, Uint8Array.of(index));
    }
    await atHub.until(() => atHub.count === 100);
    for (const peer of peers) hub.send(peer.self, Uint8Array.of(1));
    await Promise.all(recorders.map(recorder => recorder.until(() => recorder.count === 1)));
    await Promise.all(peers.map(peer => peer[Symbol.asyncDispose]()));
    await atHub.until(() => atHub.connected.size === 0);
    expect(atHub.faults).toEqual([]);
  });

  test('that cannot be made are tried again only as time goes by', async () => {
    const clock = new ManualClock();
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    closed.close();
    await once(closed, 'close');
    await using one = make('a', {
      clock,
      peers: { b: `127.0.0.1:${port}` },
      limits: { backoffMinMs: 100, backoffMaxMs: 1000 },
    });
    await started(one);
    const failures = (): number => one.status().peers[0]?.failureCount ?? 0;
    for (let attempt = 1; attempt <= 8; attempt++) {
      await until(() => failures() === attempt);
      expect(one.status().peers[0]?.lastError?.code).toBe('CONNECT_FAILED');
      clock.advance(99);
      for (let turn = 0; turn < 20; turn++) await new Promise(resolve => setImmediate(resolve));
      expect([failures(), one.status().peers[0]?.state]).toEqual([attempt, 'waiting']);
      clock.advance(901);
    }
    await one[Symbol.asyncDispose]();
    expect(clock.timerCount).toBe(0);
  });

  test('over IPv6', async ctx => {
    const probe = createServer();
    const available = await new Promise<boolean>(resolve => {
      probe.once('error', () => resolve(false)).listen(0, '::1', () => resolve(true));
    });
    probe.close();
    ctx.skip(!available, 'needs an IPv6 loopback interface');
    await using one = make('a', { listen: { host: '::1', port: 0 } });
    await using other = make('b', { listen: { host: '::1', port: 0 }, peers: { a: undefined } });
    const atOne = await started(one);
    await started(other);
    one.addPeer(b, where(other));
    await atOne.until(() => atOne.connected.has(b));
    expect(one.status().listening).toMatch(/^\[::1\]:\d+$/);
  });
});

/** The incarnation that a node tells whoever introduces itself. */
async function sniffIncarnation(node: TcpTransport): Promise<string | undefined> {
  node.addPeer('sniffer');
  const raw = await RawPeer.connect(addressOf(node));
  const chunk = once(raw.socket, 'data');
  raw.hello('sniffer');
  const [bytes] = (await chunk) as [Buffer];
  raw.socket.destroy();
  node.removePeer('sniffer');
  return bytes.subarray(20 + 12, 20 + 28).toString('hex');
}

describe('who is let in', () => {
  test.each([
    ['another cluster', 'b', { cluster: 'other' }, 'WRONG_CLUSTER'],
    ['another version of the protocol', 'b', { protocol: 2 }, 'PROTOCOL_VERSION'],
    ['a stranger', 'mallory', {}, 'UNKNOWN_PEER'],
    ['the node itself', 'a', {}, 'WRONG_NODE'],
    ['a peer that takes less than may be sent', 'b', { messageMaxBytes: 100 }, 'MESSAGE_LIMIT'],
  ])('not %s', async (_name, name, changes, reason) => {
    await using one = make('a', { peers: { b: undefined } });
    const atOne = await started(one);
    const raw = await RawPeer.connect(addressOf(one));
    raw.hello(name, changes);
    await raw.hears(`refusal ${reason}`);
    await raw.closed();
    const { lastRefusal, refusedCount } = one.status();
    expect([refusedCount, lastRefusal?.code]).toEqual([1, 'PEER_REJECTED']);
    expect(lastRefusal?.message).toContain(reason);
    expect(atOne.connected.size).toBe(0);
  });

  test('a dialer learns why it is refused, and that it reached somebody else', async () => {
    await using one = make('a');
    await using other = make('b');
    await started(one);
    await started(other);
    one.addPeer(b, where(other));
    await until(() => one.status().peers[0]?.lastError?.code === 'PEER_REFUSED');
    expect(one.status().peers[0]?.lastError?.message).toContain('UNKNOWN_PEER');
    other.addPeer(a);
    one.removePeer(b);
    one.addPeer('c', where(other));
    await until(() => one.status().peers[0]?.lastError?.code === 'PEER_REJECTED');
    expect(one.status().peers[0]?.lastError?.message).toBe('What answered for "c" is not it: it is "b"');
  });

  test('nobody who says nothing', async () => {
    await using one = make('a', { limits: { helloMs: 30 } });
    await started(one);
    const raw = await RawPeer.connect(addressOf(one));
    await raw.closed();
    expect(one.status().lastRefusal?.message).toContain('did not say who it is within 30 ms');
  });

  test('nobody who says hello and then nothing more', async () => {
    await using one = make('a', { peers: { b: undefined }, limits: { helloMs: 30 } });
    const atOne = await started(one);
    const raw = await RawPeer.connect(addressOf(one));
    raw.hello('b');
    await raw.hears('welcome');
    await raw.closed();
    expect(atOne.connected.size).toBe(0);
  });

  test('of too many who are undecided the oldest goes', async () => {
    await using one = make('a', { peers: { b: undefined }, limits: { unauthenticatedMax: 3 } });
    const atOne = await started(one);
    const idle = [];
    for (let index = 0; index < 3; index++) idle.push(await RawPeer.connect(addressOf(one)));
    await until(() => one.status().undecidedCount === 3);
    const raw = await RawPeer.introduced(addressOf(one), 'b');
    await atOne.until(() => atOne.connected.has(b));
    await idle[0]?.closed();
    expect(one.status().undecidedCount).toBe(2);
    for (const { socket } of [...idle, raw]) socket.destroy();
  });

  test.each<[string, (raw: RawPeer) => void]>([
    ['a message first', raw => raw.say(FrameKind.message, new Uint8Array(10))],
    ['ready first', raw => raw.say(FrameKind.ready)],
    ['a hello that is too long', raw => raw.say(FrameKind.hello, new Uint8Array(5000))],
    ['a hello that is none', raw => raw.say(FrameKind.hello, new Uint8Array(50))],
    ['hello twice', raw => (raw.hello('b'), raw.hello('b'))],
    ['a message before ready', raw => (raw.hello('b'), raw.say(FrameKind.message))],
    ['HTTP', raw => raw.socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')],
  ])('nobody who sends %s', async (_name, speak) => {
    await using one = make('a', { peers: { b: undefined } });
    const atOne = await started(one);
    const raw = await RawPeer.connect(addressOf(one));
    speak(raw);
    await raw.closed();
    expect([atOne.connected.size, one.status().refusedCount]).toEqual([0, 1]);
  });
});

/** Looks each turn until the condition holds. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setImmediate(resolve));
}

describe('a connected peer', () => {
  test.each<[string, (raw: RawPeer) => void, string]>([
    ['breaks the protocol', raw => raw.socket.write(new Uint8Array(40)), 'PROTOCOL_VIOLATION'],
    ['repeats a frame', raw => (raw.sequence--, raw.say(FrameKind.heartbeat)), 'PROTOCOL_VIOLATION'],
    ['says hello again', raw => raw.hello('b'), 'PROTOCOL_VIOLATION'],
    [
      'sends a message above the limit',
      raw => raw.say(FrameKind.message, new Uint8Array(2 << 20)),
      'PROTOCOL_VIOLATION',
    ],
    ['hangs up', raw => raw.socket.destroy(), 'CONNECTION_LOST'],
  ])('that %s loses its connection, and nothing else happens', async (_name, act, code) => {
    await using one = make('a', { peers: { b: undefined } });
    const atOne = await started(one);
    const raw = await RawPeer.introduced(addressOf(one), 'b');
    await atOne.until(() => atOne.connected.has(b));
    act(raw);
    await atOne.until(() => atOne.disconnects.length === 1);
    expect(errorCode(atOne.disconnects[0]?.cause)).toBe(code);
    await raw.closed();
    expect(atOne.messages).toEqual([]);
  });

  test('that does not read costs its connection, after what was sent filled the queue', async () => {
    await using one = make('a', {
      peers: { b: undefined },
      limits: { stallMs: 60, heartbeatMs: 20, silenceMs: 60_000 },
    });
    const atOne = await started(one);
    const raw = await RawPeer.introduced(addressOf(one), 'b');
    await atOne.until(() => atOne.connected.has(b));
    raw.socket.pause();
    const message = new Uint8Array(65_536);
    while (one.send(b, message) === 'sent') expect(one.queuedBytes(b)).toBeLessThanOrEqual(0x40_0000);
    await atOne.until(() => atOne.disconnects.length === 1);
    expect(errorCode(atOne.disconnects[0]?.cause)).toBe('SLOW_READER');
    expect(one.queuedBytes(b)).toBe(0);
    raw.socket.destroy();
  });

  test('that is removed is told so and may not come back', async () => {
    await using one = make('a', { peers: { b: undefined } });
    const atOne = await started(one);
    const raw = await RawPeer.introduced(addressOf(one), 'b');
    await atOne.until(() => atOne.connected.has(b));
    expect(one.removePeer('b')).toBe(true);
    expect([one.send(b, Uint8Array.of(1)), atOne.disconnects.length]).toEqual(['disconnected', 0]);
    await raw.hears('goodbye UNKNOWN_PEER');
    await atOne.until(() => atOne.disconnects.length === 1);
    expect(one.removePeer('b')).toBe(false);
    const again = await RawPeer.connect(addressOf(one));
    again.hello('b');
    await again.hears('refusal UNKNOWN_PEER');
  });
});

describe('starting and ending', () => {
  test('beyond the loopback interface it will not go without TLS, unless told to', async () => {
    const code = (options: Partial<TcpTransportOptions>): string | undefined => {
      try {
        make('a', options);
        return undefined;
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(QuorateError);
        return errorCode(thrown);
      }
    };
    expect(code({ listen: { host: '0.0.0.0', port: 0 } })).toBe('TLS_REQUIRED');
    expect(code({ peers: { b: '192.0.2.1:7000' } })).toBe('TLS_REQUIRED');
    expect(
      code({ listen: { host: '0.0.0.0', port: 0 }, peers: { b: '192.0.2.1:7000' }, insecure: true }),
    ).toBeUndefined();
    expect(code({ peers: { b: 'localhost:7000' } })).toBeUndefined();
    await using one = make('a');
    expect(() => one.addPeer('b', '192.0.2.1:7000')).toThrow(
      'Will not connect to "b" at 192.0.2.1 without TLS',
    );
    expect(one.status().peers).toEqual([]);
  });

  test('a port that is taken is LISTEN_FAILED, and leaves nothing behind', async () => {
    await using one = make('a');
    await started(one);
    await using other = make('b', { listen: addressOf(one) });
    await expect(started(other)).rejects.toMatchObject({ code: 'LISTEN_FAILED', outcome: 'not-applied' });
  });

  test('an abort disposes of it', async () => {
    const controller = new AbortController();
    const one = make('a', { peers: { b: undefined }, signal: controller.signal });
    const atOne = await started(one);
    const raw = await RawPeer.introduced(addressOf(one), 'b');
    await atOne.until(() => atOne.connected.has(b));
    controller.abort();
    await raw.hears('goodbye CLOSING');
    await raw.closed();
    await one[Symbol.asyncDispose]();
    const early = make('a', { signal: controller.signal });
    await expect(started(early)).rejects.toMatchObject({ code: 'ABORTED' });
  });

  test('disposed of while it starts, it does not listen after all', async () => {
    const one = make('a', { listen: { host: 'localhost', port: 0 } });
    const start = started(one);
    await one[Symbol.asyncDispose]();
    await expect(start).rejects.toMatchObject({ code: 'CLOSED' });
    expect(one.address).toBeUndefined();
  });

  test('who says nothing cannot hold up its end', async () => {
    const one = make('a', { peers: { b: undefined }, limits: { closeMs: 30 } });
    const atOne = await started(one);
    const [idle, raw] = [
      await RawPeer.connect(addressOf(one)),
      await RawPeer.introduced(addressOf(one), 'b'),
    ];
    await atOne.until(() => atOne.connected.has(b));
    raw.socket.pause();
    while (one.send(b, new Uint8Array(65_536)) === 'sent');
    await one[Symbol.asyncDispose]();
    await idle.closed();
    expect(one.status().undecidedCount).toBe(0);
    raw.socket.destroy();
  });

  test('options that are none are refused', () => {
    expect(() => make('')).toThrow(RangeError);
    expect(() => make('a', { peers: { a: 'localhost:1' } })).toThrow(
      'Peer must be another node: received "a"',
    );
    expect(() => make('a', { peers: { b: 'nowhere' } })).toThrow('received "nowhere"');
    expect(() => make('a', { limits: { silenceMs: 10 } })).toThrow(
      'Silence limit in ms must be an integer from 2000',
    );
    expect(() => make('a', { limits: { heartbeatMs: 1, silenceMs: 14 } })).toThrow(
      'Silence limit in ms must be an integer from 15',
    );
    expect(() => make('a', { limits: { queueMaxBytes: 10 } })).toThrow('Queue limit in bytes');
    expect(() => make('a', { listen: { host: '127.0.0.1', port: 65_536 } })).toThrow(
      'Port to listen on must be an integer from 0 to 65535: received 65536',
    );
  });
});
