import { type AddressInfo, createServer } from 'node:net';

import { errorCode, nodeId } from '@quorate/core';
import { type TcpTransport, createClusterAuthority } from '@quorate/transport/tcp';
import { describe, expect, test } from 'vitest';
import { make, started, where } from './tcp-mesh.ts';

const [ada, bob] = [nodeId('ada'), nodeId('bob')];
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

  test('fails where nobody answers, with itself, by its signal and deadline, and when the transport ends', async () => {
    const silent = createServer(socket => socket.on('error', () => {}).resume());
    await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve));
    const silentAt = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const guest = make('bob');
    await expect(guest.meet(silentAt)).rejects.toMatchObject({ code: 'CLOSED' });
    await started(guest);
    await expect(guest.meet('127.0.0.1:1')).rejects.toMatchObject({ code: 'CONNECT_FAILED' });
    await expect(guest.meet(at(guest))).rejects.toMatchObject({ cause: { reason: 'WRONG_NODE' } });
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
