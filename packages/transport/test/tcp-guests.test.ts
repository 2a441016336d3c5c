import { type AddressInfo, createServer } from 'node:net';

import { errorCode, nodeId } from '@quorate/core';
import { type TcpTransport, createClusterAuthority } from '@quorate/transport/tcp';
import { describe, expect, test } from 'vitest';
import { FrameKind } from '../src/frame.ts';
import type { PeerAddress } from '../src/peer-address.ts';
import { RawPeer } from './raw-peer.ts';
import { make, started, where } from './tcp-mesh.ts';

const [ada, bob, cyd] = [nodeId('ada'), nodeId('bob'), nodeId('cyd')];
const at = (transport: TcpTransport): string => where(transport) as string;

describe('a guest', () => {
  test('is let in where the user says so, speaks and hears as a peer, and is none when its connection is over', async () => {
    const asked: string[] = [];
    await using host = make('ada', { admit: id => asked.push(id) > 0 });
    const hostHears = await started(host);
    const guest = make('bob');
    const guestHears = await started(guest);
    guest.addPeer(ada, at(host));
    await hostHears.until(() => hostHears.connected.has(bob));
    expect(new Set(asked)).toEqual(new Set([bob]));
    await guestHears.until(() => guestHears.connected.has(ada));
    expect(host.send(bob, Uint8Array.of(1))).toBe('sent');
    await guestHears.until(() => guestHears.messages.length === 1);
    expect(host.status().peers.map(({ id }) => id)).toEqual([bob]);
    await guest[Symbol.asyncDispose]();
    await hostHears.until(() => hostHears.disconnects.length === 1);
    expect(host.status().peers).toEqual([]);
    expect(host.send(bob, Uint8Array.of(1))).toBe('disconnected');
  });

  test('that is named stays a peer', async () => {
    await using host = make('ada', { admit: () => true });
    const hostHears = await started(host);
    const guest = make('bob');
    await started(guest);
    guest.addPeer(ada, at(host));
    await hostHears.until(() => hostHears.connected.has(bob));
    host.addPeer(bob, at(guest));
    await guest[Symbol.asyncDispose]();
    await hostHears.until(() => hostHears.disconnects.length === 1);
    expect(host.status().peers.map(({ id }) => id)).toEqual([bob]);
  });

  test('that was named and is given up may come back as a guest, and is gone with its connection then', async () => {
    await using host = make('ada', { admit: () => true });
    const hostHears = await started(host);
    const guest = make('bob');
    await started(guest);
    guest.addPeer(ada, at(host));
    host.addPeer(bob);
    await hostHears.until(() => hostHears.connected.has(bob));
    expect(host.removePeer(bob)).toBe(true);
    await hostHears.until(() => hostHears.disconnects.length === 1 && hostHears.connected.has(bob));
    expect(host.status().peers.map(({ id }) => id)).toEqual([bob]);
    await guest[Symbol.asyncDispose]();
    await hostHears.until(() => hostHears.disconnects.length === 2);
    expect(host.status().peers).toEqual([]);
  });

  test('is one of so many: one more is refused until one of them goes or is named', async () => {
    await using host = make('ada', {
      admit: () => true,
      peers: { dan: undefined },
      limits: { guestsMax: 1 },
    });
    const hostHears = await started(host);
    await using first = make('bob');
    await started(first);
    await using second = make('cyd');
    await started(second);
    const refused = { code: 'PEER_REFUSED', cause: { reason: 'GUEST_LIMIT' }, retryable: true };
    await first.meet(at(host));
    await hostHears.until(() => hostHears.connected.has(bob));
    await expect(second.meet(at(host))).rejects.toMatchObject(refused);
    // Whoever was named is no guest, nor is one of those refused whom this node meets itself.
    await using named = make('dan');
    await started(named);
    await named.meet(at(host));
    await using met = make('eve', { admit: () => true });
    await started(met);
    expect(await host.meet(at(met))).toBe('eve');
    expect(host.removePeer('eve')).toBe(true);
    host.addPeer(bob);
    await second.meet(at(host));
    await hostHears.until(() => hostHears.connected.has(cyd));
    host.disconnect(cyd, new Error('Enough'));
    await hostHears.until(() => !hostHears.connected.has(cyd));
    await using third = make('fay');
    await started(third);
    expect(await third.meet(at(host))).toBe(ada);
  });

  test('that said who it is before the last place was taken is refused all the same', async () => {
    await using host = make('ada', { admit: () => true, limits: { guestsMax: 1 } });
    const hostHears = await started(host);
    const raw = await RawPeer.connect(host.address as PeerAddress);
    raw.hello('bob');
    await raw.hears('welcome');
    await using quick = make('cyd');
    await started(quick);
    await quick.meet(at(host));
    await hostHears.until(() => hostHears.connected.has(cyd));
    raw.say(FrameKind.ready);
    await raw.hears('refusal GUEST_LIMIT');
    expect([...hostHears.connected]).toEqual([cyd]);
  });

  test('is nobody where the user says no, or nothing', async () => {
    for (const admit of [() => false, undefined]) {
      await using host = make('ada', { admit });
      await started(host);
      await using guest = make('bob');
      await started(guest);
      await expect(guest.meet(at(host))).rejects.toMatchObject({
        code: 'PEER_REFUSED',
        cause: { reason: 'UNKNOWN_PEER' },
      });
    }
  });

  test('is not even asked about before it has proved who it is', async () => {
    const authority = createClusterAuthority({ cluster: 'default' });
    const asked: string[] = [];
    await using host = make('ada', { tls: authority.issue(ada), admit: id => asked.push(id) > 0 });
    await started(host);
    const stranger = createClusterAuthority({ cluster: 'default' });
    const { certificatePem, privateKeyPem } = stranger.issue(bob);
    await using forged = make('bob', {
      tls: { certificatePem, privateKeyPem, authorityPem: authority.certificatePem },
    });
    await started(forged);
    await expect(forged.meet(at(host))).rejects.toMatchObject({ retryable: true });
    expect(asked).toEqual([]);
    await using genuine = make('bob', { tls: authority.issue(bob) });
    await started(genuine);
    expect(await genuine.meet(at(host))).toBe(ada);
    expect(new Set(asked)).toEqual(new Set([bob]));
  });
});

