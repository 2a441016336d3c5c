import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type SecureContextOptions } from 'node:tls';
import type { OpenLine } from './line.ts';
import { startPeer } from './peer-thread.ts';
import { type Corking, PlainSocket } from './plain-socket.ts';
import { newCredentials } from './tcp-line.ts';

/** How the server in the other thread is started. */
export interface NetPeerOrder {
  readonly tls: SecureContextOptions | undefined;
  readonly corking: Corking;
}

/** Messages on a bare socket of Node's, or one with mutual TLS: the version, cipher and certificates that ours has. */
export function netLine(encrypted: boolean, corking: Corking): OpenLine {
  return async hear => {
    const credentials = encrypted ? newCredentials() : undefined;
    const order: NetPeerOrder = { tls: optionsOf(credentials?.peer), corking };
    const thread = await startPeer<number>('net-peer.ts', order);
    const where = { host: '127.0.0.1', port: thread.answer };
    const tls = optionsOf(credentials?.main);
    const socket: Socket =
      tls === undefined
        ? connect(where)
        : connectTls({ ...where, ...tls, checkServerIdentity: () => undefined });
    await once(socket, tls === undefined ? 'connect' : 'secureConnect');
    const plain = new PlainSocket(socket, corking, message => hear(message));
    return {
      send: message => plain.send(message),
      async close() {
        const closed = once(socket, 'close');
        socket.destroy();
        await closed;
        await thread.end();
      },
    };
  };
}

function optionsOf(
  credentials: ReturnType<typeof newCredentials>['main'] | undefined,
): SecureContextOptions | undefined {
  if (credentials === undefined) return undefined;
  const { certificatePem: cert, privateKeyPem: key, authorityPem } = credentials;
  const ca = typeof authorityPem === 'string' ? authorityPem : [...authorityPem];
  return { cert, key, ca, ciphers: 'TLS_AES_128_GCM_SHA256', minVersion: 'TLSv1.3' };
}