describe('meeting', () => {
  test('says who listens there, and connects to it once', async () => {
    await using host = make('ada', { admit: () => true });
    const hostHears = await started(host);
    await using guest = make('bob');
    await started(guest);
    expect(await guest.meet(at(host))).toBe(ada);
    expect(guest.send(ada, Uint8Array.of(7))).toBe('sent');
    await hostHears.until(() => hostHears.messages.length === 1);
    expect(await guest.meet(at(host))).toBe(ada);
    expect([hostHears.faults, hostHears.disconnects]).toEqual([[], []]);
  });

  test('says who listens there also where that one has connected to here, and only the address was not known', async () => {
    for (const [here, there] of [
      [ada, bob],
      [bob, ada],
    ] as const) {
      await using host = make(there, { admit: () => true });
      const hostHears = await started(host);
      await using guest = make(here, { admit: () => true });
      const guestHears = await started(guest);
      host.addPeer(here, at(guest));
      await guestHears.until(() => guestHears.connected.has(there));
      await hostHears.until(() => hostHears.connected.has(here));
      expect(await guest.meet(at(host))).toBe(there);
      const { length } = guestHears.disconnects;
      expect(await guest.meet(at(host))).toBe(there);
      expect(guestHears.disconnects).toHaveLength(length);
    }
  });

  test('believes nobody who says to be this node', async () => {
    const raws: RawPeer[] = [];
    const poser = createServer(socket => {
      const raw = new RawPeer(socket);
      raws.push(raw);
      raw.hears('hello').then(
        () => raw.welcome('bob'),
        () => {},
      );
    });
    await new Promise<void>(resolve => poser.listen(0, '127.0.0.1', resolve));
    await using guest = make('bob');
    await started(guest);
    const met = guest.meet(`127.0.0.1:${(poser.address() as AddressInfo).port}`);
    await expect(met).rejects.toMatchObject({ code: 'PEER_REJECTED' });
    expect(guest.status().peers).toEqual([]);
    for (const raw of raws) raw.socket.destroy();
    await new Promise(resolve => poser.close(resolve));
  });

  test('holds whoever answers to its certificate, where there are any', async () => {
    const [ours, theirs] = [
      createClusterAuthority({ cluster: 'default' }),
      createClusterAuthority({ cluster: 'default' }),
    ];
    await using host = make('ada', { tls: theirs.issue(ada), admit: () => true });
    await started(host);
    await using guest = make('bob', { tls: ours.issue(bob) });
    await started(guest);
    await expect(guest.meet(at(host))).rejects.toMatchObject({ code: 'CONNECT_FAILED' });
    expect(guest.status().peers).toEqual([]);
  });

  test('finds itself, and fails where nobody answers, by its signal and deadline, and when the transport ends', async () => {
    const silent = createServer(socket => socket.on('error', () => {}).resume());
    await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve));
    const silentAt = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const guest = make('bob');
    await expect(guest.meet(silentAt)).rejects.toMatchObject({ code: 'CLOSED' });
    await started(guest);
    await expect(guest.meet('127.0.0.1:1')).rejects.toMatchObject({ code: 'CONNECT_FAILED' });
    expect([await guest.meet(at(guest)), guest.status().peers]).toEqual([bob, []]);
    await expect(guest.meet('nonsense')).rejects.toThrow(RangeError);
    await expect(guest.meet('10.0.0.1:1')).rejects.toMatchObject({ code: 'TLS_REQUIRED' });
    await expect(guest.meet(silentAt, { deadlineMs: 20 })).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    });
    const ending = new AbortController();
    const given = guest.meet(silentAt, { signal: ending.signal }).then(() => 'met', errorCode);
    ending.abort();
    expect(await given).toBe('ABORTED');
    const closing = guest.meet(silentAt).then(() => 'met', errorCode);
    await guest[Symbol.asyncDispose]();
    expect(await closing).toBe('CLOSED');
    await new Promise(resolve => silent.close(resolve));
  });
});
